//! Who may ask again already.
//!
//! Each caller has a bucket of requests. Who is refused is no caller, so those requests come out of a
//! bucket of the address that they came from: guessing is as slow as asking, and takes nothing from
//! anybody who is known.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;

use crate::access::CallerId;
use crate::buckets::Buckets;
use crate::{Caller, Rate};

/// The buckets of callers, and of addresses from which nobody was known.
#[derive(Debug)]
pub struct Limiter {
    most_callers: usize,
    buckets: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    callers: Buckets<CallerId>,
    refused: Buckets<Network>,
    /// Who was let through from where.
    met: HashSet<(Network, CallerId)>,
}

/// From where: an address, or what is as good as one. `None`: nobody knows.
type Network = Option<IpAddr>;

/// The caller has asked too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}: try again in {} s", .wait.as_secs_f64().ceil())]
pub struct TooMany {
    what: &'static str,
    /// How long until the next request may come.
    pub wait: Duration,
}

impl Limiter {
    /// Keeps the buckets of at most so many callers, and of as many addresses, that asked lately. Who
    /// comes on top of them waits.
    pub fn new(rate: Rate, most_callers: usize) -> Self {
        let buckets = Mutex::new(Kept {
            callers: Buckets::new(rate, most_callers),
            refused: Buckets::new(rate, most_callers),
            met: HashSet::new(),
        });
        Self { most_callers, buckets }
    }

    /// Takes a request from there out of the caller's bucket, if there is one.
    ///
    /// Where too many were refused, a caller whom nobody has seen come from there waits as well: else
    /// whoever guesses would be told of each guess at once whether it is right.
    pub fn take(&self, caller: &Caller, from: Option<IpAddr>, now: Instant) -> Result<(), TooMany> {
        let (mut kept, from) = (self.kept(), from.map(network));
        let met = (from, caller.id());
        if !kept.met.contains(&met) {
            let wait = kept.refused.wait(&from, now);
            if !wait.is_zero() {
                return Err(TooMany::refused(wait));
            }
            // Whoever is forgotten is met again where nobody guesses.
            if kept.met.len() >= self.most_callers {
                kept.met.clear();
            }
            kept.met.insert(met);
        }
        kept.callers.take(caller.id(), now).map_err(TooMany::asked)
    }

    /// Takes a request from there whose caller is not known out of the bucket of the address, if there
    /// is one.
    pub fn take_refused(&self, from: Option<IpAddr>, now: Instant) -> Result<(), TooMany> {
        self.kept().refused.take(from.map(network), now).map_err(TooMany::refused)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever has an IPv6 address has all others of its network (64 bits) as well.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

impl TooMany {
    fn asked(wait: Duration) -> Self {
        Self { what: "too many requests", wait }
    }

    fn refused(wait: Duration) -> Self {
        Self { what: "too many requests from this address were refused", wait }
    }

    /// The header `Retry-After` of the answer: whole seconds, never too few.
    pub fn retry_after(&self) -> HeaderValue {
        let part = u64::from(self.wait.subsec_nanos() > 0);
        HeaderValue::from(self.wait.as_secs().saturating_add(part))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Credential, Role};

    fn caller(name: &str) -> Caller {
        Caller { name: name.to_owned(), role: Role::Reader, credential: Credential::Token }
    }

    fn limiter(per_second: f64, burst: u32, most_callers: usize) -> Limiter {
        Limiter::new(Rate::new(per_second, burst).unwrap(), most_callers)
    }

    fn at(address: &str) -> Option<IpAddr> {
        Some(address.parse().unwrap())
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let (limiter, start) = (limiter(2.0, 3, 10), Instant::now());
        let ada = caller("ada");
        for _ in 0..3 {
            assert_eq!(limiter.take(&ada, None, start), Ok(()));
        }
        let refused = limiter.take(&ada, None, start).unwrap_err();
        assert_eq!(refused.retry_after(), "1");
        assert_eq!(refused.to_string(), "too many requests: try again in 1 s");
        assert_eq!(limiter.take(&ada, None, start + refused.wait), Ok(()));
        assert!(limiter.take(&ada, None, start + refused.wait).is_err());
    }

    #[test]
    fn callers_do_not_take_from_each_other() {
        let (limiter, start) = (limiter(1.0, 1, 10), Instant::now());
        assert_eq!(limiter.take(&caller("ada"), None, start), Ok(()));
        assert_eq!(limiter.take(&caller("bob"), None, start), Ok(()));
        let key = Caller { credential: Credential::ApiKey, ..caller("ada") };
        assert_eq!(limiter.take(&key, None, start), Ok(()), "a key of that name is somebody else");
        let elsewhere = at("203.0.113.7");
        assert!(limiter.take(&caller("ada"), elsewhere, start).is_err(), "one bucket wherever");
    }

    #[test]
    fn who_is_refused_takes_from_the_address_and_from_no_caller() {
        let (limiter, start) = (limiter(2.0, 2, 10), Instant::now());
        let (here, there) = (at("203.0.113.7"), at("203.0.113.8"));
        assert_eq!(limiter.take(&caller("ada"), here, start), Ok(()));
        for _ in 0..2 {
            assert_eq!(limiter.take_refused(here, start), Ok(()));
        }
        let refused = limiter.take_refused(here, start).unwrap_err();
        let told = "too many requests from this address were refused: try again in 1 s";
        assert_eq!(refused.to_string(), told);
        assert_eq!(limiter.take_refused(there, start), Ok(()), "another address has its own");

        assert_eq!(limiter.take(&caller("ada"), here, start), Ok(()), "she came from here before");
        assert_eq!(limiter.take(&caller("bob"), there, start), Ok(()));
        let right_guess = limiter.take(&caller("bob"), here, start).unwrap_err();
        assert_eq!(right_guess, refused, "it is told as a wrong one");
        assert_eq!(limiter.take(&caller("bob"), here, start + refused.wait), Ok(()));
    }

    #[test]
    fn where_no_more_addresses_are_kept_a_right_guess_is_told_as_a_wrong_one() {
        let (limiter, start) = (limiter(1.0, 1, 1), Instant::now());
        assert_eq!(limiter.take_refused(at("203.0.113.7"), start), Ok(()));
        let elsewhere = at("203.0.113.8");
        let wrong = limiter.take_refused(elsewhere, start).unwrap_err();
        let right = limiter.take(&caller("ada"), elsewhere, start).unwrap_err();
        assert_eq!(right, wrong);
        assert_eq!(limiter.take(&caller("ada"), elsewhere, start + right.wait), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let (limiter, start) = (limiter(1.0, 1, 10), Instant::now());
        assert_eq!(limiter.take_refused(at("2001:db8:0:1::1"), start), Ok(()));
        assert!(limiter.take_refused(at("2001:db8:0:1:ffff::2"), start).is_err());
        assert_eq!(limiter.take_refused(at("2001:db8:0:2::1"), start), Ok(()));
        assert_eq!(limiter.take_refused(at("203.0.113.7"), start), Ok(()));
        assert!(limiter.take_refused(at("::ffff:203.0.113.7"), start).is_err());
        assert_eq!(limiter.take_refused(None, start), Ok(()));
        assert!(limiter.take_refused(None, start).is_err());
    }

    proptest! {
        #[test]
        fn no_more_are_kept_than_told(
            asked in prop::collection::vec(("[a-z]{1,2}", any::<[u8; 4]>()), 1..80),
            most in 1_usize..8,
        ) {
            let limiter = limiter(5.0, 2, most);
            let now = Instant::now();
            for (name, address) in asked {
                let _ = limiter.take(&caller(&name), Some(IpAddr::from(address)), now);
                prop_assert!(limiter.kept().met.len() <= most);
            }
        }
    }
}
