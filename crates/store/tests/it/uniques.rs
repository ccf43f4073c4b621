//! Rules of uniqueness: each is broken once, and the caller reads what is wrong.

use model::{Assignee, ErrorKind, Level, Place, Result, Write};
use store::Session;
use testkit::{TestStore, credential, organization, principal, role, team, workspace};

/// Something of each kind that must be unique, in a store of its own.
async fn stocked() -> TestStore {
    let t = TestStore::new().await;
    t.change(async |session| {
        let acme = organization(1, "Acme");
        session.insert_organization(&acme).await?;
        let mut ada = principal(2, "ada", None);
        ada.email = Some("ada@example.com".to_owned());
        session.insert_principal(&ada).await?;
        session.insert_credential(&credential(3, &ada, "Laptop")).await?;
        let mut shop = workspace(4, acme.id, "Shop");
        shop.server_url = Some("https://shop.example.com".to_owned());
        session.insert_workspace(&shop).await?;
        let reader = role(5, acme.id, Level::Organization, "Reader", &["organization:read"]);
        session.insert_role(&reader).await?;
        session.insert_membership(acme.id, ada.id, acme.created).await?;
        let data = team(6, acme.id, "Data");
        session.insert_team(&data).await?;
        session.insert_team_member(&data, ada.id).await?;
        session.insert_assignment(&reader, Assignee::Principal(ada.id), Place::Organization).await
    })
    .await
    .unwrap();
    t
}

/// Breaks the rule of that name and no other.
async fn break_rule(session: &mut Session<Write>, rule: &str) -> Result<()> {
    let (acme, ada) = (organization(1, "Acme"), principal(2, "ada", None));
    let reader = role(5, acme.id, Level::Organization, "Reader", &["organization:read"]);
    match rule {
        "organization_name" => session.insert_organization(&organization(11, "aCME")).await,
        // The index behind it serves when the register of names is not told.
        "username_once" | "principal_username" => session.insert_principal(&principal(12, "ADA", None)).await,
        "principal_email" => {
            let mut other = principal(12, "other", None);
            other.email = Some("ADA@Example.com".to_owned());
            session.insert_principal(&other).await
        }
        "credential_name" => session.insert_credential(&credential(13, &ada, "laptop")).await,
        "workspace_name" => session.insert_workspace(&workspace(14, acme.id, "SHOP")).await,
        "workspace_server_url" => {
            let mut other = workspace(14, acme.id, "other");
            other.server_url = Some("https://shop.example.com".to_owned());
            session.insert_workspace(&other).await
        }
        "role_name" => {
            session.insert_role(&role(15, acme.id, Level::Organization, "reader", &["team:read"])).await
        }
        "membership_once" => session.insert_membership(acme.id, ada.id, acme.created).await,
        "role_assignment_once" => {
            session.insert_assignment(&reader, Assignee::Principal(ada.id), Place::Organization).await
        }
        "team_name" => session.insert_team(&team(16, acme.id, "dATA")).await,
        "team_member_once" => session.insert_team_member(&team(6, acme.id, "Data"), ada.id).await.map(|_| ()),
        other => panic!("no test breaks the rule {other}"),
    }
}

#[tokio::test]
async fn breaking_a_rule_of_uniqueness_is_a_conflict_that_says_which() {
    let t = stocked().await;
    let mut rules = store::unique_rules();
    // The last one finds the register of names emptied.
    rules.sort_by_key(|(rule, _)| *rule == "principal_username");
    for (rule, message) in rules {
        if rule == "principal_username" {
            assert_eq!(t.raw().await.execute("DELETE FROM username").await, 1);
        }
        let error = t.change(async |session| break_rule(session, rule).await).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Conflict, message), "{rule}: {error:?}");
    }
}

#[tokio::test]
async fn one_name_serves_two_levels_two_owners_and_both_kinds_of_accounts() {
    let t = stocked().await;
    t.change(async |session| {
        let acme = organization(1, "Acme");
        session.insert_role(&role(21, acme.id, Level::Project, "Reader", &["pipeline:read"])).await?;
        let bot = principal(22, "ada", Some(acme.id));
        session.insert_principal(&bot).await?;
        session.insert_credential(&credential(23, &bot, "Laptop")).await
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_reference_to_what_was_deleted_is_a_conflict() {
    let t = TestStore::new().await;
    let orphan = credential(1, &principal(2, "gone", None), "key");
    let error = t.change(async |session| session.insert_credential(&orphan).await).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "{error:?}");
    let changed = t.change(async |session| session.update_credential(&orphan).await).await.unwrap_err();
    assert_eq!(changed.kind, ErrorKind::Conflict, "changing what is gone is not a success: {changed:?}");
}
