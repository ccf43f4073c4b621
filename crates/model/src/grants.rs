//! What roles grant: sets of permissions in a few words of memory.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::permission::{ACTIONS, Action, ActionSet, Permission, ResourceType};

/// Everything a role (or a union of roles) grants: for each action a bit set of resource types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    types: [u64; ACTIONS],
    /// Types that this version does not know, from custom roles written for newer workspace servers.
    others: BTreeMap<String, ActionSet>,
}

/// The bit that stands for every type we do not know: only `*` sets it.
const UNKNOWN: u64 = 1 << 63;

impl Grants {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        Self { types: [u64::MAX; ACTIONS], others: BTreeMap::new() }
    }

    /// Reads patterns `type:action`, either side may be `*`. Unknown types are kept as they are, since newer
    /// workspace servers may know them; unknown actions are refused.
    pub fn parse<'a>(field: &str, patterns: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut grants = Self::none();
        for pattern in patterns {
            grants.add(field, pattern)?;
        }
        Ok(grants)
    }

    fn add(&mut self, field: &str, pattern: &str) -> Result<()> {
        let (resource, action) = pattern
            .split_once(':')
            .ok_or_else(|| Error::invalid(field, format!("'{pattern}' is not written as type:action")))?;
        let actions = match action {
            "*" => ActionSet::ALL,
            word => ActionSet::NONE.with(Action::parse(word).ok_or_else(|| {
                let known: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
                Error::invalid(field, format!("'{word}' is not an action; use one of * {}", known.join(" ")))
            })?),
        };
        match (resource, ResourceType::parse(resource)) {
            ("*", _) => self.add_mask(u64::MAX, actions),
            (_, Some(known)) => self.add_mask(known.mask(), actions),
            (other, None) if is_type_word(other) => {
                let slot = self.others.entry(other.to_owned()).or_default();
                *slot = slot.union(actions);
            }
            (other, None) => {
                return Err(Error::invalid(field, format!("'{other}' is not a resource type")));
            }
        }
        Ok(())
    }

    fn add_mask(&mut self, mask: u64, actions: ActionSet) {
        for (slot, action) in self.types.iter_mut().zip(Action::ALL) {
            if actions.contains(*action) {
                *slot |= mask;
            }
        }
    }

    /// Adds all that another grants.
    pub fn merge(&mut self, other: &Self) {
        for (slot, more) in self.types.iter_mut().zip(other.types) {
            *slot |= more;
        }
        for (name, actions) in &other.others {
            let slot = self.others.entry(name.clone()).or_default();
            *slot = slot.union(*actions);
        }
    }

    /// What both grant.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = Self::none();
        for ((slot, mine), theirs) in both.types.iter_mut().zip(self.types).zip(other.types) {
            *slot = mine & theirs;
        }
        for name in self.others.keys().chain(other.others.keys()) {
            let actions = |grants: &Self| -> ActionSet {
                Action::ALL.iter().copied().filter(|action| grants.allows_word(name, *action)).collect()
            };
            let shared = actions(self).intersection(actions(other));
            if !shared.is_empty() {
                both.others.insert(name.clone(), shared);
            }
        }
        both
    }

    /// What it grants and the other does not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = Self::none();
        for ((slot, mine), theirs) in rest.types.iter_mut().zip(self.types).zip(other.types) {
            *slot = mine & !theirs;
        }
        // A type that we do not know is granted by name or by `*`; what `*` grants of it has no name here.
        for (name, actions) in &self.others {
            let left = actions.iter().filter(|action| !other.allows_word(name, *action));
            let left: ActionSet = left.collect();
            if !left.is_empty() {
                rest.others.insert(name.clone(), left);
            }
        }
        rest
    }

    /// Whether it grants nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.types.iter().all(|mask| *mask == 0) && self.others.is_empty()
    }

    /// What it grants of these actions.
    #[must_use]
    pub fn only(&self, actions: ActionSet) -> Self {
        let mut wanted = Self::none();
        wanted.add_mask(u64::MAX, actions);
        self.intersection(&wanted)
    }

    /// Whether it grants the right.
    #[must_use]
    pub fn allows(&self, permission: Permission) -> bool {
        self.mask(permission.action) & permission.resource.mask() != 0
    }

    /// Whether it grants the action on a type given by its word, known or not.
    #[must_use]
    pub fn allows_word(&self, resource: &str, action: Action) -> bool {
        match ResourceType::parse(resource) {
            Some(known) => self.allows(Permission::new(known, action)),
            None => {
                self.mask(action) & UNKNOWN != 0
                    || self.others.get(resource).is_some_and(|actions| actions.contains(action))
            }
        }
    }

    /// Whether it grants all that the other grants: the rule "grant only what you hold".
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let known = self.types.iter().zip(other.types).all(|(mine, theirs)| theirs & !mine == 0);
        known
            && other
                .others
                .iter()
                .all(|(name, actions)| actions.iter().all(|action| self.allows_word(name, action)))
    }

    /// Whether it grants everything: the mark of an administrator, whose rights reach into every level below.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.types.iter().all(|mask| *mask == u64::MAX)
    }

    /// The patterns that write it, for people and for storage, shortest form first.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        if self.is_everything() {
            return vec!["*:*".to_owned()];
        }
        let mut patterns = Vec::new();
        for action in Action::ALL {
            if self.mask(*action) == u64::MAX {
                patterns.push(format!("*:{action}"));
            }
        }
        let known = ResourceType::ALL.iter().map(|resource| {
            let granted = Action::ALL.iter().copied().filter(|action| {
                let mask = self.mask(*action);
                mask & resource.mask() != 0 && mask != u64::MAX
            });
            (resource.as_str(), granted.collect::<ActionSet>())
        });
        let others = self.others.iter().map(|(name, actions)| (name.as_str(), *actions));
        for (name, actions) in known.chain(others) {
            if actions == ActionSet::ALL {
                patterns.push(format!("{name}:*"));
            } else {
                patterns.extend(actions.iter().map(|action| format!("{name}:{action}")));
            }
        }
        patterns
    }

    fn mask(&self, action: Action) -> u64 {
        self.types.get(action.bit() as usize).copied().unwrap_or(0)
    }
}

impl FromIterator<Permission> for Grants {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let mut grants = Self::none();
        for permission in permissions {
            grants.add_mask(permission.resource.mask(), ActionSet::NONE.with(permission.action));
        }
        grants
    }
}

impl Serialize for Grants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.patterns().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Grants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let patterns = Vec::<String>::deserialize(deserializer)?;
        Self::parse("permissions", patterns.iter().map(String::as_str))
            .map_err(|error| serde::de::Error::custom(error.message))
    }
}

fn is_type_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_type_bits_fit_beside_the_unknown_bit() {
        assert!(ResourceType::ALL.len() < 63);
    }

    fn pattern() -> impl Strategy<Value = String> {
        let types = prop::sample::select(
            ResourceType::ALL.iter().map(|t| t.as_str()).chain(["*", "resource_pool"]).collect::<Vec<_>>(),
        );
        let actions =
            prop::sample::select(Action::ALL.iter().map(|a| a.as_str()).chain(["*"]).collect::<Vec<_>>());
        (types, actions).prop_map(|(t, a)| format!("{t}:{a}"))
    }

    /// The slow, obvious model: a set of patterns, matched one by one.
    fn model_allows(patterns: &[String], resource: &str, action: Action) -> bool {
        patterns.iter().any(|pattern| {
            let (t, a) = pattern.split_once(':').unwrap();
            (t == "*" || t == resource) && (a == "*" || a == action.as_str())
        })
    }

    proptest! {
        #[test]
        fn union_of_roles_is_union_of_patterns(
            one in prop::collection::vec(pattern(), 0..6), two in prop::collection::vec(pattern(), 0..6)
        ) {
            let mut union = Grants::parse("p", one.iter().map(String::as_str)).unwrap();
            let second = Grants::parse("p", two.iter().map(String::as_str)).unwrap();
            union.merge(&second);
            prop_assert!(union.covers(&second));
            let all: Vec<_> = one.iter().chain(&two).cloned().collect();
            for resource in ResourceType::ALL.iter().map(|t| t.as_str()).chain(["resource_pool", "never_seen"]) {
                for action in Action::ALL {
                    prop_assert_eq!(
                        union.allows_word(resource, *action), model_allows(&all, resource, *action),
                        "{}:{}", resource, action
                    );
                }
            }
        }

        #[test]
        fn patterns_write_what_parse_reads(one in prop::collection::vec(pattern(), 0..8)) {
            let grants = Grants::parse("p", one.iter().map(String::as_str)).unwrap();
            let written = grants.patterns();
            let again = Grants::parse("p", written.iter().map(String::as_str)).unwrap();
            prop_assert!(again.covers(&grants) && grants.covers(&again));
        }
    }
}
