//! A large organization: people, teams, roles and shared resources, and what questions about them cost.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use model::permission::ActionSet;
use model::{
    Action, Assignee, Level, OrganizationId, Place, Principal, PrincipalId, ProjectId, Role, WorkspaceId,
};
use store::{Share, Store};
use uuid::Uuid;

use crate::Args;
use crate::cases::{Callers, Case, question};
use crate::connection::Connection;
use crate::installation::{CONFIG, address, make_callers};
use crate::load::Measured;
use crate::process::{Process, now};
use crate::seed;

/// People of the organization.
const PEOPLE: usize = 1_000;
/// Teams, each with 30 of them.
const TEAMS: usize = 100;
/// Direct assignments a person: one in the workspace, the others in projects.
const OWN_ROLES: usize = 8;
/// Assignments a team.
const TEAM_ROLES: usize = 20;
/// Shares of the one person with the most; the others have the rest evenly.
const MOST_SHARES: usize = 100_000;
/// Shares that a transaction makes.
const BATCH: usize = 50_000;

/// What questions cost.
pub(crate) struct CrowdReport {
    pub(crate) shares: usize,
    /// The first question of all: everything is read from the database.
    pub(crate) cold: Duration,
    /// The first question about the person with the most shares.
    pub(crate) cold_most: Duration,
    /// The first question about each of the others.
    pub(crate) first: Measured,
    pub(crate) single: Measured,
    pub(crate) batch: Measured,
    pub(crate) ids: Measured,
    /// KiB before the first question, and when all are known.
    pub(crate) memory: (u64, u64),
}

fn project() -> ProjectId {
    ProjectId(Uuid::from_u128(0x0b00_0000_0000_4000_8000_0000_0000_0001))
}

fn pipeline(number: usize) -> String {
    format!("{}:pipeline/0c000000-0000-4000-8000-{number:012x}", project())
}

/// Makes the organization, starts a server on it, and asks.
pub(crate) async fn measure(args: &Args, data: &Path) -> Result<CrowdReport> {
    let config = data.with_extension("toml");
    std::fs::write(&config, CONFIG)?;
    let process = Process::start(&args.program, data, &config)?;
    let organization: OrganizationId = process.said("organization_id")?.parse()?;
    let mut callers = make_callers(&process).await?;
    process.stop()?;
    let people = fill(data, organization, callers.workspace.parse()?, args.shares).await?;
    let process = Process::start(&args.program, data, &config)?;
    callers.sign_in(&address(&process)?).await?;
    ask(args, &process, &callers, &people).await
}

async fn ask(
    args: &Args,
    process: &Process,
    callers: &Callers,
    people: &[PrincipalId],
) -> Result<CrowdReport> {
    let (most, others) = people.split_first().context("nobody")?;
    let one = |who: &PrincipalId, number| question(callers, &who.to_string(), &[pipeline(number)]);
    let mut connection = Connection::open(&address(process)?).await?;
    let before = process.memory()?;
    let cold = timed(&mut connection, &one(others.last().context("nobody")?, 0)).await?;
    let cold_most = timed(&mut connection, &one(most, 0)).await?;
    let firsts: Vec<Vec<u8>> = others.iter().map(|who| one(who, 0)).collect();
    let first = in_turn(process, Case { name: "first question", requests: firsts }, None).await?;
    let singles = others.iter().enumerate().map(|(number, who)| one(who, number)).collect();
    let single = Case { name: "single", requests: singles };
    let single = in_turn(process, single, Some(args.seconds)).await?;
    let page: Vec<String> = (0..1_000).map(pipeline).collect();
    let batches = others.iter().take(100).map(|who| question(callers, &who.to_string(), &page)).collect();
    let batch = in_turn(process, Case { name: "batch", requests: batches }, Some(args.seconds)).await?;
    let ids =
        Case { name: "ids", requests: vec![callers.allowed_ids(most, &format!("{}:pipeline", project()))] };
    let answer = connection.exchange(ids.requests.first().context("no request")?).await?;
    let answer: serde_json::Value = serde_json::from_slice(answer)?;
    let listed = answer.get("ids").and_then(|ids| ids.as_array()).map_or(0, Vec::len);
    anyhow::ensure!(listed == MOST_SHARES.min(args.shares), "{listed} ids: {answer}");
    let ids = in_turn(process, ids, Some(args.seconds)).await?;
    let memory = (before, process.memory()?);
    Ok(CrowdReport { shares: args.shares, cold, cold_most, first, single, batch, ids, memory })
}

async fn timed(connection: &mut Connection, request: &[u8]) -> Result<Duration> {
    let started = now();
    connection.exchange(request).await?;
    Ok(started.elapsed())
}

/// Sends requests one after the other, each once or for some time.
async fn in_turn(process: &Process, case: Case, seconds: Option<f64>) -> Result<Measured> {
    let mut pool = crate::load::Pool::open(&address(process)?, 1).await?;
    let mut measured = Measured::new(case.name);
    measured.add(match seconds {
        Some(seconds) => pool.slice(&case, process, seconds).await?,
        None => pool.once(&case, process).await?,
    });
    Ok(measured)
}

/// Fills the database and answers who is in the organization, the one with the most shares first.
async fn fill(
    data: &Path,
    organization: OrganizationId,
    workspace: WorkspaceId,
    shares: usize,
) -> Result<Vec<PrincipalId>> {
    eprintln!("preparing an organization of {PEOPLE} people");
    let store = seed::open(data).await?;
    // The first person of an installation becomes a super-user, of whom nothing is read.
    let people = seed::make_owners(&store, 1 + PEOPLE).await?.split_off(1);
    let entry = store.facts().organization(organization).await?.context("no organization")?;
    let role = |level, name| entry.facts.role_named(level, name).with_context(|| format!("no role {name}"));
    let (member, in_project) =
        (role(Level::Organization, "Organization Member")?, role(Level::Project, "Project Viewer")?);
    let mut session = seed::begin(&store).await?;
    for person in &people {
        session.insert_membership(organization, person.id, person.created).await?;
        session.insert_assignment(member, Assignee::Principal(person.id), Place::Organization).await?;
        seed::note(&mut session, organization);
    }
    session.commit().await?;
    assign(&store, workspace, (organization, in_project), &people).await?;
    share(&store, organization, workspace, &people, shares).await?;
    store.close().await?;
    Ok(people.iter().map(|person| person.id).collect())
}

async fn assign(
    store: &Store,
    workspace: WorkspaceId,
    (organization, role): (OrganizationId, &Role),
    people: &[Principal],
) -> Result<()> {
    let place =
        |number: usize| Place::Project(workspace, ProjectId(Uuid::from_u128(0x0d << 64 | number as u128)));
    let mut session = seed::begin(store).await?;
    for (number, person) in people.iter().enumerate() {
        for further in 0..OWN_ROLES {
            let place = place((number + further) % 200);
            session.insert_assignment(role, Assignee::Principal(person.id), place).await?;
        }
    }
    for number in 0..TEAMS {
        let team = testkit::team(0x7e << 64 | number as u128, organization, &format!("team-{number}"));
        session.insert_team(&team).await?;
        for further in 0..30 {
            let person = people.get((number * 7 + further * 31) % people.len()).context("nobody")?;
            session.insert_team_member(&team, person.id).await?;
        }
        for further in 0..TEAM_ROLES {
            session.insert_assignment(role, Assignee::Team(team.id), place(300 + number + further)).await?;
        }
    }
    seed::note(&mut session, organization);
    session.commit().await?;
    Ok(())
}

async fn share(
    store: &Store,
    organization: OrganizationId,
    workspace: WorkspaceId,
    people: &[Principal],
    count: usize,
) -> Result<()> {
    let most = MOST_SHARES.min(count);
    for first in (0..count).step_by(BATCH) {
        let permit = testkit::permits::in_workspace(organization, workspace);
        let mut session = store.begin(permit, seed::origin()).await?;
        for number in first..count.min(first + BATCH) {
            let person = if number < most { 0 } else { 1 + number % (people.len() - 1) };
            let grantee = people.get(person).context("nobody")?.id.0;
            let actions = ActionSet::NONE.with(Action::Read);
            session.set_share(Share { grantee, is_team: false, actions }, &pipeline(number)).await?;
        }
        seed::note(&mut session, organization);
        session.commit().await?;
        eprint!("\r  {} of {count} shares", count.min(first + BATCH));
    }
    eprintln!();
    Ok(())
}
