//! Migrations: numbered, forward only, one text for both databases, run under a lock.

use model::{Env, Error, Result};
use sha2::{Digest, Sha256};

use crate::db::Db;
use crate::row::Pair;

struct Migration {
    number: i64,
    name: &'static str,
    text: &'static str,
}

/// All migrations, in order. A released one is never edited: its checksum is stored and compared.
const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "foundation", text: include_str!("../migrations/0001_foundation.sql") },
    Migration {
        number: 2,
        name: "authorization",
        text: include_str!("../migrations/0002_authorization.sql"),
    },
];

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS migration (
    number {int} PRIMARY KEY, name TEXT NOT NULL, checksum {bytes} NOT NULL, at {time} NOT NULL){strict}";

/// Brings the database to this version. Several nodes may start at once: one migrates, the others wait and
/// find nothing to do.
pub(crate) async fn run(db: &Db, env: &Env) -> Result<()> {
    let mut tx = db.write().await?;
    tx.lock_migrations().await?;
    let dialect = db.dialect();
    tx.script(dialect.migration(HISTORY)).await?;
    let rows = tx.all("SELECT number, checksum FROM migration ORDER BY number", Vec::new()).await?;
    let mut done = Vec::new();
    for row in rows {
        done.push(row.read::<Pair<i64, Vec<u8>>>()?);
    }
    if let Some(Pair(newest, _)) = done.last().filter(|Pair(number, _)| *number > latest()) {
        return Err(Error::invalid(
            "database.url",
            format!(
                "was written by a newer version (schema {newest}, this version knows {}); upgrade",
                latest()
            ),
        ));
    }
    for migration in MIGRATIONS {
        let checksum = Sha256::digest(migration.text).to_vec();
        match done.iter().find(|Pair(number, _)| *number == migration.number) {
            Some(Pair(_, stored)) if *stored == checksum => {}
            Some(_) => {
                let name = migration.name;
                return Err(Error::invalid(
                    "database.url",
                    format!("was made with another text of migration {name}"),
                ));
            }
            None => {
                tracing::info!(number = migration.number, name = migration.name, "migrating");
                tx.script(dialect.migration(migration.text)).await?;
                tx.execute(
                    "INSERT INTO migration (number, name, checksum, at) VALUES ($1, $2, $3, $4)",
                    vec![migration.number.into(), migration.name.into(), checksum.into(), env.now().into()],
                )
                .await?;
            }
        }
    }
    tx.commit().await
}

fn latest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.number)
}
