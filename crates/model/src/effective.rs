//! All that a principal may do, place by place, and what a change would make of it.

use std::collections::BTreeMap;

use crate::access::Access;
use crate::grants::Grants;
use crate::role::Place;

/// What is held at each place beyond what is held above it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EffectivePermissions(BTreeMap<Place, Grants>);

/// What a change gives and takes at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub place: Place,
    /// What is held afterwards and not before.
    pub gained: Grants,
    /// What was held before and not afterwards.
    pub lost: Grants,
}

impl EffectivePermissions {
    /// Adds up what a principal holds wherever it has a role.
    #[must_use]
    pub fn of(access: &Access<'_>) -> Self {
        let held = access.membership.iter().flat_map(|membership| &membership.assignments);
        let places = std::iter::once(Place::Organization).chain(held.map(|assignment| assignment.place));
        let beyond = |place: Place| {
            let grants = access.at(place);
            let above = place.parent().map_or_else(Grants::none, |parent| access.at(parent));
            (place, grants.difference(&above))
        };
        Self(places.map(beyond).filter(|(_, grants)| !grants.is_nothing()).collect())
    }

    /// Place by place.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &Grants)> {
        self.0.iter().map(|(place, grants)| (*place, grants))
    }

    /// What is different afterwards, place by place.
    #[must_use]
    pub fn changes_to(&self, after: &Self) -> Vec<Difference> {
        let nothing = Grants::none();
        let mut places: Vec<Place> = self.0.keys().chain(after.0.keys()).copied().collect();
        places.sort_unstable();
        places.dedup();
        let difference = |place: Place| {
            let before = self.0.get(&place).unwrap_or(&nothing);
            let after = after.0.get(&place).unwrap_or(&nothing);
            Difference { place, gained: after.difference(before), lost: before.difference(after) }
        };
        let changed = |change: &Difference| !change.gained.is_nothing() || !change.lost.is_nothing();
        places.into_iter().map(difference).filter(changed).collect()
    }
}
