//! The audit log: appended in the transaction of the change, chained per organization.

use model::audit::{Actor, Entry, Event, Origin};
use model::{Env, Error, Mode, Result, Scope};
use uuid::Uuid;

use crate::db::Tx;
use crate::row::{Pair, record, statements};
use crate::select::{Page, Select};
use crate::session::{Listed, Session};
use crate::value::Value;

record!(Entry in "audit_event" {
    id: ["id"], chain: ["chain"], sequence: ["seq"], at: ["at"], actor_kind: ["actor_kind"],
    actor_id: ["actor_id"], actor_name: ["actor_name"], credential_id: ["credential_id"], action: ["action"],
    target_kind: ["target_kind"], target_id: ["target_id"], target_name: ["target_name"],
    before: ["before_text"], after: ["after_text"], request_id: ["request_id"], ip: ["ip"],
    user_agent: ["user_agent"], previous_hash: ["previous_hash"],
} derived {
    "hash" = |entry| Value::Bytes(Some(entry.hash().to_vec())),
});

statements! {
    OPEN_CHAIN = text("INSERT INTO audit_head (chain, seq, hash) VALUES ($1, 0, $2) ON CONFLICT (chain) DO NOTHING");
    // Locks the chain until the end of the transaction, and still answers the hash of the last event.
    ADVANCE_CHAIN = text("UPDATE audit_head SET seq = seq + 1 WHERE chain = $1 RETURNING seq, hash");
    CLOSE_LINK = text("UPDATE audit_head SET hash = $2 WHERE chain = $1");
    CHAIN = text("SELECT seq, hash FROM audit_event WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT 500");
    LINKS = select::<Entry>("WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT 500");
    HEAD = text("SELECT seq, hash FROM audit_head WHERE chain = $1");
    // Of both: a chain without its head is a fault as well.
    CHAINS = text("SELECT chain FROM audit_head UNION SELECT chain FROM audit_event ORDER BY chain");
}

/// Writes an event at the end of its chain.
pub(crate) async fn append(
    tx: &mut Tx,
    env: &Env,
    actor: &Actor,
    origin: &Origin,
    event: &Event,
) -> Result<()> {
    let chain = event.organization.map_or(Uuid::nil(), |organization| organization.0);
    tx.execute(OPEN_CHAIN.sql(), vec![chain.into(), vec![0; 32].into()]).await?;
    let head = tx.optional(ADVANCE_CHAIN.sql(), vec![chain.into()]).await?;
    let Pair(sequence, previous_hash): Pair<i64, [u8; 32]> =
        head.ok_or_else(|| Error::internal("the audit chain is gone"))?.read()?;
    let entry = Entry {
        id: env.random_uuid(),
        chain,
        sequence,
        at: env.now(),
        actor_kind: actor.kind.to_owned(),
        actor_id: actor.id,
        actor_name: actor.name.clone(),
        credential_id: actor.credential.map(|id| id.0),
        action: event.action.to_owned(),
        target_kind: event.target_kind.to_owned(),
        target_id: event.target_id,
        target_name: event.target_name.clone(),
        before: event.before.as_ref().map(ToString::to_string),
        after: event.after.as_ref().map(ToString::to_string),
        request_id: origin.request_id.clone(),
        ip: origin.ip.clone(),
        user_agent: origin.user_agent.clone(),
        previous_hash,
    };
    let [insert, _] = <Entry as crate::row::Record>::statements();
    let hash = entry.hash().to_vec();
    tx.execute(insert.sql(), crate::row::Record::values(&entry)).await?;
    tx.execute(CLOSE_LINK.sql(), vec![chain.into(), hash.into()]).await?;
    Ok(())
}

/// What a check of the audit log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// Chains read.
    pub chains: usize,
    /// Events read.
    pub events: u64,
    /// What is wrong, one line each.
    pub faults: Vec<String>,
}

impl<M: Mode> Session<M> {
    /// A page of the events of the permit's organization, newest first; for the whole installation, all chains.
    pub async fn list_audit_events(&mut self, action: Option<String>, page: Page) -> Result<Listed<Entry>> {
        let select = Select::<Entry>::new("at DESC, chain, seq DESC", page).maybe("action = ?", action);
        let select = match self.permit().scope() {
            Scope::Instance => select,
            _ => select.filter("chain = ?", self.organization()?.0),
        };
        self.page(select).await
    }

    /// Reads every chain from its first event and reports gaps, changed events and cut ends.
    pub async fn verify_audit(&mut self) -> Result<AuditReport> {
        let mut report = AuditReport { chains: 0, events: 0, faults: Vec::new() };
        for row in self.rows(&CHAINS, Vec::new()).await? {
            report.chains += 1;
            let chain: Uuid = row.read()?;
            self.verify_chain(chain, &mut report).await?;
        }
        Ok(report)
    }

    async fn verify_chain(&mut self, chain: Uuid, report: &mut AuditReport) -> Result<()> {
        let (mut sequence, mut hash) = (0_i64, [0_u8; 32]);
        loop {
            let args = vec![chain.into(), sequence.into()];
            let stored = self.rows(&CHAIN, args.clone()).await?;
            let entries: Vec<Entry> = self.list(&LINKS, args).await?;
            if entries.is_empty() {
                break;
            }
            for (entry, row) in entries.iter().zip(stored) {
                let Pair(_, written): Pair<i64, [u8; 32]> = row.read()?;
                let fits =
                    entry.sequence == sequence + 1 && entry.previous_hash == hash && entry.hash() == written;
                if !fits {
                    report.faults.push(format!(
                        "chain {chain}: event {} does not follow event {sequence}",
                        entry.sequence
                    ));
                }
                (sequence, hash) = (entry.sequence, written);
                report.events += 1;
            }
        }
        let head = self.row(&HEAD, vec![chain.into()]).await?;
        let head: Option<Pair<i64, [u8; 32]>> = head.map(|row| row.read()).transpose()?;
        if head.is_none_or(|Pair(last, end)| last != sequence || end != hash) {
            report.faults.push(format!("chain {chain}: ends at event {sequence}, not where it should"));
        }
        Ok(())
    }
}
