//! What an operation is about, and how to find that in a request.

use control::TargetRef;
use model::{Error, Result};

use crate::app::App;
use crate::raw::Raw;

/// The target of an operation, as its declaration names it.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// The caller's own account.
    OwnAccount,
    /// The installation.
    Instance,
    /// The organization in the path.
    Organization,
    /// The organization that the field `organization_id` names.
    OrganizationField,
    /// The organization of the role in the path.
    RoleOrganization,
    /// The organization of the team in the path.
    TeamOrganization,
    /// The workspace in the path.
    Workspace,
    /// The workspace in the path, and the project in it.
    Project,
    /// The workspace that the field `workspace_id` names, or the part of the field `resource` before `@`.
    WorkspaceField,
    /// The workspaces that the caller may see.
    Workspaces,
    /// The organizations that the caller belongs to, and the people in them.
    OwnOrganizations,
}

impl Target {
    /// What the permission list says.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::OwnAccount => "own account",
            Self::Instance => "super-users",
            Self::Organization
            | Self::OrganizationField
            | Self::RoleOrganization
            | Self::TeamOrganization => "organization",
            Self::Workspace | Self::WorkspaceField => "workspace",
            Self::Project => "project",
            Self::Workspaces => "visible workspaces",
            Self::OwnOrganizations => "own organizations",
        }
    }

    /// Finds what the request names.
    pub(crate) async fn find(self, app: &App, raw: &Raw, who: &control::Authenticated) -> Result<TargetRef> {
        Ok(match self {
            Self::OwnAccount => TargetRef::OwnAccount,
            Self::Instance => TargetRef::Instance,
            Self::Organization => TargetRef::Organization(raw.param("organization")?.to_owned()),
            Self::OrganizationField => match raw.all_fields()?.text("organization_id") {
                Some(organization) => TargetRef::Organization(organization.to_owned()),
                None => TargetRef::Organization(only_organization(who)?),
            },
            Self::RoleOrganization => {
                let role = raw.id("role")?;
                let organization = app.platform.organization_of_role(who, role).await?;
                TargetRef::Organization(organization.to_string())
            }
            Self::TeamOrganization => {
                let team = raw.id("team")?;
                let organization = app.platform.organization_of_team(who, team).await?;
                TargetRef::Organization(organization.to_string())
            }
            Self::Workspace => TargetRef::Workspace(raw.param("workspace")?.to_owned(), None),
            Self::Project => {
                TargetRef::Workspace(raw.param("workspace")?.to_owned(), Some(raw.id("project")?))
            }
            Self::WorkspaceField => TargetRef::Workspace(workspace_field(raw)?, None),
            Self::Workspaces => {
                let fields = raw.query_fields()?;
                let member_only = matches!(fields.text("member_only"), Some("True" | "true" | "1"));
                TargetRef::Workspaces { member_only }
            }
            Self::OwnOrganizations => TargetRef::OwnOrganizations,
        })
    }
}

/// The organization that is meant when none is named: the only one there is for the caller.
pub(crate) fn only_organization(who: &control::Authenticated) -> Result<String> {
    match who.account()?.organizations.as_slice() {
        [one] => Ok(one.to_string()),
        [] => Err(Error::invalid("organization_id", "is missing, and you belong to no organization")),
        _ => Err(Error::invalid(
            "organization_id",
            "is missing, and you belong to several organizations; name one",
        )),
    }
}

fn workspace_field(raw: &Raw) -> Result<String> {
    let fields = raw.all_fields()?;
    let scoped = fields.text("resource").and_then(|resource| resource.split_once('@'));
    let named = fields.text("workspace_id").or(scoped.map(|(workspace, _)| workspace));
    let missing = || {
        Error::invalid(
            "workspace_id",
            "is missing; give it, or write the resource as <workspace id>@<resource>",
        )
    };
    named.map(ToOwned::to_owned).ok_or_else(missing)
}
