//! All that differs between the two databases in SQL: the names of types, and how constraints are reported.

use model::{Error, Result};
use sqlx::error::{DatabaseError, ErrorKind as SqlKind};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

impl Dialect {
    /// Fills the type names into a migration.
    pub(crate) fn migration(self, text: &str) -> String {
        let types: [(&str, &str, &str); 8] = [
            ("{uuid}", "BLOB", "uuid"),
            ("{time}", "INTEGER", "bigint"),
            ("{int}", "INTEGER", "bigint"),
            ("{bool}", "INTEGER", "boolean"),
            ("{bytes}", "BLOB", "bytea"),
            ("{json}", "TEXT", "jsonb"),
            // Ordered and compared by bytes, as SQLite does, whatever the collation of the database.
            ("{key}", "TEXT", "text COLLATE \"C\""),
            // STRICT makes SQLite check types as PostgreSQL does.
            ("{strict}", " STRICT", ""),
        ];
        types.iter().fold(text.to_owned(), |text, (mark, sqlite, postgres)| {
            text.replace(mark, if self == Self::Sqlite { sqlite } else { postgres })
        })
    }
}

impl Dialect {
    /// What makes a SELECT keep other writers away from the rows it finds in the table. SQLite has one writer
    /// at a time in any case. The lock leaves references to the rows alone.
    pub(crate) fn lock_rows(self, table: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!(" FOR NO KEY UPDATE OF {table}"),
        }
    }
}

/// A rule of uniqueness: how PostgreSQL names it, how SQLite tells of it, and what the caller reads.
pub(crate) struct Unique {
    /// The constraint or index.
    pub name: &'static str,
    /// `table.column, table.column`, as SQLite spells a violated constraint.
    pub columns: &'static str,
    /// For the caller.
    pub message: &'static str,
}

/// Every rule of uniqueness whose violation a caller can cause.
pub(crate) const UNIQUES: &[Unique] = &[
    Unique {
        name: "organization_name",
        columns: "organization.name_key",
        message: "An organization with this name exists already.",
    },
    Unique {
        name: "username_once",
        columns: "username.kind, username.name_key",
        message: "This username is taken. Usernames are never given out twice, not even after an account is deleted.",
    },
    Unique {
        name: "principal_username",
        columns: "principal.kind, principal.username_key",
        message: "This username is taken.",
    },
    Unique {
        name: "principal_email",
        columns: "principal.email_key",
        message: "An account with this e-mail address exists already.",
    },
    Unique {
        name: "workspace_name",
        columns: "workspace.name_key",
        message: "A workspace with this name exists already.",
    },
    Unique {
        name: "workspace_server_url",
        columns: "workspace.server_url",
        message: "Another workspace has this server URL.",
    },
    Unique {
        name: "role_name",
        columns: "role.organization_id, role.level, role.name_key",
        message: "A role with this name exists already at this level.",
    },
    Unique {
        name: "credential_name",
        columns: "credential.principal_id, credential.name_key",
        message: "A key or token with this name exists already.",
    },
    Unique {
        name: "role_assignment_once",
        columns: "index 'role_assignment_once'",
        message: "This role is assigned there already.",
    },
    Unique {
        name: "membership_once",
        columns: "membership.organization_id, membership.principal_id",
        message: "This account is a member of the organization already.",
    },
    Unique {
        name: "team_name",
        columns: "team.organization_id, team.name_key",
        message: "A team with this name exists already.",
    },
    Unique {
        name: "team_member_once",
        columns: "team_member.team_id, team_member.principal_id",
        message: "This account is in the team already.",
    },
];

/// Turns what the driver says into an error of ours.
pub(crate) fn error(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) => {
            if let Some(known) = known(database.as_ref()) {
                return known.caused_by(error);
            }
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
            return Error::unavailable("The database does not answer. Try again in a moment.")
                .caused_by(error);
        }
        _ => {}
    }
    Error::internal(error)
}

fn known(error: &dyn DatabaseError) -> Option<Error> {
    match error.kind() {
        SqlKind::UniqueViolation => {
            let message = error.message();
            let rule = UNIQUES.iter().find(|rule| match error.constraint() {
                Some(name) => name == rule.name,
                None => message.ends_with(&format!("failed: {}", rule.columns)),
            })?;
            Some(Error::exists(rule.message))
        }
        SqlKind::ForeignKeyViolation => {
            Some(Error::exists("Something this refers to was deleted meanwhile. Look it up again."))
        }
        _ => {
            let code = error.code()?;
            // PostgreSQL: serialization_failure, deadlock_detected. SQLite: SQLITE_BUSY and SQLITE_LOCKED with
            // their extended codes, whose low byte is the primary code.
            let is_busy =
                code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)) && code.len() < 5;
            let conflicts = matches!(code.as_ref(), "40001" | "40P01") || is_busy;
            conflicts.then(|| {
                Error::unavailable("The database is busy. Try again in a moment.")
                    .with_code(model::error::code::TRANSACTION_CONFLICT)
            })
        }
    }
}

/// Turns the driver's result into ours.
pub(crate) trait IntoModel<T> {
    /// With the driver's error translated.
    fn into_model(self) -> Result<T>;
}

impl<T> IntoModel<T> for Result<T, sqlx::Error> {
    fn into_model(self) -> Result<T> {
        self.map_err(error)
    }
}

#[cfg(test)]
mod tests {
    use model::ErrorKind;
    use uuid::Uuid;

    use crate::db::{Db, Options};

    #[tokio::test]
    async fn two_teams_of_one_name_are_a_conflict() {
        let database = testkit::TestDatabase::migrated().await;
        let db = Db::open(&Options::new(database.url())).await.unwrap();
        let mut tx = db.write().await.unwrap();
        let home = Uuid::from_u128(1);
        tx.execute(
            "INSERT INTO organization (id, name, name_key, is_active, settings, created, updated)
             VALUES ($1, 'home', 'home', $2, $3, 0, 0)",
            vec![home.into(), true.into(), serde_json::json!({}).into()],
        )
        .await
        .unwrap();
        let insert = "INSERT INTO team (id, organization_id, name, name_key, created, updated)
                      VALUES ($1, $2, 'T', 't', 0, 0)";
        tx.execute(insert, vec![Uuid::from_u128(2).into(), home.into()]).await.unwrap();
        let again = tx.execute(insert, vec![Uuid::from_u128(3).into(), home.into()]).await.unwrap_err();
        assert_eq!(again.kind, ErrorKind::Conflict);
        assert_eq!(again.message, "A team with this name exists already.");
        drop(tx);
        db.close().await;
    }
}
