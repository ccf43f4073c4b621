//! Callers from another organization, with the ids of this one in all their requests: they reach nothing of it.
//! What each is answered follows from the operation's declaration, so a new operation is in it by itself.

use std::sync::Arc;

use control::credentials::CredentialCreate;
use control::scopes::ScopeInput;
use model::predefined::ROLES;
use model::{Level, Place, ProjectId};
use serde_json::{Value, json};
use server::target::Target;
use server::{Access, Operation, operations};
use uuid::Uuid;

use crate::harness::{Actor, Answer};
use crate::matrix::document;
use crate::requests::{Who, World};

/// A caller who has nothing to do with `home`.
struct Stranger {
    name: String,
    who: Who,
    is_machine: bool,
}

/// Everybody who could be somebody in an organization, and is it in `elsewhere`.
async fn strangers(world: &World) -> Vec<Stranger> {
    let (t, cast) = (&world.server.platform, &world.server.cast);
    let (admin, elsewhere) = (&cast.admin, &cast.elsewhere);
    let (far, key) = t.workspace(admin, elsewhere, "ws-far").await;
    let mut strangers = Vec::new();
    let mut add = |name: &str, bearer: &model::Secret, is_machine| {
        let who = Who::Bearing(bearer.expose().to_owned().leak());
        strangers.push(Stranger { name: name.to_owned(), who, is_machine });
    };
    for (number, role) in ROLES.iter().enumerate() {
        let place = match role.level {
            Level::Organization => Place::Organization,
            Level::Workspace => Place::Workspace(far.id),
            Level::Project => Place::Project(far.id, ProjectId(Uuid::from_u128(9))),
        };
        let at_first = if place == Place::Organization { role.name } else { "Organization Member" };
        let person = t.member(admin, elsewhere, &format!("far-{number}"), at_first).await;
        if place != Place::Organization {
            t.assign(admin, elsewhere, person.id, place, role.name).await.expect("cannot assign the role");
        }
        add(role.name, &person.bearer, false);
    }
    let bot = t.bot(admin, elsewhere, "far-bot", "Organization Admin").await;
    add("a key of the other organization", &bot.bearer, false);
    let machine = t.machine(&far, &key).await.expect("the machine cannot sign in");
    add("the machine of another workspace", &machine, true);
    let nobody_anywhere = t.user(admin, "stranger").await;
    add("a member of nothing", &nobody_anywhere.bearer, false);
    for (name, scope) in [
        ("organization", ScopeInput { organizations: Some(vec![elsewhere.id]), ..ScopeInput::default() }),
        ("workspace", ScopeInput { workspaces: Some(vec![far.id]), ..ScopeInput::default() }),
    ] {
        let input =
            CredentialCreate { name: name.to_owned(), scope: Some(scope), ..CredentialCreate::default() };
        let (_, token) = t.access_token(admin, input).await.expect("cannot make the token");
        add(&format!("a super-user narrowed to another {name}"), &token, false);
    }
    strangers
}

/// The status that must be answered, where the declaration leaves no choice.
fn expected(operation: &Operation, is_machine: bool) -> Option<u16> {
    match operation.access {
        Access::Permission(..) if is_machine => Some(403),
        Access::Machine => (!is_machine).then_some(403),
        Access::Permission(_, Target::Instance) => Some(403),
        Access::Public(_)
        | Access::Authenticated(_)
        | Access::Permission(_, Target::OwnAccount | Target::Workspaces | Target::OwnOrganizations) => None,
        Access::Permission(..) => Some(404),
    }
}

/// What nobody elsewhere may learn.
async fn identifiers(world: &World) -> Vec<String> {
    let admin = world.server.as_(Actor::Admin);
    let home = world.server.cast.home.id;
    let mut found = vec![home.to_string(), world.server.cast.workspace.id.to_string()];
    for part in ["members", "roles", "teams", "service_accounts"] {
        let listed =
            admin.get(&format!("/organizations/{home}/{part}")).query(&[("limit", "1000")]).await.ok();
        for row in listed.as_array().expect("a list") {
            let id = row.get("id").or_else(|| row["user"].get("id")).or_else(|| row["team"].get("id"));
            found.extend(id.and_then(Value::as_str).map(ToOwned::to_owned));
        }
    }
    // The super-user who calls is known to himself.
    found.retain(|id| *id != world.server.cast.admin.id.to_string());
    assert!(found.len() > 20, "home was not read: {found:?}");
    found
}

async fn happened_at_home(world: &World) -> Value {
    let path = format!("/organizations/{}/audit_events", world.server.cast.home.id);
    let answer = world.server.as_(Actor::Admin).get(&path).query(&[("limit", "1")]).await;
    json!(answer.header("x-total-count"))
}

fn check(operation: &Operation, stranger: &Stranger, answer: &Answer, hidden: &[String]) {
    let (name, status) = (&stranger.name, answer.status.as_u16());
    if let Some(expected) = expected(operation, stranger.is_machine) {
        assert_eq!(status, expected, "{} by {name}: {answer}", operation.id);
    }
    assert!(status < 500, "{} by {name}: {answer}", operation.id);
    let learned = hidden.iter().filter(|id| answer.status.is_success() && answer.text.contains(*id));
    assert_eq!(learned.count(), 0, "{} tells {name} of home: {answer}", operation.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_into_another_organization() {
    let document = Arc::new(document());
    let world = World::new().await;
    let strangers = strangers(&world).await;
    let (hidden, before) = (identifiers(&world).await, happened_at_home(&world).await);
    for operation in operations() {
        // What everybody may do is not about organizations; and these two end the caller's own session.
        let ends_session = ["logout", "change_password"].contains(&operation.id);
        if matches!(operation.access, Access::Public(_)) || ends_session {
            continue;
        }
        let spellings = std::iter::once((&operation.method, operation.path));
        for spelling in spellings.chain(operation.aliases.iter().map(|(method, path)| (method, *path))) {
            for stranger in &strangers {
                let answer = world.request(operation, spelling, stranger.who, &document).await.await;
                check(operation, stranger, &answer, &hidden);
            }
        }
    }
    assert_eq!(happened_at_home(&world).await, before, "something was changed at home");
}
