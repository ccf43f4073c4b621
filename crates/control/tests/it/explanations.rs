//! Answers to why, who and what if: the same as the decisions, and with the right reasons.

use control::explanations::{Asked, Hypothesis};
use control::scopes::ScopeInput;
use model::permission::ActionSet;
use model::{
    Action, Assignee, ErrorKind, Grants, Ground, Level, Obstacle, Place, Question, Resource, ResourceType,
    explain,
};
use proptest::prelude::*;
use testkit::{Caller, TestPlatform};

use crate::actions::home;
use crate::properties::{all_resources, cases};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_explanation_says_what_the_decision_is(case in cases()) {
        case.with(|access, workspace, _| {
            for text in all_resources() {
                let resource = Resource::parse(text).unwrap();
                let shared = case.shares.iter().filter(|(of, _)| of == text);
                let shares: Vec<_> =
                    shared.map(|(_, actions)| (None, actions.iter().copied().collect::<ActionSet>())).collect();
                for action in Action::ALL {
                    let question = Question { workspace: Some(workspace), resource, action: *action, shares: &shares };
                    let told = explain(access, &question);
                    let inside = resource.known().is_none_or(ResourceType::is_of_workspace);
                    let place = match resource.governing_project() {
                        Some(project) => Place::Project(workspace.id, project),
                        None => Place::Workspace(workspace.id),
                    };
                    let decided = if inside {
                        case.allows(text, *action)
                    } else {
                        access.at(place).allows_word(resource.kind, *action)
                    };
                    prop_assert_eq!(told.is_allowed, decided, "{} {} {:?}", text, action, told);
                    prop_assert_eq!(told.is_allowed, told.obstacles.is_empty());
                    prop_assert!(!told.is_allowed || !told.grounds.is_empty());
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn effective_permissions_are_what_is_held_there(case in cases()) {
        case.with(|access, _, _| {
            let effective = model::EffectivePermissions::of(access);
            for (place, grants) in effective.iter() {
                prop_assert!(access.at(place).covers(grants));
                let above = place.parent().map_or_else(Grants::none, |parent| access.at(parent));
                let mut both = above;
                both.merge(grants);
                prop_assert!(both.covers(&access.at(place)) || access.at(place).is_everything());
            }
            prop_assert!(effective.changes_to(&effective).is_empty());
            Ok(())
        })?;
    }
}

fn about(resource: &str, action: Action, workspace: &model::Workspace) -> Asked {
    let workspace = Some(workspace.id.to_string());
    Asked { organization: None, workspace, resource: resource.to_owned(), action }
}

async fn told(
    t: &TestPlatform,
    who: &Caller,
    of: &Caller,
    asked: &Asked,
) -> model::Result<model::Explanation> {
    let who = t.authenticate(who.bearer.expose()).await.unwrap();
    t.explain(&who, Some(of.id.0), asked, testkit::origin()).await.map(|(_, _, explanation)| explanation)
}

#[tokio::test]
async fn roles_of_every_level_are_named_and_a_missing_one_too() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let ada = t.member(&admin, &home, "ada", "Organization Member").await;
    let read = about("stack", Action::Read, &shop);
    let before = told(&t, &admin, &ada, &read).await.unwrap();
    assert_eq!(before.obstacles, [Obstacle::NothingGrantsIt]);
    t.assign(&admin, &home, ada.id, Place::Workspace(shop.id), "Workspace Viewer").await.unwrap();
    let after = told(&t, &admin, &ada, &read).await.unwrap();
    let role = t.role(&home, Place::Workspace(shop.id), "Workspace Viewer").await;
    assert_eq!(after.grounds, [Ground::Role { role, place: Place::Workspace(shop.id), via_team: None }]);
    assert!(after.is_allowed);
    assert!(told(&t, &ada, &ada, &read).await.unwrap().is_allowed, "everybody may ask about themselves");
    let create = told(&t, &ada, &ada, &about("stack", Action::Create, &shop)).await.unwrap();
    assert_eq!(create.obstacles, [Obstacle::NothingGrantsIt]);
}

#[tokio::test]
async fn nobody_asks_about_others_without_the_right_nor_about_strangers() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let ada = t.member(&admin, &home, "ada", "Organization Member").await;
    t.assign(&admin, &home, ada.id, Place::Workspace(shop.id), "Workspace Viewer").await.unwrap();
    let eve = t.user(&admin, "eve").await;
    let read = about("stack", Action::Read, &shop);
    assert_eq!(told(&t, &eve, &ada, &read).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(told(&t, &admin, &eve, &read).await.unwrap_err().kind, ErrorKind::NotFound);
    let who = t.authenticate(eve.bearer.expose()).await.unwrap();
    assert_eq!(t.who_can(&who, &read, testkit::origin()).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_credential_is_explained_with_its_scope() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let scope = ScopeInput { read_only: true, ..ScopeInput::default() };
    let input = control::credentials::CredentialCreate {
        name: "reader".to_owned(),
        scope: Some(scope),
        ..Default::default()
    };
    let (credential, _) = t.access_token(&admin, input).await.unwrap();
    let who = t.authenticate(admin.bearer.expose()).await.unwrap();
    let create = about("stack", Action::Create, &shop);
    let (_, _, told) = t.explain(&who, Some(credential.id.0), &create, testkit::origin()).await.unwrap();
    assert_eq!(told.obstacles, [Obstacle::CredentialScope]);
    assert!(told.grounds.contains(&Ground::Superuser));
    let lost = Hypothesis::Scope(credential.id, None);
    let (_, affected) = t.what_if(&who, home.id.to_string(), &lost, testkit::origin()).await.unwrap();
    assert_eq!(affected.len(), 1);
    assert!(affected[0].changes[0].gained.allows_word("member", Action::Create));
}

#[tokio::test]
async fn who_can_lists_exactly_those_who_can() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let mut people = Vec::new();
    for (name, role) in [("ada", "Workspace Admin"), ("bob", "Workspace Viewer"), ("cid", "Stack Admin")] {
        let person = t.member(&admin, &home, name, "Organization Member").await;
        t.assign(&admin, &home, person.id, Place::Workspace(shop.id), role).await.unwrap();
        people.push(person);
    }
    let robot = t.bot(&admin, &home, "robot", "Organization Admin").await;
    let who = t.authenticate(admin.bearer.expose()).await.unwrap();
    let asked = about("stack", Action::Create, &shop);
    let (_, able) = t.who_can(&who, &asked, testkit::origin()).await.unwrap();
    let found: Vec<_> = able.iter().map(|(principal, _)| principal.id).collect();
    assert_eq!(found.len(), 4, "{found:?}");
    for expected in [admin.id, people[0].id, people[2].id, robot.id] {
        assert!(found.contains(&expected));
    }
}

#[tokio::test]
async fn what_if_shows_what_then_happens() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let ada = t.member(&admin, &home, "ada", "Organization Member").await;
    let place = Place::Workspace(shop.id);
    let role = t.role(&home, place, "Workspace Viewer").await;
    let who = t.authenticate(admin.bearer.expose()).await.unwrap();
    let organization = home.id.to_string();
    let assign = Hypothesis::Assign(role, Assignee::Principal(ada.id), place);
    let effective = async || {
        let found = t.effective_permissions(&who, Some(ada.id.0), organization.clone()).await.unwrap();
        found.2
    };
    let before = effective().await;
    let (_, foretold) = t.what_if(&who, organization.clone(), &assign, testkit::origin()).await.unwrap();
    assert_eq!(effective().await, before, "nothing was changed");
    t.assign(&admin, &home, ada.id, place, "Workspace Viewer").await.unwrap();
    assert_eq!(foretold.len(), 1);
    assert_eq!(foretold[0].changes, before.changes_to(&effective().await));
    let misplaced = Hypothesis::Assign(role, Assignee::Principal(ada.id), Place::Organization);
    assert!(t.what_if(&who, organization.clone(), &misplaced, testkit::origin()).await.is_err());
    let empty = Hypothesis::Role(role, Grants::none());
    let (_, affected) = t.what_if(&who, organization, &empty, testkit::origin()).await.unwrap();
    assert_eq!(affected.len(), 1);
    assert_eq!(affected[0].changes[0].place.level(), Level::Workspace);
    assert!(affected[0].changes[0].gained.is_nothing());
}
