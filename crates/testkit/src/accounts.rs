//! Callers and what belongs to them, made the way people make them.

use control::credentials::CredentialCreate;
use control::organizations::OrganizationCreate;
use control::scopes::GrantedScope;
use control::service_accounts::ServiceAccountCreate;
use control::sign_in::Presented;
use control::users::{PasswordChange, UserCreate, UserUpdate};
use control::workspaces::WorkspaceCreate;
use control::{TargetRef, credentials, members, organizations, roles, service_accounts, users, workspaces};
use model::{
    Action, Assignee, Credential, Organization, Place, PrincipalId, ResourceType, Result, RoleId, Secret,
    Workspace,
};

use crate::TestPlatform;

/// Somebody who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub id: PrincipalId,
    /// Its name.
    pub username: String,
    /// What it presents: a session of a person, the key of a bot.
    pub bearer: Secret,
}

/// The password that people have after they changed their first one.
pub const PASSWORD: &str = "correct horse battery staple";
const FIRST_PASSWORD: &str = "the first password";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

impl TestPlatform {
    /// Starts the installation and signs its administrator in.
    pub async fn admin(&self) -> Caller {
        let started = self.first_start().await.expect("the first start failed");
        self.signed_in(&started.username, &started.password).await
    }

    /// A person who has just signed in.
    pub async fn signed_in(&self, username: &str, password: &Secret) -> Caller {
        let bearer = self.session(username, password.expose()).await.expect("cannot sign in");
        let who = self.authenticate(bearer.expose()).await.expect("the session does not hold");
        let id = who.account().expect("a person is an account").principal.id;
        Caller { id, username: username.to_owned(), bearer }
    }

    /// A session had with a password.
    pub async fn session(&self, username: &str, password: &str) -> Result<Secret> {
        let presented = Presented::Password { username: username.to_owned(), password: secret(password) };
        Ok(self.sign_in(presented).await?.issued.token)
    }

    /// A session had with a key.
    pub async fn session_from(&self, key: &Secret) -> Result<Secret> {
        Ok(self.sign_in(Presented::Key(key.clone())).await?.issued.token)
    }

    /// A session of a workspace's machine.
    pub async fn machine(&self, workspace: &Workspace, key: &Secret) -> Result<Secret> {
        let presented = Presented::Client { id: workspace.id.to_string(), secret: key.clone() };
        Ok(self.sign_in(presented).await?.issued.token)
    }

    /// A person whose first password is not changed yet.
    pub async fn new_user(&self, admin: &Caller, username: &str) -> Caller {
        let password = secret(FIRST_PASSWORD);
        let hash = users::hash_password(&self.passwords, self.env(), "password", &password).await;
        let hash = hash.expect("cannot hash");
        let input = UserCreate {
            username: username.to_owned(),
            password: password.clone(),
            email: None,
            name: None,
            is_superuser: Some(false),
        };
        let needs = (ResourceType::User, Action::Create);
        let made = self.act(&admin.bearer, needs, TargetRef::Instance, async |session, _| {
            users::create(session, input, &hash).await
        });
        made.await.expect("cannot make the user");
        self.signed_in(username, &password).await
    }

    /// A person who belongs nowhere and is nothing special, signed in with [`PASSWORD`].
    pub async fn user(&self, admin: &Caller, username: &str) -> Caller {
        let new = self.new_user(admin, username).await;
        self.change_password(&new, FIRST_PASSWORD, PASSWORD).await.expect("cannot change the password");
        // The first person of an installation becomes a super-user, whom no test of rights can use.
        let input = UserUpdate { is_superuser: Some(false), ..UserUpdate::default() };
        let needs = (ResourceType::User, Action::Update);
        let demoted = self.act(&admin.bearer, needs, TargetRef::Instance, async |session, _| {
            users::update(session, new.id, input, None).await
        });
        demoted.await.expect("cannot demote the user");
        // Clocks do not stand still in the world: what follows is later than the change of the password.
        self.clock.advance_microseconds(1);
        self.signed_in(username, &secret(PASSWORD)).await
    }

    /// Changes the caller's own password.
    pub async fn change_password(&self, caller: &Caller, old: &str, new: &str) -> Result<()> {
        let input = PasswordChange { current_password: secret(old), new_password: secret(new) };
        let hash =
            users::hash_password(&self.passwords, self.env(), "new_password", &input.new_password).await?;
        let needs = (ResourceType::User, Action::Update);
        let changed = self.act(&caller.bearer, needs, TargetRef::OwnAccount, async |session, _| {
            users::change_password(session, caller.id, &input, &hash).await
        });
        changed.await.map(|_| ())
    }

    /// An organization of the caller, who must be a super-user.
    pub async fn organization(&self, caller: &Caller, name: &str) -> Organization {
        let input =
            OrganizationCreate { name: name.to_owned(), description: None, logo_url: None, owner_id: None };
        let needs = (ResourceType::Organization, Action::Create);
        let made = self.act(&caller.bearer, needs, TargetRef::Instance, async |session, scene| {
            organizations::create(session, &scene.who.account()?.principal, input).await
        });
        made.await.expect("cannot make the organization")
    }

    /// A new person who is a member of the organization with that role.
    pub async fn member(
        &self,
        admin: &Caller,
        organization: &Organization,
        name: &str,
        role: &str,
    ) -> Caller {
        let caller = self.user(admin, name).await;
        self.join(admin, organization, &caller, role).await.expect("cannot add the member");
        caller
    }

    /// Makes somebody a member with that role.
    pub async fn join(
        &self,
        admin: &Caller,
        organization: &Organization,
        caller: &Caller,
        role: &str,
    ) -> Result<()> {
        let role = self.role(organization, Place::Organization, role).await;
        let needs = (ResourceType::Member, Action::Create);
        self.act(&admin.bearer, needs, in_organization(organization), async |session, scene| {
            let user = self.store.facts().principal(caller.id).await?.expect("there is no such account");
            members::add(session, scene.standing(), &user.principal, Some(role)).await
        })
        .await
    }

    /// Ends a membership.
    pub async fn leave(&self, admin: &Caller, organization: &Organization, id: PrincipalId) -> Result<()> {
        let needs = (ResourceType::Member, Action::Delete);
        self.act(&admin.bearer, needs, in_organization(organization), async |session, scene| {
            members::remove(session, scene.standing(), id).await
        })
        .await
    }

    /// A bot of the organization with that role and a key.
    pub async fn bot(&self, admin: &Caller, organization: &Organization, name: &str, role: &str) -> Caller {
        let role_id = self.role(organization, Place::Organization, role).await;
        let input = ServiceAccountCreate {
            username: name.to_owned(),
            description: None,
            full_name: None,
            avatar_url: None,
            role_id: Some(role_id),
            initial_api_key: Some(service_accounts::InitialKey::Wanted(true)),
        };
        let needs = (ResourceType::ServiceAccount, Action::Create);
        let made = self.act(&admin.bearer, needs, in_organization(organization), async |session, scene| {
            service_accounts::create(session, scene.standing(), input, &GrantedScope::unlimited()).await
        });
        let (account, key) = made.await.expect("cannot make the service account");
        let bearer = key.expect("a key was wanted").key;
        Caller { id: account.id, username: account.username, bearer }
    }

    /// A personal access token of the caller.
    pub async fn access_token(
        &self,
        caller: &Caller,
        input: CredentialCreate,
    ) -> Result<(Credential, Secret)> {
        let needs = (ResourceType::AccessToken, Action::Create);
        let made = self.act(&caller.bearer, needs, TargetRef::OwnAccount, async |session, scene| {
            let scope = self.grant_scope(&scene.who, input.scope.clone()).await?;
            credentials::create(session, &scene.who.account()?.principal, input, &scope).await
        });
        made.await.map(|shown| (shown.credential, shown.key))
    }

    /// A workspace of the organization, with its enrollment key.
    pub async fn workspace(
        &self,
        admin: &Caller,
        organization: &Organization,
        name: &str,
    ) -> (Workspace, Secret) {
        let input = WorkspaceCreate { name: Some(name.to_owned()), ..WorkspaceCreate::default() };
        let needs = (ResourceType::Workspace, Action::Create);
        let made = self.act(&admin.bearer, needs, in_organization(organization), async |session, scene| {
            workspaces::create(session, scene.standing(), input).await
        });
        made.await.expect("cannot make the workspace")
    }

    /// Gives somebody a role at a place.
    pub async fn assign(
        &self,
        admin: &Caller,
        organization: &Organization,
        to: PrincipalId,
        place: Place,
        role: &str,
    ) -> Result<()> {
        let role = self.role(organization, place, role).await;
        let needs = (ResourceType::RoleAssignment, Action::Create);
        self.act(&admin.bearer, needs, in_organization(organization), async |session, scene| {
            let standing = scene.standing();
            let role = roles::get(&standing.organization.facts, role)?;
            roles::assign(session, standing, role, Assignee::Principal(to), place).await
        })
        .await
    }

    /// Takes a role from somebody at a place.
    pub async fn unassign(
        &self,
        admin: &Caller,
        organization: &Organization,
        from: PrincipalId,
        place: Place,
        role: &str,
    ) -> Result<()> {
        let role = self.role(organization, place, role).await;
        let needs = (ResourceType::RoleAssignment, Action::Delete);
        self.act(&admin.bearer, needs, in_organization(organization), async |session, scene| {
            let standing = scene.standing();
            let role = roles::get(&standing.organization.facts, role)?;
            roles::unassign(session, standing, role, Assignee::Principal(from), place).await
        })
        .await
    }

    /// The role of the organization by its name, for that place.
    pub async fn role(&self, organization: &Organization, place: Place, name: &str) -> RoleId {
        let entry = self.store.facts().organization(organization.id).await.expect("no answer");
        let entry = entry.expect("there is no such organization");
        entry.facts.role_named(place.level(), name).expect("there is no such role").id
    }
}

/// The organization as a request names it.
#[must_use]
pub fn in_organization(organization: &Organization) -> TargetRef {
    TargetRef::Organization(organization.id.to_string())
}
