//! Shares of single resources.

use std::collections::HashMap;

use model::permission::ActionSet;
use model::{Action, OrganizationId, PrincipalId, Resource, TeamId, WorkspaceId};
use store::Share;
use testkit::{TestStore, organization, origin, permits, principal, workspace};
use uuid::Uuid;

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn home() -> OrganizationId {
    OrganizationId(uuid(1))
}

async fn world() -> TestStore {
    let t = TestStore::new().await;
    t.change(async |session| {
        session.insert_organization(&organization(1, "home")).await?;
        session.insert_principal(&principal(2, "ada", None)).await?;
        session.insert_workspace(&workspace(3, home(), "one")).await?;
        session.insert_workspace(&workspace(4, home(), "two")).await
    })
    .await
    .unwrap();
    t
}

fn reading() -> ActionSet {
    [Action::Read].into_iter().collect()
}

async fn share(t: &TestStore, workspace: u128, grantee: u128, resource: &str, actions: ActionSet) {
    let permit = permits::in_workspace(home(), WorkspaceId(uuid(workspace)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    let share = Share { grantee: uuid(grantee), is_team: grantee > 100, actions };
    session.set_share(share, resource).await.unwrap();
    session.record(TestStore::event());
    session.commit().await.unwrap();
}

/// How many resources somebody may read in a workspace.
async fn readable(t: &TestStore, workspace: u128, account: u128, teams: &[TeamId], all: &[&str]) -> usize {
    let entry = t.facts().workspace(WorkspaceId(uuid(workspace))).await.unwrap().unwrap();
    let shares = t.facts().shares(&entry, PrincipalId(uuid(account)), teams).await.unwrap();
    let mut count = 0;
    for text in all {
        let mut wanted = model::Shares::default();
        wanted.add(&Resource::parse(text).unwrap(), reading());
        assert!(!wanted.is_empty(), "{text} names no resource");
        count += usize::from(shares_one(&shares, text));
    }
    count
}

/// A share is asked for through the rights of somebody who holds nothing else.
fn shares_one(shares: &model::Shares, text: &str) -> bool {
    let (account, facts) = (
        principal(2, "ada", None),
        model::OrganizationFacts { organization: organization(1, "home"), roles: HashMap::new() },
    );
    let access = model::Access { principal: &account, organization: &facts, membership: None, scope: None };
    let (at, none) = (workspace(3, home(), "one"), model::Shares::default());
    let rights = model::access::WorkspaceRights::new(&access, &at, shares, &none);
    rights.allows(&Resource::parse(text).unwrap(), Action::Read)
}

#[tokio::test]
async fn a_share_is_replaced_and_taken_away_and_counts_in_its_workspace_only() {
    let t = world().await;
    let stack = format!("stack/{}", uuid(9));
    let all = [stack.as_str()];
    assert_eq!(readable(&t, 3, 2, &[], &all).await, 0, "and that is remembered");
    share(&t, 3, 2, &stack, reading()).await;
    assert_eq!(readable(&t, 3, 2, &[], &all).await, 1);
    assert_eq!(readable(&t, 4, 2, &[], &all).await, 0);
    let other: ActionSet = [Action::Update].into_iter().collect();
    share(&t, 3, 2, &stack, other).await;
    assert_eq!(readable(&t, 3, 2, &[], &all).await, 0, "replaced, not added to");
    let permit = permits::in_workspace::<model::Read>(home(), WorkspaceId(uuid(3)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    assert_eq!(session.find_share(uuid(2), &stack).await.unwrap(), other);
    assert_eq!(session.list_shares(&stack).await.unwrap().len(), 1);
    drop(session);
    share(&t, 3, 2, &stack, ActionSet::NONE).await;
    assert_eq!(t.raw().await.count("resource_grant", "1 = 1").await, 0);
}

#[tokio::test]
async fn a_project_that_is_gone_takes_the_shares_of_all_in_it_and_no_other() {
    let t = world().await;
    let (gone, next) = (uuid(0xff), uuid(0x100));
    let resources = [
        format!("{gone}:pipeline/{}", uuid(1)),
        format!("{gone}:zzz_unknown/{}", uuid(2)),
        format!("{next}:pipeline/{}", uuid(3)),
        format!("project/{gone}"),
        format!("stack/{gone}"),
    ];
    let all: Vec<&str> = resources.iter().map(String::as_str).collect();
    for resource in &all {
        share(&t, 3, 2, resource, reading()).await;
        share(&t, 4, 2, resource, reading()).await;
    }
    assert_eq!(readable(&t, 3, 2, &[], &all).await, 5);
    let permit = permits::in_workspace(home(), WorkspaceId(uuid(3)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    assert_eq!(session.delete_project_resources(gone).await.unwrap(), 2);
    assert_eq!(session.delete_resource(&format!("project/{gone}")).await.unwrap(), 1);
    assert_eq!(session.delete_resource("stack/none").await.unwrap(), 0);
    session.record(TestStore::event());
    session.commit().await.unwrap();
    assert_eq!(readable(&t, 3, 2, &[], &all[..2]).await, 0);
    assert_eq!(readable(&t, 3, 2, &[], &all[2..]).await, 2, "the next project's, and the stack's of that id");
    assert_eq!(readable(&t, 4, 2, &[], &all).await, 5, "another workspace may have a project of the same id");
}

#[tokio::test]
async fn what_came_through_a_team_goes_with_the_team() {
    let t = world().await;
    let (stack, team) = (format!("stack/{}", uuid(9)), TeamId(uuid(200)));
    let all = [stack.as_str()];
    share(&t, 3, 200, &stack, reading()).await;
    assert_eq!(readable(&t, 3, 2, &[team], &all).await, 1);
    assert_eq!(readable(&t, 3, 2, &[], &all).await, 0, "the teams of the moment count, not remembered ones");
    assert_eq!(readable(&t, 3, 2, &[team], &all).await, 1);
}
