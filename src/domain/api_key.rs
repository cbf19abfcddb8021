//! API keys that were created while the gateway runs.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;

use super::access::Rights;
use super::ids::{CallerName, KeyId};

/// The SHA-256 of an API key. A key is a random number of 256 bits, so its hash need not be slow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyDigest(pub [u8; 32]);

impl KeyDigest {
    /// The digest of a key.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Compares in constant time.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(***)")
    }
}

/// An API key: a caller with its rights, and up to two secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, which is a part of the key.
    pub id: KeyId,
    /// Increases with every change, which is a compare-and-set on it; 0 before it is stored.
    pub revision: i64,
    /// The caller: the owner of the operations that are requested with the key.
    pub caller: CallerName,
    /// What it is for.
    pub description: Option<String>,
    /// What the caller may do.
    pub rights: Rights,
    /// The secrets, newest first.
    pub secrets: Vec<KeySecret>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The caller that created it.
    pub created_by: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, which is final.
    pub revoked_at: Option<Timestamp>,
}

/// A secret of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySecret {
    /// The digest of the whole key, which contains id and secret.
    pub digest: KeyDigest,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it ends, because another one has replaced it.
    pub expires_at: Option<Timestamp>,
    /// When it was last used. It is stored every 10 seconds.
    pub last_used_at: Option<Timestamp>,
}

/// The state of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It is accepted.
    Active,
    /// It has expired.
    Expired,
    /// It was revoked.
    Revoked,
}

/// The maximum number of secrets of a key that are in force.
pub const MOST_SECRETS: usize = 2;

/// How a secret is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How long the present secrets are accepted too; zero ends all of them at once.
    pub overlap: Duration,
    /// The newest secret ends at once, because nobody has it: the response with it was lost.
    pub replace_newest: bool,
}

/// Why a secret was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// The key was revoked.
    #[error("the key was revoked")]
    Revoked,
    /// The key has expired.
    #[error("the key expired at {}", super::time::Rfc3339(*.0))]
    Expired(Timestamp),
    /// Two secrets are in force, the older one until this time.
    #[error("two secrets are in force, the older one until {}", super::time::Rfc3339(*.0))]
    TooMany(Timestamp),
}

impl KeySecret {
    /// Whether the secret is in force.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }
}

impl ApiKey {
    /// The state at this time.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.revoked_at.is_some() {
            KeyState::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            KeyState::Expired
        } else {
            KeyState::Active
        }
    }

    /// Adds a secret. The present one ends after the overlap; without an overlap, all present ones end at once.
    ///
    /// # Errors
    /// [`RotateError`].
    pub fn rotate(
        &mut self,
        digest: KeyDigest,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<(), RotateError> {
        let Rotation {
            overlap,
            replace_newest,
        } = rotation;
        match (self.state(now), self.expires_at) {
            (KeyState::Revoked, _) => return Err(RotateError::Revoked),
            (KeyState::Expired, Some(at)) => return Err(RotateError::Expired(at)),
            _ => {}
        }
        if replace_newest && !self.secrets.is_empty() {
            self.secrets.remove(0);
        }
        self.secrets
            .retain(|secret| secret.is_live(now) && !overlap.is_zero());
        if self.secrets.len() >= MOST_SECRETS
            && let Some(until) = self.secrets.iter().filter_map(|s| s.expires_at).min()
        {
            return Err(RotateError::TooMany(until));
        }
        let until = now.checked_add(overlap).unwrap_or(Timestamp::MAX);
        for secret in &mut self.secrets {
            secret.expires_at = Some(secret.expires_at.map_or(until, |at| at.min(until)));
        }
        let added = KeySecret {
            digest,
            created_at: now,
            expires_at: None,
            last_used_at: None,
        };
        self.secrets.insert(0, added);
        Ok(())
    }

    /// Revokes the key. A key that was revoked before keeps its time.
    pub fn revoke(&mut self, now: Timestamp) {
        self.revoked_at.get_or_insert(now);
    }

    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        Self {
            id: "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71".parse().unwrap(),
            revision: 1,
            caller: "booking-app".parse().unwrap(),
            description: None,
            rights: Rights::default(),
            secrets: vec![KeySecret {
                digest: KeyDigest::of(b"first"),
                created_at: Timestamp::UNIX_EPOCH,
                expires_at: None,
                last_used_at: None,
            }],
            created_at: Timestamp::UNIX_EPOCH,
            created_by: "operator".to_owned(),
            expires_at: None,
            revoked_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn digest(text: &str) -> KeyDigest {
        KeyDigest::of(text.as_bytes())
    }

    /// The secrets in force, and when each ends.
    fn live(key: &ApiKey, now: i64) -> Vec<(KeyDigest, Option<i64>)> {
        let live = key.secrets.iter().filter(|s| s.is_live(at(now)));
        live.map(|s| (s.digest, s.expires_at.map(Timestamp::as_second)))
            .collect()
    }

    #[test]
    fn a_key_ends_when_it_expires_or_is_revoked() {
        let mut key = ApiKey::sample();
        assert_eq!(key.state(at(100)), KeyState::Active);
        key.expires_at = Some(at(50));
        assert_eq!(key.state(at(49)), KeyState::Active);
        assert_eq!(key.state(at(50)), KeyState::Expired);
        key.revoke(at(60));
        key.revoke(at(70));
        assert_eq!(key.revoked_at, Some(at(60)));
        // Also if its clock is wrong.
        assert_eq!(key.state(at(10)), KeyState::Revoked);
    }

    /// Adds a secret; the present one ends after these hours.
    fn rotate(key: &mut ApiKey, secret: &str, hours: u64, now: i64) -> Result<(), RotateError> {
        let rotation = Rotation {
            overlap: Duration::from_hours(hours),
            replace_newest: false,
        };
        key.rotate(digest(secret), rotation, at(now))
    }

    #[test]
    fn two_secrets_are_in_force_during_an_overlap() {
        let mut key = ApiKey::sample();
        rotate(&mut key, "second", 1, 0).unwrap();
        let both = [(digest("second"), None), (digest("first"), Some(3600))];
        assert_eq!(live(&key, 3599), both);
        assert_eq!(live(&key, 3600), both[..1]);
        // A third one must wait for the end of the first, unless the others end at once.
        let too_many = RotateError::TooMany(at(3600));
        assert_eq!(rotate(&mut key, "third", 1, 10), Err(too_many));
        assert_eq!(live(&key, 3599), both);
        let mut urgent = key.clone();
        rotate(&mut urgent, "third", 0, 10).unwrap();
        assert_eq!(live(&urgent, 10), [(digest("third"), None)]);
        rotate(&mut key, "third", 1, 3600).unwrap();
        let both = [(digest("third"), None), (digest("second"), Some(7200))];
        assert_eq!(live(&key, 3600), both);
        assert_eq!(key.secrets.len(), 2, "ended secrets are not kept");
    }

    #[test]
    fn a_lost_secret_is_replaced_and_the_older_one_keeps_its_end() {
        let mut key = ApiKey::sample();
        rotate(&mut key, "lost", 1, 0).unwrap();
        let again = Rotation {
            overlap: Duration::from_hours(5),
            replace_newest: true,
        };
        key.rotate(digest("second"), again, at(10)).unwrap();
        let both = [(digest("second"), None), (digest("first"), Some(3600))];
        assert_eq!(live(&key, 3599), both);
        // Also of a new key, whose only secret was lost.
        let mut new = ApiKey::sample();
        new.rotate(digest("second"), again, at(10)).unwrap();
        assert_eq!(live(&new, 10), [(digest("second"), None)]);
    }

    #[test]
    fn a_key_that_has_ended_gets_no_secret() {
        let mut key = ApiKey::sample();
        key.expires_at = Some(at(50));
        let expired = Err(RotateError::Expired(at(50)));
        assert_eq!(rotate(&mut key, "second", 1, 50), expired);
        key.revoke(at(60));
        let revoked = Err(RotateError::Revoked);
        assert_eq!(rotate(&mut key, "second", 1, 70), revoked);
    }
}
