//! Rate limits: failed sign-ins by address, everything else by credential.

use std::net::IpAddr;
use std::num::NonZeroU32;

use control::{Authenticated, Principal};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use model::error::code;
use model::{Error, ErrorKind, Result};
use uuid::Uuid;

/// A quota: so many at once, and so many regained each second. None is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Regained each minute.
    pub per_minute: u32,
    /// At once.
    pub burst: u32,
}

/// The limits of the server.
pub struct Limits {
    failed_sign_ins: Option<DefaultKeyedRateLimiter<IpAddr>>,
    credentials: Option<DefaultKeyedRateLimiter<Uuid>>,
    clock: DefaultClock,
}

impl Limits {
    /// The limits, each absent if its quota is zero.
    #[must_use]
    pub fn new(failed_sign_ins: Rate, credentials: Rate) -> Self {
        Self {
            failed_sign_ins: quota(failed_sign_ins).map(RateLimiter::keyed),
            credentials: quota(credentials).map(RateLimiter::keyed),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a call of the credential. Machines are not counted: their users' work hangs on them.
    pub fn check_credential(&self, who: &Authenticated) -> Result<()> {
        let (Some(limiter), Principal::Account(account)) = (&self.credentials, &who.principal) else {
            return Ok(());
        };
        let key = who.credential().map_or(account.principal.id.0, |id| id.0);
        limiter.check_key(&key).map_err(|not_until| self.refused(not_until.wait_time_from(self.clock.now())))
    }

    /// Counts a failed sign-in. Says when to try again if there were too many from this address.
    pub fn count_failed_sign_in(&self, ip: IpAddr) -> Result<()> {
        let Some(limiter) = &self.failed_sign_ins else { return Ok(()) };
        limiter
            .check_key(&network(ip))
            .map_err(|not_until| self.refused(not_until.wait_time_from(self.clock.now())))
    }

    /// Forgets addresses and credentials that have their full quota again.
    pub fn tidy(&self) {
        if let Some(limiter) = &self.failed_sign_ins {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.credentials {
            limiter.retain_recent();
        }
    }

    #[expect(clippy::unused_self, reason = "stands with the limits it speaks for")]
    fn refused(&self, wait: std::time::Duration) -> Error {
        let seconds = wait.as_secs() + 1;
        let message = format!("Too many requests. Try again in {seconds} s.");
        let mut error = Error::new(ErrorKind::RateLimited, code::RATE_LIMITED, message);
        error.retry_after = Some(seconds);
        error
    }
}

fn quota(rate: Rate) -> Option<Quota> {
    let per_minute = NonZeroU32::new(rate.per_minute)?;
    let burst = NonZeroU32::new(rate.burst)?;
    Some(Quota::per_minute(per_minute).allow_burst(burst))
}

/// A caller with IPv6 has a whole /64 to come from.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limits")
    }
}
