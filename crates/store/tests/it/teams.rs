//! Teams, who is in them, and the lists of members in which they stand.

use model::{
    Action, Assignee, Level, OrganizationId, Place, PrincipalId, ProjectId, Read, RoleId, Team, TeamId,
    WorkspaceId, Write,
};
use store::{AssignmentFilter, CountedTeam, Listed, Member, MemberFilter, Page, Session, Share};
use testkit::{TestStore, organization, origin, permits, principal, role, team, workspace};
use uuid::Uuid;

const ALL: Page = Page { offset: 0, limit: 100 };
const EVERYBODY: MemberFilter = MemberFilter { role: None, users: true, service_accounts: true, teams: true };

const HOME: OrganizationId = OrganizationId(Uuid::from_u128(1));
const SHOP: WorkspaceId = WorkspaceId(Uuid::from_u128(2));
const OTHER: WorkspaceId = WorkspaceId(Uuid::from_u128(3));
const PROJECT: ProjectId = ProjectId(Uuid::from_u128(4));
const ADA: PrincipalId = PrincipalId(Uuid::from_u128(11));
const BOT: PrincipalId = PrincipalId(Uuid::from_u128(12));
const CAT: PrincipalId = PrincipalId(Uuid::from_u128(13));
const STRANGER: PrincipalId = PrincipalId(Uuid::from_u128(14));
const IN_SHOP: RoleId = RoleId(Uuid::from_u128(21));
const IN_PROJECT: RoleId = RoleId(Uuid::from_u128(22));
const EVERYWHERE: RoleId = RoleId(Uuid::from_u128(23));

fn data() -> Team {
    Team { description: Some("trains".to_owned()), ..team(31, HOME, "Data") }
}

/// Of home: ada and a bot, both in the team "Data", cat in no team, and the empty team "Art". The team holds a
/// role in the shop and one in a project of it; ada one everywhere, cat one in another workspace. A stranger
/// belongs to another organization.
async fn world() -> TestStore {
    let t = TestStore::new().await;
    t.change(async |session| {
        let (home, away) = (organization(1, "home"), organization(9, "away"));
        session.insert_organization(&home).await?;
        session.insert_organization(&away).await?;
        session.insert_workspace(&workspace(2, HOME, "shop")).await?;
        session.insert_workspace(&workspace(3, HOME, "other")).await?;
        for (number, name, organization) in
            [(11, "ada", None), (12, "bot", Some(HOME)), (13, "cat", None), (14, "stranger", Some(away.id))]
        {
            session.insert_principal(&principal(number, name, organization)).await?;
            let id = PrincipalId(Uuid::from_u128(number));
            let place = if id == STRANGER { away.id } else { HOME };
            session.insert_membership(place, id, home.created).await?;
        }
        session.insert_team(&data()).await?;
        session.insert_team(&team(32, HOME, "Art")).await?;
        session.insert_team(&team(33, away.id, "Elsewhere")).await?;
        assert!(session.insert_team_member(&data(), ADA).await?);
        assert!(session.insert_team_member(&data(), BOT).await?);
        let in_shop = role(21, HOME, Level::Workspace, "In shop", &["stack:read"]);
        let in_project = role(22, HOME, Level::Project, "In project", &["pipeline:read"]);
        let everywhere = role(23, HOME, Level::Organization, "Everywhere", &["team:read"]);
        for role in [&in_shop, &in_project, &everywhere] {
            session.insert_role(role).await?;
        }
        let of_team = Assignee::Team(data().id);
        session.insert_assignment(&in_shop, of_team, Place::Workspace(SHOP)).await?;
        session.insert_assignment(&in_project, of_team, Place::Project(SHOP, PROJECT)).await?;
        session.insert_assignment(&everywhere, Assignee::Principal(ADA), Place::Organization).await?;
        session.insert_assignment(&in_shop, Assignee::Principal(CAT), Place::Workspace(OTHER)).await
    })
    .await
    .unwrap();
    t
}

async fn reading(t: &TestStore) -> Session<Read> {
    t.begin(permits::in_organization(HOME), origin()).await.unwrap()
}

async fn writing(t: &TestStore) -> Session<Write> {
    t.begin(permits::in_organization(HOME), origin()).await.unwrap()
}

async fn commit(mut session: Session<Write>) {
    session.record(TestStore::event());
    session.commit().await.unwrap();
}

/// Each member with its roles, as `ada: Everywhere, In shop@shop via Data`.
fn shown(listed: &Listed<Member>) -> Vec<String> {
    let role = |id: RoleId| match id {
        IN_SHOP => "shop",
        IN_PROJECT => "project",
        _ => "everywhere",
    };
    let member = |member: &Member| {
        let held = member.assignments.iter().map(|held| {
            assert!(held.via_team.is_none_or(|team| team == data().id));
            format!("{}{}", role(held.role), if held.via_team.is_some() { " via team" } else { "" })
        });
        let mut held: Vec<String> = held.collect();
        held.sort();
        format!("{}: {}", member.holder.label(), held.join(", "))
    };
    listed.rows.iter().map(member).collect()
}

/// How many roles somebody holds and in how many teams it is, from memory.
async fn remembered(t: &TestStore, id: PrincipalId) -> Option<(usize, usize)> {
    let entry = t.facts().organization(HOME).await.unwrap().unwrap();
    let membership = t.facts().membership(&entry, id).await.unwrap()?;
    Some((membership.assignments.len(), membership.teams.len()))
}

#[tokio::test]
async fn teams_come_back_as_they_were_written_and_only_in_their_organization() {
    let t = world().await;
    let mut session = reading(&t).await;
    assert_eq!(session.find_team(data().id).await.unwrap(), Some(data()));
    let foreign = TeamId(Uuid::from_u128(33));
    assert_eq!(session.find_team(foreign).await.unwrap(), None);
    assert_eq!(session.count_team_members(data().id).await.unwrap(), 2);
    let listed = session.list_teams(None, ALL).await.unwrap();
    let art = CountedTeam { team: team(32, HOME, "Art"), members: 0 };
    assert_eq!((listed.rows, listed.total), (vec![art, CountedTeam { team: data(), members: 2 }], 2));
    let named = session.list_teams(Some("DATA"), Page { offset: 0, limit: 1 }).await.unwrap();
    assert_eq!(named.rows.iter().map(|found| found.team.id).collect::<Vec<_>>(), [data().id]);
    let members = session.list_team_members(data().id, ALL).await.unwrap();
    assert_eq!(members.rows.iter().map(|member| member.id).collect::<Vec<_>>(), [ADA, BOT]);
    drop(session);
    assert_eq!(t.facts().organization_of_team(data().id).await.unwrap(), Some(HOME));
    assert_eq!(t.facts().organization_of_team(TeamId(Uuid::nil())).await.unwrap(), None);
    let renamed = Team { description: None, ..team(31, HOME, "Models") };
    let mut session = writing(&t).await;
    session.update_team(&renamed).await.unwrap();
    commit(session).await;
    assert_eq!(reading(&t).await.find_team(renamed.id).await.unwrap(), Some(renamed));
}

#[tokio::test]
async fn who_enters_and_leaves_a_team_gets_and_loses_its_roles_in_memory() {
    let t = world().await;
    assert_eq!(remembered(&t, CAT).await, Some((1, 0)));
    let mut session = writing(&t).await;
    assert!(session.insert_team_member(&data(), CAT).await.unwrap());
    commit(session).await;
    assert_eq!(remembered(&t, CAT).await, Some((3, 1)));
    let mut session = writing(&t).await;
    assert!(session.delete_team_member(&data(), CAT).await.unwrap());
    assert!(!session.delete_team_member(&data(), CAT).await.unwrap(), "it is out already");
    commit(session).await;
    assert_eq!(remembered(&t, CAT).await, Some((1, 0)));
    let mut session = writing(&t).await;
    assert!(!session.insert_team_member(&data(), STRANGER).await.unwrap(), "not of the organization");
    assert_eq!(session.count_team_members(data().id).await.unwrap(), 2);
}

#[tokio::test]
async fn who_leaves_the_organization_leaves_its_teams() {
    let t = world().await;
    let mut session = writing(&t).await;
    assert!(session.delete_membership(ADA).await.unwrap());
    commit(session).await;
    assert_eq!(remembered(&t, ADA).await, None);
    let now = t.env().now();
    t.change(async |session| session.insert_membership(HOME, ADA, now).await).await.unwrap();
    assert_eq!(remembered(&t, ADA).await, Some((0, 0)), "and does not come back into them");
}

#[tokio::test]
async fn a_team_takes_its_roles_and_shares_along() {
    let t = world().await;
    let resource = format!("stack/{}", Uuid::from_u128(5));
    let actions = [Action::Read].into_iter().collect();
    let mut session: Session<Write> = t.begin(permits::in_workspace(HOME, SHOP), origin()).await.unwrap();
    session.set_share(Share { grantee: data().id.0, is_team: true, actions }, &resource).await.unwrap();
    commit(session).await;
    let shared = async || {
        let entry = t.facts().workspace(SHOP).await.unwrap().unwrap();
        !t.facts().shares(&entry, ADA, &[data().id]).await.unwrap().is_empty()
    };
    assert!(shared().await);
    let mut session = writing(&t).await;
    let listed = session.list_shared_with(data().id.0).await.unwrap();
    assert_eq!(
        listed.iter().map(|share| (share.workspace, share.resource.as_str())).collect::<Vec<_>>(),
        [(SHOP, resource.as_str())]
    );
    assert!(!session.find_shares(SHOP, ADA, &[data().id]).await.unwrap().is_empty());
    assert!(session.find_shares(SHOP, ADA, &[]).await.unwrap().is_empty());
    assert_eq!(session.list_team_assignments(data().id).await.unwrap().len(), 2);
    session.delete_team(&data()).await.unwrap();
    commit(session).await;
    assert!(!shared().await, "also in memory");
    assert_eq!(remembered(&t, ADA).await, Some((1, 0)));
    let mut raw = t.raw().await;
    for (table, left) in [("team_member", 0), ("resource_grant", 0), ("role_assignment", 2), ("team", 2)] {
        assert_eq!(raw.count(table, "1 = 1").await, left, "{table}");
    }
}

#[tokio::test]
async fn the_members_of_an_organization_are_its_accounts_and_then_its_teams() {
    let t = world().await;
    let mut session = reading(&t).await;
    let all = session.list_members(EVERYBODY, ALL).await.unwrap();
    let expected = [
        "ada: everywhere, project via team, shop via team",
        "bot: project via team, shop via team",
        "cat: shop",
        "the team 'Art': ",
        "the team 'Data': project, shop",
    ];
    assert_eq!((shown(&all), all.total), (expected.map(str::to_owned).to_vec(), 5));
    // However the list is cut into pages, the pages make up the list.
    for limit in 1..=6 {
        let mut rows = Vec::new();
        for offset in (0..6).step_by(limit) {
            let page = Page { offset, limit: i64::try_from(limit).unwrap() };
            let listed = session.list_members(EVERYBODY, page).await.unwrap();
            assert_eq!(listed.total, 5);
            rows.extend(shown(&listed));
        }
        assert_eq!(rows, expected, "pages of {limit}");
    }
    for (filter, wanted) in [
        (MemberFilter { users: false, ..EVERYBODY }, &["bot", "the team 'Art'", "the team 'Data'"][..]),
        (MemberFilter { service_accounts: false, teams: false, ..EVERYBODY }, &["ada", "cat"]),
        (MemberFilter { users: false, service_accounts: false, teams: false, ..EVERYBODY }, &[]),
        (MemberFilter { role: Some(IN_SHOP), ..EVERYBODY }, &["cat", "the team 'Data'"]),
    ] {
        let listed = session.list_members(filter, ALL).await.unwrap();
        let names: Vec<String> = listed.rows.iter().map(|member| member.holder.label()).collect();
        assert_eq!(names, wanted, "{filter:?}");
        assert_eq!(listed.total, i64::try_from(wanted.len()).unwrap());
    }
}

#[tokio::test]
async fn the_members_of_a_place_hold_something_there_directly_or_through_a_team() {
    let t = world().await;
    let at = async |workspace, project| {
        let permit = permits::in_workspace::<Read>(HOME, workspace);
        let mut session = t.begin(permit, origin()).await.unwrap();
        shown(&session.list_place_members(EVERYBODY, project, ALL).await.unwrap())
    };
    let in_shop = [
        "ada: project via team, shop via team",
        "bot: project via team, shop via team",
        "the team 'Data': project, shop",
    ];
    assert_eq!(at(SHOP, None).await, in_shop);
    let in_project = ["ada: project via team", "bot: project via team", "the team 'Data': project"];
    assert_eq!(at(SHOP, Some(PROJECT)).await, in_project);
    assert_eq!(at(OTHER, None).await, ["cat: shop"]);
    // A project is one of its workspace: the same id elsewhere is another one.
    assert_eq!(at(OTHER, Some(PROJECT)).await, [""; 0]);
}

#[tokio::test]
async fn a_role_tells_who_holds_it_at_every_level() {
    let t = world().await;
    let mut session = reading(&t).await;
    let anywhere = AssignmentFilter { workspace: None, project: None };
    let mut holders = async |role| {
        let held = session.list_holders(role, anywhere).await.unwrap();
        let held = held
            .into_iter()
            .map(|(held, holder)| format!("{} {}", holder.unwrap().label(), held.place.level()));
        held.collect::<Vec<_>>()
    };
    assert_eq!(holders(IN_SHOP).await, ["the team 'Data' workspace", "cat workspace"]);
    assert_eq!(holders(IN_PROJECT).await, ["the team 'Data' project"]);
    assert_eq!(holders(EVERYWHERE).await, ["ada organization"]);
}

#[tokio::test]
async fn a_role_that_is_changed_or_deleted_counts_as_it_is_now() {
    let t = world().await;
    let changed = role(21, HOME, Level::Workspace, "Renamed", &["stack:update"]);
    let mut session = writing(&t).await;
    session.update_role(&changed).await.unwrap();
    commit(session).await;
    let entry = t.facts().organization(HOME).await.unwrap().unwrap();
    assert_eq!(entry.facts.roles.get(&IN_SHOP), Some(&changed));
    let mut session = writing(&t).await;
    session.delete_role(&changed).await.unwrap();
    commit(session).await;
    assert!(!t.facts().organization(HOME).await.unwrap().unwrap().facts.roles.contains_key(&IN_SHOP));
    assert_eq!(remembered(&t, ADA).await, Some((2, 1)), "it is taken from the team as well");
    assert_eq!(t.raw().await.count("role_assignment", "1 = 1").await, 2);
}

#[tokio::test]
async fn an_organization_is_left_alone_by_its_last_active_person_who_administers_it_directly() {
    let t = world().await;
    let admin = role(41, HOME, Level::Organization, "Organization Admin", &["*:*"]);
    let give = async |assignee| {
        t.change(async |session| session.insert_assignment(&admin, assignee, Place::Organization).await)
            .await
            .unwrap();
    };
    let left_alone = async |id| {
        let found = t.writing().await.find_organization_left_alone_by(id).await.unwrap();
        found.map(|organization| organization.id)
    };
    t.change(async |session| session.insert_role(&admin).await).await.unwrap();
    assert_eq!(left_alone(ADA).await, None, "it does not administer");
    for assignee in [Assignee::Principal(ADA), Assignee::Principal(BOT), Assignee::Team(data().id)] {
        give(assignee).await;
    }
    assert_eq!(left_alone(ADA).await, Some(HOME), "neither bots nor teams count");
    assert_eq!(left_alone(CAT).await, None);
    give(Assignee::Principal(CAT)).await;
    assert_eq!(left_alone(ADA).await, None);
    let asleep = model::Principal { is_active: false, ..principal(13, "cat", None) };
    t.change(async |session| session.update_principal(&asleep).await).await.unwrap();
    assert_eq!(left_alone(ADA).await, Some(HOME), "nor does who cannot sign in");
}
