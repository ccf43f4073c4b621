//! Which permissions a role of which level can make use of.

use crate::permission::{Action, Permission, ResourceType};
use crate::role::Level;

/// What the control plane itself keeps, by the levels at which its operations ask for it. Accounts, their
/// tokens and the installation are nobody's to grant: people hold the one, super-users the other.
const OF_CONTROL_PLANE: &[(ResourceType, &[Level])] = &[
    (ResourceType::Organization, &[Level::Organization]),
    (ResourceType::Member, &[Level::Organization, Level::Workspace, Level::Project]),
    (ResourceType::Invitation, &[Level::Organization]),
    (ResourceType::Team, &[Level::Organization]),
    (ResourceType::Role, &[Level::Organization]),
    (ResourceType::RoleAssignment, &[Level::Organization, Level::Workspace, Level::Project]),
    (ResourceType::ApiKey, &[Level::Organization]),
    (ResourceType::Workspace, &[Level::Organization, Level::Workspace]),
    (ResourceType::EnrollmentKey, &[Level::Organization, Level::Workspace]),
    (ResourceType::Billing, &[Level::Organization]),
    (ResourceType::Usage, &[Level::Organization, Level::Workspace]),
    (ResourceType::AuditEvent, &[Level::Organization]),
];

/// The levels at which a role that grants the permission changes anything; none if no role can grant it.
#[must_use]
pub fn levels(permission: Permission) -> Vec<Level> {
    let Permission { resource, action } = permission;
    let own = OF_CONTROL_PLANE.iter().find(|(kind, _)| *kind == resource);
    let of_control_plane = own.map_or(&[][..], |(_, levels)| levels);
    let is_plain = matches!(action, Action::Create | Action::Read | Action::Update | Action::Delete);
    // Being let into a workspace is the one further thing that the control plane asks for.
    let is_entry = permission == Permission::new(ResourceType::Workspace, Action::Client);
    let holds = |level: &Level| {
        let in_workspace = match level {
            // The bots of an organization bear the name of those that a workspace server keeps.
            Level::Organization => resource == ResourceType::ServiceAccount && is_plain,
            Level::Workspace => resource.is_of_workspace(),
            Level::Project => resource.is_project_scoped() || resource == ResourceType::Project,
        };
        in_workspace || (of_control_plane.contains(level) && (is_plain || is_entry))
    };
    [Level::Organization, Level::Workspace, Level::Project].into_iter().filter(holds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predefined;

    #[test]
    fn the_predefined_roles_grant_only_what_is_in_the_catalogue() {
        for role in predefined::ROLES {
            let grants = role.grants().unwrap();
            if grants.is_everything() {
                continue;
            }
            for resource in ResourceType::ALL {
                let granted = Action::ALL.iter().map(|action| Permission::new(*resource, *action));
                let granted: Vec<_> = granted.filter(|permission| grants.allows(*permission)).collect();
                // `member:*` is the four that there are.
                let is_whole = granted.len() == Action::ALL.len();
                let listed = |permission: &Permission| levels(*permission).contains(&role.level);
                let fits = if is_whole { granted.iter().any(listed) } else { granted.iter().all(listed) };
                assert!(fits, "{} grants {resource} at its level: {granted:?}", role.name);
            }
        }
    }

    #[test]
    fn nobody_can_grant_accounts_tokens_or_the_installation() {
        for resource in [ResourceType::User, ResourceType::AccessToken, ResourceType::Instance] {
            for action in Action::ALL.iter().copied() {
                assert_eq!(levels(Permission::new(resource, action)), []);
            }
        }
    }

    #[test]
    fn a_bot_is_of_the_organization_and_of_the_workspace() {
        let read = Permission::new(ResourceType::ServiceAccount, Action::Read);
        assert_eq!(levels(read), [Level::Organization, Level::Workspace]);
        let pipeline = Permission::new(ResourceType::Pipeline, Action::Promote);
        assert_eq!(levels(pipeline), [Level::Workspace, Level::Project]);
    }
}
