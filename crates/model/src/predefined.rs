//! The predefined roles: the same in every organization, read-only.

use crate::error::Result;
use crate::grants::Grants;
use crate::permission::ResourceType;
use crate::role::Level;

/// A predefined role before it becomes a row of an organization.
#[derive(Debug)]
pub struct Predefined {
    /// Its level.
    pub level: Level,
    /// Its name, as the wire knows it.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Patterns; `G` stands for the global types of a workspace, `N` for its project-scoped ones.
    patterns: &'static [&'static str],
}

/// The role that makes a principal an administrator of an organization.
pub const ORGANIZATION_ADMIN: &str = "Organization Admin";
/// The least role in an organization.
pub const ORGANIZATION_MEMBER: &str = "Organization Member";
/// The role that makes a principal an administrator of a workspace.
pub const WORKSPACE_ADMIN: &str = "Workspace Admin";
/// The role that a workspace member gets when none is named.
pub const WORKSPACE_VIEWER: &str = "Workspace Viewer";
/// The role that the creator of a project gets.
pub const PROJECT_ADMIN: &str = "Project Admin";
/// The role that a project member gets when none is named.
pub const PROJECT_VIEWER: &str = "Project Viewer";

const VIEW_ORGANIZATION: &[&str] = &[
    "organization:read",
    "member:read",
    "invitation:read",
    "team:read",
    "role:read",
    "role_assignment:read",
    "service_account:read",
    "api_key:read",
    "usage:read",
    "workspace:read",
    // To connect to every workspace and see its default stack, without any right inside.
    "workspace:client",
];

/// All predefined roles.
pub const ROLES: &[Predefined] = &[
    Predefined {
        level: Level::Organization,
        name: ORGANIZATION_ADMIN,
        description: "Everything in the organization and in all of its workspaces and projects.",
        patterns: &["*:*"],
    },
    Predefined {
        level: Level::Organization,
        name: "Organization Manager",
        description: "Creates and views organization resources and changes most settings; no billing, no access \
                      to workspaces.",
        patterns: &[
            "organization:read,update",
            "member:create,read",
            "invitation:create,read,delete",
            "team:create,read,update",
            "role:create,read",
            "role_assignment:create,read,delete",
            "service_account:create,read,update",
            "api_key:create,read,update",
            "usage:read",
            "workspace:create,read",
        ],
    },
    Predefined {
        level: Level::Organization,
        name: "Organization Viewer",
        description: "Views organization resources and connects to every workspace, without rights inside.",
        patterns: VIEW_ORGANIZATION,
    },
    Predefined {
        level: Level::Organization,
        name: "Billing Admin",
        description: "Views and changes billing.",
        patterns: &["organization:read", "usage:read", "billing:read,update"],
    },
    Predefined {
        level: Level::Organization,
        name: ORGANIZATION_MEMBER,
        description: "Belongs to the organization; sees only the workspaces it is granted.",
        patterns: &["organization:read", "member:read", "team:read", "role:read"],
    },
    Predefined {
        level: Level::Workspace,
        name: WORKSPACE_ADMIN,
        description: "Everything in the workspace: settings, members, projects and all stacks.",
        patterns: &["*:*"],
    },
    Predefined {
        level: Level::Workspace,
        name: "Workspace Developer",
        description: "Creates and views in the workspace and all of its projects; updates stacks of others.",
        patterns: &[
            "workspace:read",
            "member:read",
            "flavor,secret,service_connector,stack,stack_component,tag,project:create,read",
            "service_account:read",
            "stack,stack_component:update",
            "service_connector:client",
            "N:create,read",
        ],
    },
    Predefined {
        level: Level::Workspace,
        name: "Workspace Contributor",
        description: "Creates resources and works with its own; sees nothing of others, no projects.",
        patterns: &["workspace:read", "flavor,secret,service_connector,stack,stack_component,tag:create"],
    },
    Predefined {
        level: Level::Workspace,
        name: WORKSPACE_VIEWER,
        description: "Reads the workspace, its stacks and all projects; no secret values.",
        patterns: &["workspace:read", "member:read", "G:read", "N:read"],
    },
    Predefined {
        level: Level::Workspace,
        name: "Stack Admin",
        description: "Everything on stacks, components and service connectors; no projects.",
        patterns: &[
            "workspace:read",
            "stack,stack_component,service_connector:create,read,update,delete,share",
            "service_connector:client",
            "flavor:read",
        ],
    },
    Predefined {
        level: Level::Project,
        name: PROJECT_ADMIN,
        description: "Everything in the project, its members and settings included.",
        patterns: &["N:*", "project:read,update,delete,share", "member,role_assignment:*"],
    },
    Predefined {
        level: Level::Project,
        name: "Project Developer",
        description: "Creates and views in the project; works with pipelines, artifacts and models.",
        patterns: &[
            "N:create,read",
            "pipeline,pipeline_run,artifact,artifact_version,model,model_version:update",
            "project:read",
        ],
    },
    Predefined {
        level: Level::Project,
        name: "Project Contributor",
        description: "Creates in the project; does not touch what exists.",
        patterns: &["N:create", "project:read"],
    },
    Predefined {
        level: Level::Project,
        name: PROJECT_VIEWER,
        description: "Reads the project.",
        patterns: &["N:read", "project:read"],
    },
];

impl Predefined {
    /// What the role grants.
    pub fn grants(&self) -> Result<Grants> {
        let mut patterns = Vec::new();
        for line in self.patterns {
            let (types, actions) = line.split_once(':').unwrap_or((line, "*"));
            let types: Vec<&str> = types.split(',').flat_map(types_of).collect();
            for action in actions.split(',') {
                patterns.extend(types.iter().map(|kind| format!("{kind}:{action}")));
            }
        }
        Grants::parse("permissions", patterns.iter().map(String::as_str))
    }
}

fn types_of(word: &str) -> Vec<&str> {
    let all = ResourceType::ALL.iter();
    match word {
        "G" => ResourceType::GLOBAL.iter().map(|kind| kind.as_str()).collect(),
        "N" => all.filter(|kind| kind.is_project_scoped()).map(|kind| kind.as_str()).collect(),
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::{Action, Permission};

    fn role(name: &str) -> Grants {
        ROLES.iter().find(|role| role.name == name).unwrap().grants().unwrap()
    }

    #[test]
    fn every_role_reads_and_names_are_unique_per_level() {
        let mut seen = std::collections::HashSet::new();
        for predefined in ROLES {
            assert!(!predefined.grants().unwrap().patterns().is_empty(), "{}", predefined.name);
            assert!(seen.insert((predefined.level, predefined.name)));
        }
    }

    #[test]
    fn viewers_never_read_secret_values_and_contributors_never_read_stacks() {
        let read_value = Permission::new(ResourceType::Secret, Action::ReadSecretValue);
        assert!(!role(WORKSPACE_VIEWER).allows(read_value));
        assert!(!role("Workspace Contributor").allows(Permission::new(ResourceType::Stack, Action::Read)));
        assert!(!role(PROJECT_ADMIN).allows(Permission::new(ResourceType::Stack, Action::Read)));
        assert!(role(ORGANIZATION_ADMIN).is_everything());
    }
}
