//! The sessions of Taobao users, and whether TOP accepts them.

mod grants;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{Simulator, SimulatorConfig};
use crate::clock::SharedClock;
use grants::Code;
pub use grants::OauthSettings;
pub(super) use grants::{GrantError, Issued};

/// Maximum number of sessions and of codes.
const MAX: usize = 1_000;

/// Whether TOP accepts a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SessionState {
    Valid,
    Expired,
    Revoked,
}

#[derive(Debug, Clone)]
struct RefreshToken {
    value: SecretString,
    expires_at: Timestamp,
}

/// The authorisation of a user, under which calls act for the user's account.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) value: SecretString,
    pub(super) account: String,
    /// None: never.
    pub(super) expires_at: Option<Timestamp>,
    revoked: bool,
    refresh: Option<RefreshToken>,
}

impl Session {
    pub(super) fn state(&self, now: Timestamp) -> SessionState {
        if self.revoked {
            SessionState::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            SessionState::Expired
        } else {
            SessionState::Valid
        }
    }
}

/// The sessions that a call of the control API changes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    Account(&'a str),
    Session(&'a str),
}

/// All sessions, and the codes that were not used yet.
#[derive(Debug, Clone)]
pub(super) struct Sessions {
    clock: SharedClock,
    all: Vec<Session>,
    codes: Vec<Code>,
    pub(super) settings: OauthSettings,
}

impl Sessions {
    /// The configured sessions, which do not expire.
    pub(super) fn new(config: &SimulatorConfig) -> Self {
        let all = config.sessions.iter().map(|(value, account)| Session {
            value: SecretString::from(value.as_str()),
            account: account.clone(),
            expires_at: None,
            revoked: false,
            refresh: None,
        });
        Self {
            clock: config.clock.clone(),
            all: all.collect(),
            codes: Vec::new(),
            settings: config.oauth.clone(),
        }
    }

    pub(super) fn all(&self) -> &[Session] {
        &self.all
    }

    /// The session with this value.
    pub(super) fn get(&self, value: &str) -> Option<&Session> {
        let mut all = self.all.iter();
        all.find(|session| session.value.expose_secret() == value)
    }

    /// Adds a session. None: there are too many.
    pub(super) fn add(
        &mut self,
        account: &str,
        value: Option<SecretString>,
        expires_in: Option<u32>,
    ) -> Option<&Session> {
        let now = self.clock.wall();
        if self.all.len() >= MAX {
            self.all
                .retain(|session| session.state(now) == SessionState::Valid);
        }
        if self.all.len() >= MAX {
            return None;
        }
        self.all.push(Session {
            value: value.unwrap_or_else(|| secret("61")),
            account: account.to_owned(),
            expires_at: expires_in.map(|seconds| now + lasting(seconds)),
            revoked: false,
            refresh: None,
        });
        self.all.last()
    }

    /// Expires sessions at once and returns them.
    pub(super) fn expire(&mut self, which: Which<'_>) -> Vec<&Session> {
        let now = self.clock.wall();
        self.change(which, |session| {
            let before = session.expires_at.filter(|at| *at <= now);
            session.expires_at = before.or(Some(now));
        })
    }

    /// Revokes sessions, as a user can on Taobao's pages, and returns them.
    pub(super) fn revoke(&mut self, which: Which<'_>) -> Vec<&Session> {
        self.change(which, |session| {
            session.revoked = true;
            session.refresh = None;
        })
    }

    fn change(&mut self, which: Which<'_>, change: impl Fn(&mut Session)) -> Vec<&Session> {
        let concerned = self.all.iter_mut().filter(|session| match which {
            Which::Account(account) => session.account == account,
            Which::Session(value) => session.value.expose_secret() == value,
        });
        concerned
            .map(|session| {
                change(session);
                &*session
            })
            .collect()
    }
}

fn lasting(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds))
}

/// A new random value, about as long as TOP's own.
fn secret(prefix: &str) -> SecretString {
    let random = || uuid::Uuid::new_v4().simple();
    SecretString::from(format!("{prefix}{}{}", random(), random()))
}

impl Simulator {
    /// Adds a session of an account that expires after this number of seconds; None: never. Returns no session
    /// for an unknown account, or if there are too many.
    pub fn add_session(&self, account: &str, expires_in: Option<u32>) -> Option<SecretString> {
        let mut state = self.state();
        state.users.get(account)?;
        let session = state.sessions.add(account, None, expires_in)?;
        Some(session.value.clone())
    }

    /// Expires all sessions of an account at once; messages still come. Returns how many there are.
    pub fn expire_sessions(&self, account: &str) -> usize {
        let sessions = &mut self.state().sessions;
        sessions.expire(Which::Account(account)).len()
    }

    /// Revokes all sessions of an account, as a user can on Taobao's pages; messages still come. Returns how many
    /// there are.
    pub fn revoke_sessions(&self, account: &str) -> usize {
        let sessions = &mut self.state().sessions;
        sessions.revoke(Which::Account(account)).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn at_the_limit_only_sessions_that_are_no_longer_valid_are_dropped() {
        let config = SimulatorConfig::sandbox(SystemClock::shared());
        let mut sessions = Sessions::new(&config);
        while sessions.all().len() < MAX {
            sessions.add("default", None, None).unwrap();
        }
        assert!(sessions.add("default", None, None).is_none());
        let code = sessions.authorise("default", "http://app.example/");
        let full = sessions.redeem(code.expose_secret(), None);
        assert_eq!(full.err(), Some(GrantError::Full));

        assert_eq!(sessions.expire(Which::Session("sandbox-session")).len(), 1);
        assert!(sessions.redeem(code.expose_secret(), None).is_ok());
        assert!(sessions.get("sandbox-session").is_none());
        assert_eq!(sessions.all().len(), MAX);
    }
}
