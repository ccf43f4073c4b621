//! Last-used times, gathered in memory and written in batches: using a key never costs a write.

use std::collections::HashMap;
use std::hash::Hash;

use model::{CredentialId, Timestamp, WorkspaceId};
use parking_lot::Mutex;

/// A use within this time of a noted one by the same caller is not noted again.
const RESOLUTION_SECONDS: i64 = 1;

/// A use of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// When.
    pub at: Timestamp,
    /// From which address.
    pub ip: Option<String>,
    /// With which client.
    pub user_agent: Option<String>,
}

/// The uses that are not yet written.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    credentials: Sharded<CredentialId, Use>,
    workspaces: Sharded<WorkspaceId, Timestamp>,
}

/// Notes on their way into the database.
#[derive(Debug)]
pub(crate) struct Notes {
    pub(crate) uses: Vec<(CredentialId, Use)>,
    pub(crate) contacts: Vec<(WorkspaceId, Timestamp)>,
}

/// A map in pieces, so that notes about different keys seldom wait for each other.
#[derive(Debug)]
struct Sharded<K, V>([Mutex<HashMap<K, V>>; 16]);

impl<K, V> Default for Sharded<K, V> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl<K: Eq + Hash + Copy, V> Sharded<K, V> {
    #[expect(clippy::indexing_slicing, reason = "four bits index sixteen shards")]
    fn shard(&self, random_byte: u8) -> &Mutex<HashMap<K, V>> {
        &self.0[usize::from(random_byte & 15)]
    }

    fn take(&self) -> Vec<(K, V)> {
        self.0.iter().flat_map(|shard| std::mem::take(&mut *shard.lock())).collect()
    }
}

impl Ledger {
    /// Notes a use. Allocates only for the first note of a second.
    pub(crate) fn note(&self, id: CredentialId, at: Timestamp, ip: Option<&str>, user_agent: Option<&str>) {
        // The last byte of a time-ordered id is random.
        let mut uses = self.credentials.shard(id.0.as_bytes()[15]).lock();
        if uses.get(&id).is_some_and(|known| at < known.at.plus_seconds(RESOLUTION_SECONDS)) {
            return;
        }
        let own = |text: Option<&str>| text.map(|text| text.chars().take(256).collect());
        uses.insert(id, Use { at, ip: own(ip), user_agent: own(user_agent) });
    }

    /// Notes that a workspace's server was heard of.
    pub(crate) fn note_workspace(&self, id: WorkspaceId, at: Timestamp) {
        self.workspaces.shard(id.0.as_bytes()[15]).lock().insert(id, at);
    }

    /// The latest note about a credential that is not written yet.
    pub(crate) fn latest(&self, id: CredentialId) -> Option<Use> {
        self.credentials.shard(id.0.as_bytes()[15]).lock().get(&id).cloned()
    }

    /// Takes all notes out, to be written.
    pub(crate) fn take(&self) -> Notes {
        let mut notes = Notes { uses: self.credentials.take(), contacts: self.workspaces.take() };
        // All nodes write in one order, so that two of them cannot wait for each other.
        notes.uses.sort_unstable_by_key(|(id, _)| *id);
        notes.contacts.sort_unstable_by_key(|(id, _)| *id);
        notes
    }

    /// Puts notes back that could not be written, unless newer ones came meanwhile.
    pub(crate) fn put_back(&self, notes: Notes) {
        for (id, used) in notes.uses {
            self.credentials.shard(id.0.as_bytes()[15]).lock().entry(id).or_insert(used);
        }
        for (id, at) in notes.contacts {
            self.workspaces.shard(id.0.as_bytes()[15]).lock().entry(id).or_insert(at);
        }
    }
}
