//! Lists: pages and totals, filters, and what a permit shows.

use model::{
    Assignee, Level, OrganizationId, Place, PrincipalId, PrincipalKind, Read, Result, Visibility,
    WorkspaceId, WorkspaceState,
};
use store::{
    AssignmentFilter, Listed, MemberFilter, OrganizationFilter, Page, PrincipalFilter, RoleFilter, Session,
    Share, WorkspaceFilter,
};
use testkit::{TestStore, credential, organization, origin, permits, principal, role, workspace};
use uuid::Uuid;

const ALL: Page = Page { offset: 0, limit: 100 };

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Two organizations. Of the first: ada (1) and bot (3), workspaces "b" (21) and "A" (22); of the second: bob
/// (2) and workspace "c" (23). Eve (4) belongs nowhere.
async fn world() -> TestStore {
    let t = TestStore::new().await;
    t.change(async |session| {
        let (one, mut two) = (organization(11, "One"), organization(12, "Two"));
        two.owner = Some(PrincipalId(uuid(2)));
        let mut ada = principal(1, "Ada", None);
        ada.email = Some("ada@example.com".to_owned());
        let (bob, eve) = (principal(2, "bob", None), principal(4, "Eve", None));
        let mut bot = principal(3, "ada", Some(one.id));
        bot.is_active = false;
        session.insert_organization(&one).await?;
        session.insert_organization(&two).await?;
        for account in [&ada, &bob, &eve, &bot] {
            session.insert_principal(account).await?;
        }
        session.insert_membership(one.id, ada.id, one.created).await?;
        session.insert_membership(one.id, bot.id, one.created).await?;
        session.insert_membership(two.id, bob.id, one.created).await?;
        let (mut b, a, mut c) =
            (workspace(21, one.id, "b"), workspace(22, one.id, "A"), workspace(23, two.id, "c"));
        b.server_url = Some("https://b.example.com".to_owned());
        b.status = WorkspaceState::Pending;
        c.owner = Some(bob.id);
        for workspace in [&b, &a, &c] {
            session.insert_workspace(workspace).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    t
}

async fn listing(t: &TestStore, visibility: Visibility) -> Session<Read> {
    t.begin(permits::listing(visibility), origin()).await.unwrap()
}

fn only(organizations: &[u128], workspaces: &[u128], principal: u128) -> Visibility {
    Visibility::Listed {
        organizations: organizations.iter().map(|id| OrganizationId(uuid(*id))).collect(),
        workspaces: workspaces.iter().map(|id| WorkspaceId(uuid(*id))).collect(),
        shared_with: Some(PrincipalId(uuid(principal))),
    }
}

/// The names of a page, and its total, which must fit when the page holds all.
fn names<T>(listed: Result<Listed<T>>, name: impl Fn(&T) -> &str) -> Vec<String> {
    let listed = listed.unwrap();
    assert_eq!(usize::try_from(listed.total).unwrap(), listed.rows.len());
    listed.rows.iter().map(|row| name(row).to_owned()).collect()
}

#[tokio::test]
async fn pages_put_together_are_the_whole_list_and_each_knows_the_total() {
    let t = TestStore::new().await;
    let ada = principal(1, "ada", None);
    // Upper case, digits and marks: an order by the server's language would differ from bytes.
    t.change(async |session| {
        session.insert_principal(&ada).await?;
        for (number, name) in (10..).zip(["zz", "B_2", "éa", "b", "É", "a-1", "c.3"]) {
            session.insert_credential(&credential(number, &ada, name)).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let mut session = t.reading().await;
    for limit in [1, 2, 3, 7, 100] {
        let mut found = Vec::new();
        for offset in (0..=7).step_by(usize::try_from(limit).unwrap()) {
            let listed = session.list_credentials(&ada, Page { offset, limit }).await.unwrap();
            assert_eq!(listed.total, 7, "behind the end as well");
            found.extend(listed.rows.into_iter().map(|credential| credential.name));
        }
        // "a-1" < "b" < "b_2" < "c.3" < "zz" < "é" < "éa" by the bytes of the folded names.
        assert_eq!(found, ["a-1", "b", "B_2", "c.3", "zz", "É", "éa"]);
    }
}

#[tokio::test]
async fn organizations_are_filtered_and_hidden() {
    let t = world().await;
    let by_name = |name: &str| OrganizationFilter { name: Some(name.to_owned()), ..Default::default() };
    let owned = OrganizationFilter { owner: Some(PrincipalId(uuid(2))), ..Default::default() };
    let owned_by_name = OrganizationFilter { owner_username: Some("BOB".to_owned()), ..Default::default() };
    for (visibility, filter, wanted) in [
        (Visibility::All, OrganizationFilter::default(), &["One", "Two"][..]),
        (Visibility::All, by_name("tWO"), &["Two"]),
        (Visibility::All, owned.clone(), &["Two"]),
        (Visibility::All, owned_by_name, &["Two"]),
        (only(&[11], &[], 1), OrganizationFilter::default(), &["One"]),
        (only(&[11], &[], 1), by_name("two"), &[]),
        (only(&[11], &[], 1), owned, &[]),
        (only(&[], &[], 4), OrganizationFilter::default(), &[]),
    ] {
        let listed = listing(&t, visibility).await.list_organizations(filter.clone(), ALL).await;
        assert_eq!(names(listed, |found| &found.name), wanted, "{filter:?}");
    }
}

#[tokio::test]
async fn workspaces_are_filtered() {
    let t = world().await;
    let none = WorkspaceFilter::default;
    for (filter, wanted) in [
        (none(), &["A", "b", "c"][..]),
        (WorkspaceFilter { id: Some(WorkspaceId(uuid(22))), ..none() }, &["A"]),
        (WorkspaceFilter { name: Some("a".to_owned()), ..none() }, &["A"]),
        (WorkspaceFilter { url: Some("https://b.example.com".to_owned()), ..none() }, &["b"]),
        (WorkspaceFilter { organization: Some(OrganizationId(uuid(11))), ..none() }, &["A", "b"]),
        (WorkspaceFilter { status: Some(WorkspaceState::Pending), ..none() }, &["b"]),
        (WorkspaceFilter { is_managed: Some(true), ..none() }, &[]),
        (WorkspaceFilter { owner: Some(PrincipalId(uuid(2))), ..none() }, &["c"]),
    ] {
        let listed = listing(&t, Visibility::All).await.list_workspaces(filter.clone(), ALL).await;
        assert_eq!(names(listed, |found| &found.name), wanted, "{filter:?}");
    }
}

#[tokio::test]
async fn a_list_of_workspaces_shows_only_whole_organizations_single_ones_and_shared_ones() {
    let t = world().await;
    let (one, b) = (OrganizationId(uuid(11)), WorkspaceId(uuid(21)));
    let permit = permits::in_workspace(one, b);
    let mut session = t.begin(permit, origin()).await.unwrap();
    let actions = [model::Action::Read].into_iter().collect();
    let share = Share { grantee: uuid(4), is_team: false, actions };
    session.set_share(share, &format!("stack/{}", uuid(1))).await.unwrap();
    session.record(TestStore::event());
    session.commit().await.unwrap();
    for (visibility, wanted) in [
        (only(&[11], &[], 1), &["A", "b"][..]),
        (only(&[], &[22, 23], 1), &["A", "c"]),
        (only(&[12], &[22], 1), &["A", "c"]),
        (only(&[], &[], 1), &[]),
        (only(&[], &[], 4), &["b"]),
    ] {
        let shown = format!("{visibility:?}");
        let mut session = listing(&t, visibility).await;
        let listed = session.list_workspaces(WorkspaceFilter::default(), ALL).await;
        assert_eq!(names(listed, |found| &found.name), wanted, "{shown}");
        let page = session.list_workspaces(WorkspaceFilter::default(), Page { offset: 0, limit: 1 }).await;
        assert_eq!(page.unwrap().total, i64::try_from(wanted.len()).unwrap(), "totals tell nothing more");
    }
    let mut session = t.begin(permits::in_organization::<Read>(one), origin()).await.unwrap();
    let listed = session.list_workspaces(WorkspaceFilter::default(), ALL).await;
    assert_eq!(names(listed, |found| &found.name), ["A", "b"], "an organization's permit shows its own");
}

#[tokio::test]
async fn accounts_are_filtered_and_hidden() {
    let t = world().await;
    let none = PrincipalFilter::default;
    let bots = PrincipalFilter { kind: Some(PrincipalKind::ServiceAccount), ..none() };
    let in_two = PrincipalFilter { organization: Some(OrganizationId(uuid(12))), ..none() };
    for (visibility, filter, wanted) in [
        (Visibility::All, none(), &["Ada", "ada", "bob", "Eve"][..]),
        (Visibility::All, PrincipalFilter { username: Some("ADA".to_owned()), ..none() }, &["Ada", "ada"]),
        (Visibility::All, PrincipalFilter { email: Some("ADA@example.com".to_owned()), ..none() }, &["Ada"]),
        (Visibility::All, PrincipalFilter { is_active: Some(false), ..none() }, &["ada"]),
        (Visibility::All, bots.clone(), &["ada"]),
        (Visibility::All, in_two.clone(), &["bob"]),
        (only(&[11], &[], 1), none(), &["Ada", "ada"]),
        (only(&[11], &[], 1), in_two, &[]),
        (only(&[], &[], 4), none(), &["Eve"]),
        (only(&[], &[], 4), bots, &[]),
    ] {
        let listed = listing(&t, visibility).await.list_principals(filter.clone(), ALL).await;
        assert_eq!(names(listed, |found| &found.username), wanted, "{filter:?}");
    }
}

#[tokio::test]
async fn an_account_is_found_only_within_the_reach_of_the_permit() {
    let t = world().await;
    let (one, ada, bob) = (OrganizationId(uuid(11)), PrincipalId(uuid(1)), PrincipalId(uuid(2)));
    let mut own = t.begin(permits::own_account::<Read>(ada), origin()).await.unwrap();
    assert!(own.find_principal(ada).await.unwrap().is_some());
    assert!(own.find_principal(bob).await.unwrap().is_none());
    let mut organization = t.begin(permits::in_organization::<Read>(one), origin()).await.unwrap();
    assert!(organization.find_principal(ada).await.unwrap().is_some());
    assert!(organization.find_principal(bob).await.unwrap().is_none());
    assert!(organization.find_service_account("ADA").await.unwrap().is_some());
    assert!(organization.find_service_account(&ada.to_string()).await.unwrap().is_none(), "a person");
    assert!(organization.find_workspace(WorkspaceId(uuid(23))).await.unwrap().is_none(), "of another");
    let other = permits::in_workspace::<Read>(one, WorkspaceId(uuid(23)));
    assert!(t.begin(other, origin()).await.unwrap().get_workspace().await.is_err(), "ids are not mixed");
}

#[tokio::test]
async fn roles_are_ordered_by_level_and_filtered_by_holder() {
    let t = world().await;
    let (one, ada) = (OrganizationId(uuid(11)), PrincipalId(uuid(1)));
    let (b, project) = (WorkspaceId(uuid(21)), model::ProjectId(uuid(77)));
    let low = role(31, one, Level::Project, "Low", &["pipeline:read"]);
    let middle = role(32, one, Level::Workspace, "Middle", &["stack:read"]);
    let mut high = role(33, one, Level::Organization, "High", &["team:read"]);
    high.system_managed = true;
    t.change(async |session| {
        for role in [&low, &middle, &high] {
            session.insert_role(role).await?;
        }
        session.insert_assignment(&low, Assignee::Principal(ada), Place::Project(b, project)).await?;
        session.insert_assignment(&middle, Assignee::Principal(ada), Place::Workspace(b)).await
    })
    .await
    .unwrap();
    let mut session = t.begin(permits::in_organization::<Read>(one), origin()).await.unwrap();
    let none = RoleFilter::default;
    for (filter, wanted) in [
        (none(), &["High", "Middle", "Low"][..]),
        (RoleFilter { name: Some("LOW".to_owned()), ..none() }, &["Low"]),
        (RoleFilter { level: Some(Level::Workspace), ..none() }, &["Middle"]),
        (RoleFilter { system_managed: Some(true), ..none() }, &["High"]),
        (RoleFilter { principal: Some(ada), ..none() }, &["Middle", "Low"]),
        (RoleFilter { team: Some(model::TeamId(uuid(5))), ..none() }, &[]),
    ] {
        let listed = session.list_roles(filter.clone(), ALL).await;
        assert_eq!(names(listed, |found| &found.name), wanted, "{filter:?}");
    }
    let anywhere = AssignmentFilter { workspace: None, project: None };
    let elsewhere = AssignmentFilter { workspace: Some(WorkspaceId(uuid(22))), project: None };
    assert_eq!(session.list_role_assignments(low.id, anywhere).await.unwrap().len(), 1);
    assert!(session.list_role_assignments(low.id, elsewhere).await.unwrap().is_empty());
    let everybody = MemberFilter { role: None, users: true, service_accounts: true, teams: true };
    let members = session.list_members(everybody, ALL).await.unwrap();
    assert_eq!((members.total, session.count_members().await.unwrap()), (2, 2));
    let held: Vec<usize> = members.rows.iter().map(|member| member.assignments.len()).collect();
    assert_eq!(held, [2, 0], "ada's roles, none of the bot");
    let mut session = t.begin(permits::in_workspace::<Read>(one, b), origin()).await.unwrap();
    let members = session.list_place_members(everybody, None, ALL).await.unwrap();
    assert_eq!(members.rows.iter().map(|member| member.assignments.len()).collect::<Vec<_>>(), [2]);
}
