//! Deleting takes along what belongs to the deleted, in the database and in memory, and nothing else.

use model::{Assignee, Level, OrganizationId, Place, PrincipalId, ProjectId, TokenId, WorkspaceId};
use store::Share;
use testkit::{TestStore, credential, organization, origin, permits, principal, role, workspace};
use uuid::Uuid;

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

const HOME: u128 = 1;
const ADA: u128 = 2;
const BOT: u128 = 3;
const SHOP: u128 = 4;
const PROJECT: u128 = 5;

/// An organization with a person, a bot, a workspace with a project, keys, roles and shares; all of it read
/// into memory.
async fn world() -> TestStore {
    let t = TestStore::new().await;
    let home = organization(HOME, "home");
    let (ada, bot) = (principal(ADA, "ada", None), principal(BOT, "bot", Some(home.id)));
    let shop = workspace(SHOP, home.id, "shop");
    t.change(async |session| {
        session.insert_organization(&home).await?;
        session.insert_workspace(&shop).await?;
        let in_shop = role(11, home.id, Level::Workspace, "In shop", &["stack:read"]);
        let in_project = role(12, home.id, Level::Project, "In project", &["pipeline:read"]);
        session.insert_role(&in_shop).await?;
        session.insert_role(&in_project).await?;
        for account in [&ada, &bot] {
            session.insert_principal(account).await?;
            session.set_password(account.id, "hash").await?;
            session.insert_credential(&credential(account.id.0.as_u128() + 100, account, "key")).await?;
            session.insert_membership(home.id, account.id, home.created).await?;
            let assignee = Assignee::Principal(account.id);
            session.insert_assignment(&in_shop, assignee, Place::Workspace(shop.id)).await?;
            let place = Place::Project(shop.id, ProjectId(uuid(PROJECT)));
            session.insert_assignment(&in_project, assignee, place).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let mut session = t.begin(permits::in_workspace(home.id, shop.id), origin()).await.unwrap();
    session.insert_project(ProjectId(uuid(PROJECT))).await.unwrap();
    for grantee in [ADA, BOT] {
        let actions = [model::Action::Read].into_iter().collect();
        let share = Share { grantee: uuid(grantee), is_team: false, actions };
        session.set_share(share, &format!("stack/{}", uuid(9))).await.unwrap();
    }
    session.record(TestStore::event());
    session.commit().await.unwrap();
    for account in [ada.id, bot.id] {
        assert_eq!(remembered(&t, account).await, "account key member 2 roles shares");
    }
    t
}

/// What is known of an account, from memory.
async fn remembered(t: &TestStore, id: PrincipalId) -> String {
    let mut known = Vec::new();
    if t.facts().principal(id).await.unwrap().is_some() {
        known.push("account".to_owned());
    }
    if t.facts().credential(model::CredentialId(uuid(id.0.as_u128() + 100))).await.unwrap().is_some() {
        known.push("key".to_owned());
    }
    if let Some(entry) = t.facts().organization(OrganizationId(uuid(HOME))).await.unwrap()
        && let Some(membership) = t.facts().membership(&entry, id).await.unwrap()
    {
        known.push(format!("member {} roles", membership.assignments.len()));
    }
    if let Some(entry) = t.facts().workspace(WorkspaceId(uuid(SHOP))).await.unwrap()
        && !t.facts().shares(&entry, id, &[]).await.unwrap().is_empty()
    {
        known.push("shares".to_owned());
    }
    known.join(" ")
}

async fn counts(t: &TestStore) -> Vec<(&'static str, i64)> {
    let mut raw = t.raw().await;
    let mut counts = Vec::new();
    let tables = [
        "organization",
        "principal",
        "username",
        "password",
        "membership",
        "workspace",
        "project",
        "role",
        "role_assignment",
        "resource_grant",
        "credential",
    ];
    for table in tables {
        let count = raw.count(table, "1 = 1").await;
        if count > 0 {
            counts.push((table, count));
        }
    }
    counts
}

#[tokio::test]
async fn an_organization_takes_everything_in_it_along_but_not_its_people() {
    let t = world().await;
    let permit = permits::in_organization(OrganizationId(uuid(HOME)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    session.delete_organization().await.unwrap();
    session.record(TestStore::event());
    session.commit().await.unwrap();
    assert_eq!(remembered(&t, PrincipalId(uuid(ADA))).await, "account key");
    assert_eq!(remembered(&t, PrincipalId(uuid(BOT))).await, "");
    assert!(t.facts().principal(PrincipalId(uuid(ADA))).await.unwrap().unwrap().organizations.is_empty());
    assert_eq!(counts(&t).await, [("principal", 1), ("username", 2), ("password", 1), ("credential", 1)]);
    assert!(t.raw().await.count("audit_event", "1 = 1").await >= 3, "the log stays");
}

#[tokio::test]
async fn a_person_takes_keys_roles_memberships_and_shares_along() {
    let t = world().await;
    t.change(async |session| session.delete_principal(PrincipalId(uuid(ADA))).await).await.unwrap();
    assert_eq!(remembered(&t, PrincipalId(uuid(ADA))).await, "");
    assert_eq!(remembered(&t, PrincipalId(uuid(BOT))).await, "account key member 2 roles shares");
    let mut raw = t.raw().await;
    for table in ["principal", "password", "membership", "resource_grant", "credential"] {
        assert_eq!(raw.count(table, "1 = 1").await, 1, "{table}");
    }
    assert_eq!(raw.count("role_assignment", "1 = 1").await, 2);
}

#[tokio::test]
async fn ending_a_membership_ends_roles_and_shares_in_that_organization() {
    let t = world().await;
    let permit = permits::in_organization(OrganizationId(uuid(HOME)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    assert!(session.delete_membership(PrincipalId(uuid(ADA))).await.unwrap());
    assert!(!session.delete_membership(PrincipalId(uuid(99))).await.unwrap(), "there was none");
    session.record(TestStore::event());
    session.commit().await.unwrap();
    assert_eq!(remembered(&t, PrincipalId(uuid(ADA))).await, "account key");
    assert_eq!(remembered(&t, PrincipalId(uuid(BOT))).await, "account key member 2 roles shares");
    let (home, ada) = (OrganizationId(uuid(HOME)), PrincipalId(uuid(ADA)));
    let organizations = async || t.facts().principal(ada).await.unwrap().unwrap().organizations.len();
    assert_eq!(organizations().await, 0);
    let now = t.env().now();
    t.change(async |session| session.insert_membership(home, ada, now).await).await.unwrap();
    assert_eq!(remembered(&t, ada).await, "account key member 0 roles", "a new one begins with nothing");
    assert_eq!(organizations().await, 1);
}

#[tokio::test]
async fn a_workspace_takes_the_roles_and_shares_in_it_along() {
    let t = world().await;
    let permit = permits::in_workspace(OrganizationId(uuid(HOME)), WorkspaceId(uuid(SHOP)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    session.delete_workspace().await.unwrap();
    session.record(TestStore::event());
    session.commit().await.unwrap();
    assert_eq!(remembered(&t, PrincipalId(uuid(ADA))).await, "account key member 0 roles");
    let mut raw = t.raw().await;
    for table in ["workspace", "project", "role_assignment", "resource_grant"] {
        assert_eq!(raw.count(table, "1 = 1").await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_project_takes_the_roles_in_it_along() {
    let t = world().await;
    let permit = permits::in_workspace(OrganizationId(uuid(HOME)), WorkspaceId(uuid(SHOP)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    assert!(session.delete_project(ProjectId(uuid(PROJECT))).await.unwrap());
    assert!(!session.delete_project(ProjectId(uuid(PROJECT))).await.unwrap(), "it is gone already");
    assert!(session.list_projects().await.unwrap().is_empty());
    session.record(TestStore::event());
    session.commit().await.unwrap();
    assert_eq!(remembered(&t, PrincipalId(uuid(ADA))).await, "account key member 1 roles shares");
}

#[tokio::test]
async fn a_workspace_member_leaves_with_all_that_it_held_there() {
    let t = world().await;
    let permit = permits::in_workspace(OrganizationId(uuid(HOME)), WorkspaceId(uuid(SHOP)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    let ada = Assignee::Principal(PrincipalId(uuid(ADA)));
    assert!(session.delete_workspace_member(ada).await.unwrap());
    assert!(!session.delete_workspace_member(ada).await.unwrap(), "nothing is left");
    session.record(TestStore::event());
    session.commit().await.unwrap();
    assert_eq!(remembered(&t, PrincipalId(uuid(ADA))).await, "account key member 0 roles");
}

#[tokio::test]
async fn a_project_member_leaves_with_the_roles_in_that_project() {
    let t = world().await;
    let permit = permits::in_workspace(OrganizationId(uuid(HOME)), WorkspaceId(uuid(SHOP)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    let (ada, project) = (PrincipalId(uuid(ADA)), ProjectId(uuid(PROJECT)));
    assert!(!session.delete_project_member(Assignee::Principal(ada), ProjectId(uuid(6))).await.unwrap());
    assert!(session.delete_project_member(Assignee::Principal(ada), project).await.unwrap());
    session.record(TestStore::event());
    session.commit().await.unwrap();
    assert_eq!(remembered(&t, ada).await, "account key member 1 roles shares");
    assert_eq!(remembered(&t, PrincipalId(uuid(BOT))).await, "account key member 2 roles shares");
}

#[tokio::test]
async fn a_username_is_never_given_to_another() {
    let t = world().await;
    let ada = principal(ADA, "ada", None);
    let renamed = principal(ADA, "countess", None);
    t.change(async |session| session.update_principal(&renamed).await).await.unwrap();
    for (number, name) in [(21, "Ada"), (22, "COUNTESS")] {
        let taken = t.change(async |session| session.insert_principal(&principal(number, name, None)).await);
        assert!(taken.await.unwrap_err().message.contains("never given out twice"), "{name}");
    }
    t.change(async |session| session.update_principal(&ada).await).await.unwrap();
    t.change(async |session| session.delete_principal(ada.id).await).await.unwrap();
    for (number, name) in [(21, "ada"), (22, "countess")] {
        let again = t.change(async |session| session.insert_principal(&principal(number, name, None)).await);
        assert!(again.await.is_err(), "{name} is taken beyond the account");
    }
}

#[tokio::test]
async fn a_revoked_token_stays_revoked_until_its_end_and_over_a_restart() {
    let t = TestStore::new().await;
    let (token, other) = (TokenId(uuid(1)), TokenId(uuid(2)));
    let end = t.env().now().plus_minutes(60);
    t.change(async |session| {
        session.revoke_token(token, end).await?;
        session.revoke_token(token, end).await
    })
    .await
    .unwrap();
    assert!(t.facts().is_revoked(token) && !t.facts().is_revoked(other));
    t.clock.advance(59);
    t.tidy().await.unwrap();
    assert!(t.facts().is_revoked(token), "not before its end");
    assert!(t.another_node().await.facts().is_revoked(token), "also where it was not revoked");
    t.clock.advance(2);
    t.tidy().await.unwrap();
    assert!(!t.facts().is_revoked(token), "past its end nobody needs to know");
    assert_eq!(t.raw().await.count("revoked_token", "1 = 1").await, 0);
}
