//! A cache that cannot hold what was revoked.
//!
//! Whoever fills it first takes a [`Ticket`], then reads the database, then fills with the ticket. An
//! invalidation between ticket and fill makes the ticket void, so that a slow reader can never put back
//! what a commit has just taken away. Invalidations come from the store's commit path only.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use model::Result;
use parking_lot::Mutex;

/// Shards of generations. A void ticket of a neighbour in the shard costs one more read, nothing else.
const SHARDS: usize = 64;

/// The generation of a key's shard at the time before the database was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// Facts by id, absent ones included: asking for what does not exist costs one query as well, then none.
pub(crate) struct FactCache<K, V> {
    entries: quick_cache::sync::Cache<K, Option<Arc<V>>>,
    generations: [Mutex<u64>; SHARDS],
    hasher: RandomState,
}

impl<K: Eq + Hash + Clone, V> FactCache<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: quick_cache::sync::Cache::new(capacity),
            generations: std::array::from_fn(|_| Mutex::new(0)),
            hasher: RandomState::new(),
        }
    }

    /// What is known, if anything is. The outer option says whether it is cached, the inner whether it exists.
    #[cfg(test)]
    #[expect(clippy::option_option, reason = "cached absence differs from not cached")]
    pub(crate) fn peek(&self, key: &K) -> Option<Option<Arc<V>>> {
        self.entries.get(key)
    }

    /// The cached facts, or those that `load` reads.
    pub(crate) async fn get<F>(&self, key: K, load: impl FnOnce() -> F) -> Result<Option<Arc<V>>>
    where
        F: Future<Output = Result<Option<V>>>,
    {
        if let Some(hit) = self.entries.get(&key) {
            return Ok(hit);
        }
        let ticket = self.ticket(&key);
        // Boxed: what reads a database is kilobytes of state, and would be copied around with every hit as well.
        let value = Box::pin(load()).await?.map(Arc::new);
        self.fill(key, value.clone(), ticket);
        Ok(value)
    }

    fn ticket(&self, key: &K) -> Ticket {
        Ticket(*self.shard(key).lock())
    }

    fn fill(&self, key: K, value: Option<Arc<V>>, ticket: Ticket) {
        let generation = self.shard(&key).lock();
        if *generation == ticket.0 {
            // Under the lock: an invalidation comes wholly before the comparison or wholly after the insert.
            self.entries.insert(key, value);
        }
    }

    /// Forgets the key and voids all tickets that were taken for it.
    pub(crate) fn invalidate(&self, key: &K) {
        let mut generation = self.shard(key).lock();
        *generation += 1;
        self.entries.remove(key);
    }

    /// Forgets everything and voids all tickets.
    pub(crate) fn clear(&self) {
        for shard in &self.generations {
            *shard.lock() += 1;
        }
        self.entries.clear();
    }

    #[expect(clippy::indexing_slicing, reason = "the index is taken modulo the length")]
    fn shard(&self, key: &K) -> &Mutex<u64> {
        let index = self.hasher.hash_one(key) % SHARDS as u64;
        &self.generations[usize::try_from(index).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fill_that_read_before_an_invalidation_is_dropped() {
        let cache: FactCache<u8, &str> = FactCache::new(10);
        // The reader sees the old state; the commit and its invalidation come before the reader fills.
        let seen = cache
            .get(1, || async {
                let old = "active";
                cache.invalidate(&1);
                Ok(Some(old))
            })
            .await
            .unwrap();
        assert_eq!(seen.as_deref(), Some(&"active"), "a request that began before may see the old state");
        assert!(cache.peek(&1).is_none(), "nobody after may");
        let seen = cache.get(1, || async { Ok(Some("deactivated")) }).await.unwrap();
        assert_eq!(seen.as_deref(), Some(&"deactivated"));
    }

    #[tokio::test]
    async fn clearing_voids_fills_under_way() {
        let cache: FactCache<u8, &str> = FactCache::new(10);
        let load = || async {
            cache.clear();
            Ok(Some("old"))
        };
        cache.get(1, load).await.unwrap();
        assert!(cache.peek(&1).is_none());
    }

    #[tokio::test]
    async fn absence_is_cached_until_the_thing_is_made() {
        let cache: FactCache<u8, &str> = FactCache::new(10);
        assert_eq!(cache.get(1, || async { Ok(None) }).await.unwrap(), None);
        assert_eq!(cache.get(1, || async { Ok(Some("unreachable")) }).await.unwrap(), None);
        cache.invalidate(&1);
        assert!(cache.get(1, || async { Ok(Some("new")) }).await.unwrap().is_some());
    }
}
