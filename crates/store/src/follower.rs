//! Following the change log, so that what another process changed takes effect here.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::{Result, Timestamp, Write};
use uuid::Uuid;

use crate::change::Change;
use crate::db::Listener;
use crate::keys;
use crate::row::statements;
use crate::session::Session;
use crate::store::Inner;

statements! {
    CLOCK = text("SELECT seq FROM change_clock WHERE id = 1");
    CHANGES_SINCE = text("SELECT seq, node, kind, subject, until FROM change_log WHERE seq > $1 ORDER BY seq LIMIT 1000");
    DELETE_OLD_CHANGES = text("DELETE FROM change_log WHERE at < $1");
}

/// How long lines of the change log are kept. A node that was away longer forgets everything it knew.
const KEPT_MINUTES: i64 = 60;

/// Starts following. The first reading is done when this returns.
pub(crate) async fn start(inner: Arc<Inner>, poll: Duration) -> Result<tokio::task::JoinHandle<()>> {
    let began = inner.env.now();
    let mut seen = clock(&inner).await?;
    // What was read before the clock was, may be older than it.
    read_anew(&inner).await?;
    inner.followed.store(began.0, Ordering::Relaxed);
    let mut listener = inner.db.listen().await?;
    Ok(tokio::spawn(async move {
        loop {
            tokio::select! {
                heard = listener.heard() => if let Err(error) = heard {
                    tracing::warn!(?error, "the change listener broke; polling");
                    listener = inner.db.listen().await.unwrap_or(Listener::Silent);
                },
                () = tokio::time::sleep(poll) => {}
            }
            // The view is as old as the beginning of the reading.
            let began = inner.env.now();
            match catch_up(&inner, seen).await {
                Ok(last) => {
                    seen = last;
                    inner.followed.store(began.0, Ordering::Relaxed);
                }
                Err(error) => tracing::warn!(?error, "cannot read the change log"),
            }
        }
    }))
}

async fn clock(inner: &Inner) -> Result<i64> {
    let row = inner.db.read().await?.optional(CLOCK.sql(), Vec::new()).await?;
    row.map_or(Ok(0), |row| row.read())
}

async fn catch_up(inner: &Inner, mut seen: i64) -> Result<i64> {
    // One cheap read tells that nothing happened, which is the rule.
    let now = clock(inner).await?;
    if now == seen {
        return Ok(seen);
    }
    loop {
        let rows = inner.db.read().await?.all(CHANGES_SINCE.sql(), vec![seen.into()]).await?;
        for row in &rows {
            let (seq, node, kind, subject, until): (i64, Uuid, String, Uuid, Timestamp) = row.read()?;
            if seq != seen + 1 {
                read_anew(inner).await?;
            }
            seen = seq;
            let change = Change::from_parts(&kind, subject, until);
            if change == Some(Change::ServerKeys) {
                inner.facts.replace_server_keys(keys::load(&inner.db, &inner.master).await?);
            }
            if node != inner.node {
                change.map_or_else(|| inner.facts.forget(), |change| inner.facts.follow(change));
            }
        }
        if rows.len() < 1000 {
            break;
        }
    }
    if seen < now {
        read_anew(inner).await?;
    }
    Ok(seen.max(now))
}

/// Forgets and reads again, when changes happened of which no line is left: they were cleared away while this
/// node was not looking.
async fn read_anew(inner: &Inner) -> Result<()> {
    inner.facts.forget();
    inner.facts.load_revoked(inner.env.now()).await?;
    inner.facts.replace_server_keys(keys::load(&inner.db, &inner.master).await?);
    Ok(())
}

impl Session<Write> {
    pub(crate) async fn delete_old_changes(&mut self) -> Result<()> {
        let limit = self.env().now().plus_minutes(-KEPT_MINUTES);
        self.execute(&DELETE_OLD_CHANGES, vec![limit.into()]).await.map(|_| ())
    }
}
