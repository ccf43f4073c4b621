//! Narrowed credentials: less than their owner, at once, everywhere, and no way back.

use control::credentials::{CredentialCreate, CredentialUpdate};
use control::rbac::RawKeys;
use control::scopes::ScopeInput;
use control::{Patch, TargetRef, api_keys, authorize, credentials};
use model::error::code;
use model::{
    Action, ErrorKind, Organization, Permission, PrincipalId, Read, ResourceType, Result, Secret, Workspace,
};
use store::WorkspaceEntry;
use testkit::{Caller, TestPlatform, in_organization};

use crate::actions::{code_of, home};

/// An organization with two workspaces.
struct World {
    t: TestPlatform,
    admin: Caller,
    home: Organization,
    shop: Workspace,
    other: Workspace,
}

async fn world() -> World {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let (other, _) = t.workspace(&admin, &home, "other").await;
    World { t, admin, home, shop, other }
}

fn named(name: &str, scope: ScopeInput) -> CredentialCreate {
    CredentialCreate { name: name.to_owned(), scope: Some(scope), ..CredentialCreate::default() }
}

fn read_only() -> ScopeInput {
    ScopeInput { read_only: true, ..ScopeInput::default() }
}

fn only(permissions: &[&str]) -> ScopeInput {
    let permissions = permissions.iter().map(|pattern| (*pattern).to_owned()).collect();
    ScopeInput { permissions: Some(permissions), ..ScopeInput::default() }
}

impl World {
    /// A token of the administrator, as it is and as a session that came from it.
    async fn token(&self, scope: ScopeInput) -> [Secret; 2] {
        let (_, token) = self.t.access_token(&self.admin, named("narrow", scope)).await.unwrap();
        let session = self.t.session_from(&token).await.unwrap();
        [token, session]
    }

    async fn may(&self, bearer: &Secret, needs: (ResourceType, Action), target: TargetRef) -> Result<()> {
        let who = self.t.authenticate(bearer.expose()).await?;
        authorize::<Read>(&self.t, &who, Permission::new(needs.0, needs.1), target).await.map(|_| ())
    }

    async fn entry(&self) -> std::sync::Arc<WorkspaceEntry> {
        self.t.store.facts().workspace(self.shop.id).await.unwrap().unwrap()
    }

    async fn allows(&self, user: PrincipalId, action: Action) -> bool {
        let asked = ["stack".to_owned()];
        self.t.check_permissions(&self.entry().await, user, action, &asked).await.unwrap() == [true]
    }

    async fn change(&self, input: CredentialUpdate) {
        let needs = (ResourceType::AccessToken, Action::Update);
        let changed = self.t.act(&self.admin.bearer, needs, TargetRef::OwnAccount, async |session, scene| {
            let owner = &scene.who.account()?.principal;
            let wanted = match input.scope.clone() {
                Patch::Set(scope) => Some(scope),
                _ => None,
            };
            let scope = self.t.grant_scope(&scene.who, wanted).await?;
            credentials::update(session, owner, "narrow", input.clone(), &scope, true).await
        });
        changed.await.unwrap();
    }
}

const LIST: (ResourceType, Action) = (ResourceType::Member, Action::Read);
const INVITE: (ResourceType, Action) = (ResourceType::Member, Action::Create);
const SEE: (ResourceType, Action) = (ResourceType::Organization, Action::Read);

#[tokio::test]
async fn a_token_that_only_reads_changes_nothing_nor_do_its_sessions() {
    let w = world().await;
    for bearer in w.token(read_only()).await {
        let there = || in_organization(&w.home);
        assert!(w.may(&bearer, LIST, there()).await.is_ok());
        let refused = w.may(&bearer, INVITE, there()).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Forbidden);
        assert!(refused.message.contains("member:create"), "{refused:?}");
        let rename = w.may(&bearer, (ResourceType::User, Action::Update), TargetRef::OwnAccount).await;
        assert_eq!(rename.unwrap_err().kind, ErrorKind::Forbidden);
        let settle = w.may(&bearer, (ResourceType::User, Action::Create), TargetRef::Instance).await;
        assert_eq!(settle.unwrap_err().kind, ErrorKind::Forbidden);
    }
}

#[tokio::test]
async fn a_token_of_one_workspace_sees_no_other_and_runs_no_organization() {
    let w = world().await;
    let scope = ScopeInput { workspaces: Some(vec![w.shop.id]), ..ScopeInput::default() };
    for bearer in w.token(scope).await {
        let look = (ResourceType::Workspace, Action::Update);
        let at = |workspace: &Workspace| TargetRef::Workspace(workspace.id.to_string(), None);
        assert!(w.may(&bearer, look, at(&w.shop)).await.is_ok());
        assert_eq!(code_of(w.may(&bearer, look, at(&w.other)).await), code::NOT_FOUND);
        assert!(w.may(&bearer, SEE, in_organization(&w.home)).await.is_ok());
        assert!(w.may(&bearer, LIST, in_organization(&w.home)).await.is_err());
        assert!(w.may(&bearer, (ResourceType::User, Action::Read), TargetRef::Instance).await.is_err());
        let who = w.t.authenticate(bearer.expose()).await.unwrap();
        assert_eq!(w.t.admit(&who, w.shop.id, RawKeys::All).await.unwrap().id, w.admin.id, "nothing inside");
        assert!(w.t.admit(&who, w.other.id, RawKeys::All).await.is_err());
    }
}

#[tokio::test]
async fn a_narrowed_token_is_an_account_of_its_own_in_workspaces() {
    let w = world().await;
    let [token, session] = w.token(only(&["stack:*"])).await;
    for bearer in [&token, &session] {
        let who = w.t.authenticate(bearer.expose()).await.unwrap();
        let account = w.t.admit(&who, w.shop.id, RawKeys::All).await.unwrap();
        assert_eq!(account.id.0, who.credential().unwrap().0);
        assert!(!account.is_superuser, "an administrator of a stock server is asked for nothing");
        assert!(model::name::username("u", &account.username).is_err(), "nobody can take this name");
        assert!(w.allows(account.id, Action::Create).await);
    }
    let narrow = PrincipalId(w.t.authenticate(token.expose()).await.unwrap().credential().unwrap().0);
    w.change(CredentialUpdate { scope: Patch::Set(read_only()), ..CredentialUpdate::default() }).await;
    assert!(w.allows(narrow, Action::Read).await);
    assert!(!w.allows(narrow, Action::Create).await, "narrowed later, at once");
    assert!(w.allows(w.admin.id, Action::Create).await, "its owner is not");
    w.change(CredentialUpdate { active: Some(false), ..CredentialUpdate::default() }).await;
    assert!(!w.allows(narrow, Action::Read).await, "switched off, at once");
    w.change(CredentialUpdate {
        active: Some(true),
        scope: Patch::Clear,
        name: None,
        ..CredentialUpdate::default()
    })
    .await;
    assert!(!w.allows(narrow, Action::Read).await, "without a scope it is its owner, not an account");
}

#[tokio::test]
async fn the_raw_key_of_a_narrowed_bot_does_not_get_into_workspaces_but_its_session_does() {
    let w = world().await;
    let bot = w.t.bot(&w.admin, &w.home, "robot", "Organization Admin").await;
    let needs = (ResourceType::ApiKey, Action::Create);
    let made = w.t.act(&w.admin.bearer, needs, in_organization(&w.home), async |session, scene| {
        let scope = w.t.grant_scope(&scene.who, Some(read_only())).await?;
        api_keys::create(session, scene.standing(), &bot.username, named("narrow", read_only()), &scope).await
    });
    let key = made.await.unwrap().key;
    let raw = w.t.authenticate(key.expose()).await.unwrap();
    // A stock server would check nothing at all.
    let refused = w.t.admit(&raw, w.shop.id, RawKeys::All).await.unwrap_err();
    assert!(refused.message.contains("exchanged"), "{refused:?}");
    let session = w.t.session_from(&key).await.unwrap();
    let session = w.t.authenticate(session.expose()).await.unwrap();
    assert!(w.t.admit(&session, w.shop.id, RawKeys::All).await.is_ok());
}

#[tokio::test]
async fn nobody_hands_out_more_than_its_credential_leaves() {
    let w = world().await;
    let bot = w.t.bot(&w.admin, &w.home, "robot", "Organization Admin").await;
    let make = async |bearer: &Secret, scope: Option<ScopeInput>| {
        let needs = (ResourceType::ApiKey, Action::Create);
        let input = CredentialCreate { name: "next".to_owned(), ..CredentialCreate::default() };
        w.t.act(bearer, needs, in_organization(&w.home), async |session, scene| {
            let scope = w.t.grant_scope(&scene.who, scope.clone()).await?;
            api_keys::create(session, scene.standing(), &bot.username, input, &scope).await
        })
        .await
        .map(|shown| shown.key)
    };
    let narrow = only(&["api_key:*", "stack:read"]);
    let key = make(&w.admin.bearer, Some(narrow.clone())).await.unwrap();
    for wider in [None, Some(read_only()), Some(only(&["api_key:*", "stack:*"])), Some(ScopeInput::default())]
    {
        assert_eq!(make(&key, wider).await.unwrap_err().kind, ErrorKind::Forbidden);
    }
    let rotate = async |name: &str| {
        let needs = (ResourceType::ApiKey, Action::Create);
        let input = credentials::CredentialRotate::default();
        let named = (bot.username.as_str(), name);
        w.t.act(&key, needs, in_organization(&w.home), async |session, scene| {
            api_keys::rotate(session, scene.standing(), named, &input).await
        })
        .await
    };
    assert_eq!(rotate("default").await.unwrap_err().kind, ErrorKind::Forbidden, "that one can everything");
    assert!(rotate("next").await.is_ok(), "that one is the caller's own");
}

#[tokio::test]
async fn a_scope_names_what_is_there_and_says_what_is_wrong() {
    let w = world().await;
    let nowhere = testkit::workspace(77, w.home.id, "nowhere");
    let elsewhere = testkit::organization(78, "elsewhere");
    let wrong = [
        (ScopeInput { workspaces: Some(vec![nowhere.id]), ..ScopeInput::default() }, "scope.workspaces"),
        (
            ScopeInput { organizations: Some(vec![elsewhere.id]), ..ScopeInput::default() },
            "scope.organizations",
        ),
        (ScopeInput { projects: Some(vec![]), ..ScopeInput::default() }, "scope.projects"),
        (
            ScopeInput { projects: Some(vec![model::ProjectId(nowhere.id.0)]), ..ScopeInput::default() },
            "scope.workspaces",
        ),
        (only(&["stack"]), "scope.permissions"),
        (only(&["stack:paint"]), "scope.permissions"),
        (only(&vec!["stack:read"; 101]), "scope.permissions"),
    ];
    let who = w.t.authenticate(w.admin.bearer.expose()).await.unwrap();
    for (scope, field) in wrong {
        let error = w.t.grant_scope(&who, Some(scope)).await.unwrap_err();
        assert_eq!(error.fields[0].field, field, "{error:?}");
    }
}
