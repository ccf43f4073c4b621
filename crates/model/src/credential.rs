//! API keys and personal access tokens: one mechanism with two owners.

use std::sync::Arc;

use crate::credential_scope::CredentialScope;
use crate::env::Timestamp;
use crate::error::{Error, ErrorKind, code};
use crate::ids::{CredentialId, OrganizationId, PrincipalId};
use crate::key::Key;
use crate::secret::{Peppers, SecretHash};

/// The two kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// A key of a service account.
    ApiKey,
    /// A token of a person.
    PersonalAccessToken,
}

impl CredentialKind {
    /// The word in the database and in audit events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::PersonalAccessToken => "personal_access_token",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::ApiKey, Self::PersonalAccessToken].into_iter().find(|kind| kind.as_str() == text)
    }

    /// How people call it.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::ApiKey => "API key",
            Self::PersonalAccessToken => "personal access token",
        }
    }
}

/// The longest retention period of a rotation: 30 days, in minutes.
pub const LONGEST_RETENTION_MINUTES: i64 = 30 * 24 * 60;

/// A credential as it is stored. The secret itself is never here.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id, which its value carries.
    pub id: CredentialId,
    /// Key or token.
    pub kind: CredentialKind,
    /// Whose it is.
    pub owner: PrincipalId,
    /// The organization of the owner, for keys of service accounts.
    pub organization: Option<OrganizationId>,
    /// Its name, unique per owner without regard to case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it may be used.
    pub is_active: bool,
    /// The end of its life.
    pub expires_at: Option<Timestamp>,
    /// The hash of the value.
    pub secret: SecretHash,
    /// The hash of the value before the last rotation, and until when that one still works.
    pub previous: Option<(SecretHash, Timestamp)>,
    /// Counts the rotations: derived tokens name the one they were issued for.
    pub generation: i64,
    /// What it leaves of its owner's rights; all, if absent.
    pub scope: Option<Arc<CredentialScope>>,
    /// When it was last rotated.
    pub last_rotated: Option<Timestamp>,
    /// The retention period of the last rotation, in minutes.
    pub retain_period_minutes: i64,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// With which client.
    pub last_used_user_agent: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl Credential {
    /// Replaces the value. The old one keeps working for exactly `retain_minutes` (0: not at all); one that
    /// was kept by an earlier rotation ends now.
    pub fn rotate(&mut self, secret: SecretHash, retain_minutes: i64, now: Timestamp) {
        self.previous = (retain_minutes > 0).then(|| (self.secret, now.plus_minutes(retain_minutes)));
        self.secret = secret;
        self.generation += 1;
        self.last_rotated = Some(now);
        self.retain_period_minutes = retain_minutes;
        self.updated = now;
    }

    /// What checking a presented value needs.
    #[must_use]
    pub fn facts(&self) -> CredentialFacts {
        CredentialFacts {
            id: self.id,
            kind: self.kind,
            owner: self.owner,
            is_active: self.is_active,
            expires_at: self.expires_at,
            secret: self.secret,
            previous: self.previous,
            generation: self.generation,
            scope: self.scope.clone(),
        }
    }
}

/// What checking a presented value needs: small, copied into the cache.
#[derive(Debug, Clone)]
pub struct CredentialFacts {
    /// Its id.
    pub id: CredentialId,
    /// Key or token.
    pub kind: CredentialKind,
    /// Whose it is.
    pub owner: PrincipalId,
    /// Whether it may be used.
    pub is_active: bool,
    /// The end of its life.
    pub expires_at: Option<Timestamp>,
    /// The hash of the value.
    pub secret: SecretHash,
    /// The hash of the value before, and its end.
    pub previous: Option<(SecretHash, Timestamp)>,
    /// Counts the rotations.
    pub generation: i64,
    /// What it leaves of its owner's rights.
    pub scope: Option<Arc<CredentialScope>>,
}

/// Why a credential is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// No such credential, or not its secret: one answer for both.
    Unknown,
    /// Switched off.
    Inactive(CredentialKind),
    /// Past its life.
    Expired(CredentialKind),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let (code, message) = match rejection {
            Rejection::Unknown => (code::CREDENTIALS_INVALID, "The credentials are not valid.".to_owned()),
            Rejection::Inactive(kind) => {
                (code::CREDENTIALS_INACTIVE, format!("This {} is deactivated.", kind.noun()))
            }
            Rejection::Expired(kind) => {
                (code::CREDENTIALS_EXPIRED, format!("This {} has expired.", kind.noun()))
            }
        };
        Self::new(ErrorKind::Unauthenticated, code, message)
    }
}

impl CredentialFacts {
    /// Whether the presented key is this credential now; answers the generation of the value that was shown.
    ///
    /// The secret is compared first and fully, so that only its owner learns of the credential's state.
    pub fn verify(&self, peppers: &Peppers, key: &Key, now: Timestamp) -> Result<i64, Rejection> {
        let nothing = SecretHash::unmatchable(self.secret.pepper);
        let is_current = key.matches(peppers, &self.secret);
        let was_current = key.matches(peppers, self.previous.as_ref().map_or(&nothing, |(hash, _)| hash));
        let generation = match (is_current, was_current) {
            (true, _) => self.generation,
            (false, true) => self.generation - 1,
            (false, false) => return Err(Rejection::Unknown),
        };
        self.check(generation, now).map(|()| generation)
    }

    /// Whether a token that was issued for the value of that generation still holds.
    pub fn check(&self, generation: i64, now: Timestamp) -> Result<(), Rejection> {
        let is_retained = generation == self.generation - 1
            && self.previous.as_ref().is_some_and(|(_, until)| now < *until);
        if generation != self.generation && !is_retained {
            return Err(Rejection::Unknown);
        }
        if !self.is_active {
            return Err(Rejection::Inactive(self.kind));
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Rejection::Expired(self.kind));
        }
        Ok(())
    }
}

/// Does for an unknown id the work that a known one costs, and refuses.
#[must_use]
pub fn reject_unknown(peppers: &Peppers, key: &Key) -> Rejection {
    let nothing = SecretHash::unmatchable(peppers.current());
    // Both comparisons, as in `verify`.
    let _ = key.matches(peppers, &nothing) | key.matches(peppers, &nothing);
    Rejection::Unknown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;
    use zeroize::Zeroizing;

    use super::*;
    use crate::env::{Clock, Entropy, Env};
    use crate::secret::Pepper;

    struct Stopped;
    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }
    }
    struct Counting(std::sync::atomic::AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[derive(Debug, Clone)]
    enum Event {
        Pass { minutes: i64 },
        Rotate { retain: i64 },
        SetActive(bool),
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            (0_i64..90).prop_map(|minutes| Event::Pass { minutes }),
            prop_oneof![Just(0_i64), 1_i64..60].prop_map(|retain| Event::Rotate { retain }),
            any::<bool>().prop_map(Event::SetActive),
        ];
        prop::collection::vec(event, 0..20)
    }

    proptest! {
        /// The model: each value ever shown, with the half-open window in which it works.
        #[test]
        fn rotation_windows_follow_the_model(events in events(), life in prop::option::of(0_i64..400)) {
            let env = Env { clock: Arc::new(Stopped), entropy: Arc::new(Counting(1.into())) };
            let peppers = Peppers::new(vec![Pepper::new(1, &Zeroizing::new([7; 32]))]).unwrap();
            let id = CredentialId(Uuid::from_u128(5));
            let first = Key::generate(id, &env);
            let mut now = Timestamp(0);
            let mut credential = Credential {
                id, kind: CredentialKind::ApiKey, owner: PrincipalId(Uuid::nil()), organization: None,
                name: "k".into(), description: None, is_active: true,
                expires_at: life.map(|minutes| now.plus_minutes(minutes)),
                secret: first.hash(&peppers), previous: None, generation: 1, scope: None, last_rotated: None,
                retain_period_minutes: 0, last_used: None, last_used_ip: None, last_used_user_agent: None,
                created: now, updated: now,
            };
            let mut shown: Vec<(Key, Timestamp)> = vec![(first, Timestamp::MAX)];
            for event in events {
                match event {
                    Event::Pass { minutes } => now = now.plus_minutes(minutes),
                    Event::SetActive(active) => credential.is_active = active,
                    Event::Rotate { retain } => {
                        let key = Key::generate(id, &env);
                        credential.rotate(key.hash(&peppers), retain, now);
                        let last = shown.len() - 1;
                        for (index, (_, until)) in shown.iter_mut().enumerate() {
                            let end = if index == last { now.plus_minutes(retain) } else { now };
                            *until = (*until).min(end);
                        }
                        shown.push((key, Timestamp::MAX));
                    }
                }
                let alive = life.is_none_or(|minutes| now < Timestamp(0).plus_minutes(minutes));
                for (key, until) in &shown {
                    let expected = now < *until && credential.is_active && alive;
                    let answer = credential.facts().verify(&peppers, key, now);
                    prop_assert_eq!(answer.is_ok(), expected);
                    if let Ok(generation) = answer {
                        prop_assert_eq!(credential.facts().check(generation, now), Ok(()));
                    }
                }
            }
        }
    }
}
