//! Members of workspaces and projects, and what people share with each other.

use control::rbac::RawKeys;
use control::sharing::ShareInput;
use control::{members, usage};
use model::{Action, Assignee, ErrorKind, Organization, Place, PrincipalId, ResourceType, Result, Workspace};
use testkit::{Caller, TestPlatform, in_organization, origin};
use uuid::Uuid;

use crate::actions::{code_of, home, in_workspace, project, share};

struct World {
    t: TestPlatform,
    admin: Caller,
    home: Organization,
    shop: Workspace,
}

async fn world() -> World {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    World { t, admin, home, shop }
}

fn stack() -> String {
    format!("stack/{}", Uuid::from_u128(1))
}

async fn may(t: &TestPlatform, shop: &Workspace, user: PrincipalId, resource: &str, action: Action) -> bool {
    let entry = t.store.facts().workspace(shop.id).await.unwrap().unwrap();
    t.check_permissions(&entry, user, action, &[resource.to_owned()]).await.unwrap() == [true]
}

#[tokio::test]
async fn removing_somebody_from_a_project_or_a_workspace_ends_what_was_held_there() {
    let World { t, admin, home, .. } = world().await;
    let (shop, key) = t.workspace(&admin, &home, "second").await;
    let machine = t.machine(&shop, &key).await.unwrap();
    let ada = t.member(&admin, &home, "ada", "Organization Member").await;
    let (in_shop, in_project) = (Place::Workspace(shop.id), Place::Project(shop.id, project(7)));
    t.assign(&admin, &home, ada.id, in_shop, "Workspace Contributor").await.unwrap();
    t.assign(&admin, &home, ada.id, in_project, "Project Admin").await.unwrap();
    share(&t, &machine, ada.id, &stack(), &["read"]).await.unwrap();
    let pipeline = format!("{}:pipeline", project(7));
    let remove = async |place: Place| {
        let needs = (ResourceType::Member, Action::Delete);
        t.act(&admin.bearer, needs, in_workspace(&shop), async |session, scene| {
            members::remove_from_place(session, scene.standing(), Assignee::Principal(ada.id), place).await
        })
        .await
    };
    assert!(may(&t, &shop, ada.id, &pipeline, Action::Delete).await);
    remove(in_project).await.unwrap();
    assert!(!may(&t, &shop, ada.id, &pipeline, Action::Delete).await);
    assert!(may(&t, &shop, ada.id, "stack", Action::Create).await);
    assert!(may(&t, &shop, ada.id, &stack(), Action::Read).await);
    assert_eq!(remove(in_project).await.unwrap_err().kind, ErrorKind::NotFound);
    remove(in_shop).await.unwrap();
    assert!(!may(&t, &shop, ada.id, "stack", Action::Create).await);
    assert!(!may(&t, &shop, ada.id, &stack(), Action::Read).await, "what was shared goes as well");
    let who = t.authenticate(ada.bearer.expose()).await.unwrap();
    assert!(t.admit(&who, shop.id, RawKeys::All).await.is_err());
}

#[tokio::test]
async fn people_share_only_what_they_may_do_and_share_themselves() {
    let World { t, admin, home, shop } = world().await;
    let eve = t.user(&admin, "eve").await;
    let share = async |caller: &Caller, actions: &[&str]| -> Result<()> {
        let who = t.authenticate(caller.bearer.expose()).await.unwrap();
        let input = ShareInput {
            user_id: Some(eve.id.0),
            team_id: None,
            workspace_id: None,
            sharing_user_id: None,
            resource: stack(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        };
        t.share_as_person(&who, shop.id, &input, origin()).await
    };
    assert_eq!(share(&eve, &["read"]).await.unwrap_err().kind, ErrorKind::NotFound);
    let viewer = t.bot(&admin, &home, "viewer", "Organization Member").await;
    t.assign(&admin, &home, viewer.id, Place::Workspace(shop.id), "Workspace Viewer").await.unwrap();
    assert_eq!(share(&viewer, &["read"]).await.unwrap_err().kind, ErrorKind::Forbidden);
    let boss = t.bot(&admin, &home, "boss", "Organization Member").await;
    t.assign(&admin, &home, boss.id, Place::Workspace(shop.id), "Workspace Admin").await.unwrap();
    assert_eq!(share(&boss, &["fly"]).await.unwrap_err().kind, ErrorKind::Invalid);
    share(&boss, &["read"]).await.unwrap();
    assert!(may(&t, &shop, eve.id, &stack(), Action::Read).await);
    assert_eq!(
        share(&eve, &["read"]).await.unwrap_err().kind,
        ErrorKind::Forbidden,
        "being let in is not enough"
    );
    share(&boss, &[]).await.unwrap();
    assert!(!may(&t, &shop, eve.id, &stack(), Action::Read).await);
}

#[tokio::test]
async fn only_somebody_the_caller_can_see_is_made_a_member() {
    let World { t, admin, home, .. } = world().await;
    let manager = t.member(&admin, &home, "manager", "Organization Manager").await;
    let colleague = t.member(&admin, &home, "colleague", "Organization Member").await;
    let stranger = t.user(&admin, "stranger").await;
    let candidate = async |caller: &Caller, id: PrincipalId| {
        let who = t.authenticate(caller.bearer.expose()).await.unwrap();
        t.member_candidate(&who, id).await.map(|_| ()).map_err(|error| error.kind)
    };
    assert_eq!(candidate(&manager, colleague.id).await, Ok(()));
    assert_eq!(candidate(&manager, stranger.id).await, Err(ErrorKind::NotFound));
    assert_eq!(candidate(&admin, stranger.id).await, Ok(()));
    assert_eq!(candidate(&admin, PrincipalId(Uuid::from_u128(9))).await, Err(ErrorKind::NotFound));
}

#[tokio::test]
async fn limits_are_set_by_the_operator_and_not_by_the_organization() {
    let World { t, admin, home, .. } = world().await;
    let boss = t.member(&admin, &home, "boss", "Organization Admin").await;
    let set = async |caller: &Caller, feature: &str, limit: Option<i64>| {
        let limits = [(feature.to_owned(), limit)].into();
        let needs = (ResourceType::Usage, Action::Update);
        t.act(&caller.bearer, needs, in_organization(&home), async |session, scene| {
            let is_superuser = scene.standing().account.principal.is_superuser;
            usage::set_entitlements(session, &home, is_superuser, limits).await
        })
        .await
    };
    assert_eq!(code_of(set(&boss, "project", Some(5)).await), model::error::code::PERMISSION_DENIED);
    for (feature, limit) in [("project", Some(-1)), ("", Some(1)), (&"x".repeat(65), None)] {
        assert_eq!(set(&admin, feature, limit).await.unwrap_err().kind, ErrorKind::Invalid, "{feature}");
    }
    assert_eq!(set(&admin, "project", Some(5)).await.unwrap()["project"], 5);
    assert!(set(&admin, "project", None).await.unwrap().is_empty());
}
