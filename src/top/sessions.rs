//! The sessions (授权) of the purchasing accounts. They are replaced while the gateway runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Notify;

use super::call::CallError;
use crate::domain::ids::{AccountName, HashKey};
use crate::domain::operation::SessionTag;

/// A session of an account: the key that TOP accepts for one Taobao user until it expires or is revoked.
#[derive(Debug)]
pub struct Session {
    key: SecretString,
    tag: SessionTag,
    doubt: Mutex<Doubt>,
    restricted: Mutex<Option<Refused>>,
    doubted: Arc<Notify>,
}

/// Whether TOP accepts a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doubt {
    /// It accepts it, as far as known.
    #[default]
    None,
    /// TOP refused it for a call. That may be a mistake, so calls continue until another call confirms it.
    Suspected(Refused),
    /// TOP refuses it. Nothing is sent until TOP accepts it again or it is replaced.
    Refused(Refused),
}

/// The session is valid, but the user must renew it for calls of this security level (documented).
const INSUFFICIENT: i64 = 53;

/// TOP refused a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// TOP's code: 26, 27 or 53.
    pub code: i64,
    /// When TOP refused it for the first time.
    pub at: Timestamp,
}

/// Why an account has no session for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    /// The account is not configured.
    #[error("the account is no longer configured")]
    UnknownAccount,
    /// It was never authorised.
    #[error("the account has no session")]
    Missing,
    /// TOP refuses its session.
    #[error("TOP refuses the session of the account")]
    Refused(Refused),
}

/// The session in force of each account.
#[derive(Debug)]
pub struct Sessions {
    in_force: BTreeMap<AccountName, RwLock<Option<Arc<Session>>>>,
    users: RwLock<BTreeMap<AccountName, i64>>,
    key: HashKey,
    doubted: Arc<Notify>,
}

// === impl Doubt ===

impl Doubt {
    /// The refusal, if TOP refuses the session.
    #[must_use]
    pub const fn refused(self) -> Option<Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::None | Self::Suspected(_) => None,
        }
    }
}

// === impl Session ===

impl Session {
    /// The key for the parameter `session`.
    #[must_use]
    pub const fn key(&self) -> &SecretString {
        &self.key
    }

    /// The tag that identifies the session in the journal.
    #[must_use]
    pub const fn tag(&self) -> &SessionTag {
        &self.tag
    }

    /// Whether TOP accepts the session, as far as known.
    #[must_use]
    pub fn doubt(&self) -> Doubt {
        *self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of the result of a call that was made under this session.
    pub(super) fn observe<T>(&self, result: &Result<T, CallError>, now: Timestamp) {
        let Err(CallError::Refused(error)) = result else {
            return;
        };
        let Some(code) = error.session_code() else {
            return;
        };
        let refused = Refused { code, at: now };
        if code == INSUFFICIENT {
            let mut restricted = self
                .restricted
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if restricted.is_none() {
                *restricted = Some(refused);
                self.doubted.notify_one();
            }
            return;
        }
        let mut doubt = self.doubt.lock().unwrap_or_else(PoisonError::into_inner);
        if *doubt == Doubt::None {
            *doubt = Doubt::Suspected(refused);
            self.doubted.notify_one();
        }
    }

    /// Since when TOP refuses the session for some calls because its security level is not sufficient any more (53). Other
    /// calls may still work, so calls continue.
    #[must_use]
    pub fn restricted(&self) -> Option<Refused> {
        *self
            .restricted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Records whether TOP accepted a call that was made to try the session. Returns whether the doubt changed.
    pub fn decide(&self, is_accepted: bool) -> bool {
        let mut doubt = self.doubt.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *doubt;
        *doubt = match before {
            _ if is_accepted => Doubt::None,
            Doubt::Suspected(refused) => Doubt::Refused(refused),
            Doubt::None | Doubt::Refused(_) => before,
        };
        *doubt != before
    }
}

// === impl Sessions ===

impl Sessions {
    /// The sessions of these accounts; none is authorised yet. `key` is the key of the tags.
    #[must_use]
    pub fn new(accounts: impl IntoIterator<Item = AccountName>, key: HashKey) -> Self {
        Self {
            in_force: accounts
                .into_iter()
                .map(|account| (account, RwLock::default()))
                .collect(),
            users: RwLock::default(),
            key,
            doubted: Arc::default(),
        }
    }

    /// The session for a call.
    ///
    /// # Errors
    /// [`NoSession`].
    pub fn usable(&self, account: &AccountName) -> Result<Arc<Session>, NoSession> {
        let slot = self.in_force.get(account);
        slot.ok_or(NoSession::UnknownAccount)?;
        let session = self.in_force(account).ok_or(NoSession::Missing)?;
        match session.doubt().refused() {
            Some(refused) => Err(NoSession::Refused(refused)),
            None => Ok(session),
        }
    }

    /// The session in force, also if TOP refuses it.
    #[must_use]
    pub fn in_force(&self, account: &AccountName) -> Option<Arc<Session>> {
        let slot = self.in_force.get(account)?;
        slot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The tag of a session.
    #[must_use]
    pub fn tag(&self, key: &SecretString) -> SessionTag {
        SessionTag::new(&self.key, key.expose_secret())
    }

    /// A session that is not in force.
    #[must_use]
    pub fn candidate(&self, key: SecretString) -> Arc<Session> {
        Arc::new(Session {
            tag: self.tag(&key),
            key,
            doubt: Mutex::default(),
            restricted: Mutex::default(),
            doubted: self.doubted.clone(),
        })
    }

    /// Puts a session in force; calls that were prepared before keep the previous one.
    pub fn replace(&self, account: &AccountName, key: SecretString) {
        let session = self.candidate(key);
        if let Some(slot) = self.in_force.get(account) {
            let mut slot = slot.write().unwrap_or_else(PoisonError::into_inner);
            *slot = Some(session);
        }
    }

    /// Records the Taobao user of an account.
    pub fn identify(&self, account: &AccountName, user_id: i64) {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        users.insert(account.clone(), user_id);
    }

    /// The Taobao user of an account, once known.
    #[must_use]
    pub fn user(&self, account: &AccountName) -> Option<i64> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.get(account).copied()
    }

    /// All accounts with their Taobao users.
    #[must_use]
    pub fn users(&self) -> Vec<(AccountName, Option<i64>)> {
        let accounts = self.in_force.keys();
        accounts
            .map(|account| (account.clone(), self.user(account)))
            .collect()
    }

    /// Waits until a session is suspected. Suspicions since the last call count too.
    pub async fn suspicion(&self) {
        self.doubted.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::call::NotSent;
    use crate::top::envelope::ErrorResponse;

    fn account() -> AccountName {
        "main".parse().unwrap()
    }

    fn error(code: i64) -> Result<(), CallError> {
        Err(CallError::Refused(Box::new(ErrorResponse {
            code: Some(code),
            ..ErrorResponse::default()
        })))
    }

    #[test]
    fn a_session_is_refused_once_a_second_call_confirms_it() {
        let sessions = Sessions::new([account()], HashKey::new([0; 32]));
        assert_eq!(sessions.usable(&account()).unwrap_err(), NoSession::Missing);
        sessions.replace(&account(), "one".into());
        let session = sessions.usable(&account()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        for other in [
            Ok(()),
            error(7),
            error(25),
            Err(CallError::NotSent(NotSent::TooLate)),
        ] {
            session.observe(&other, now);
        }
        assert_eq!(session.doubt(), Doubt::None);
        session.observe(&error(53), now);
        assert_eq!(session.doubt(), Doubt::None);
        assert_eq!(session.restricted(), Some(Refused { code: 53, at: now }));
        session.observe(&error(27), now);
        session.observe(&error(26), now);
        let refused = Refused { code: 27, at: now };
        assert_eq!(session.doubt(), Doubt::Suspected(refused));
        assert!(sessions.usable(&account()).is_ok());
        assert!(session.decide(false) && !session.decide(false));
        assert_eq!(
            sessions.usable(&account()).unwrap_err(),
            NoSession::Refused(refused)
        );
        assert!(session.decide(true) && !session.decide(true));
        assert!(sessions.usable(&account()).is_ok());
        let other = "other".parse().unwrap();
        let unknown = sessions.usable(&other).unwrap_err();
        assert_eq!(unknown, NoSession::UnknownAccount);
    }

    #[test]
    fn a_late_refusal_of_a_replaced_session_does_not_concern_the_new_one() {
        let sessions = Sessions::new([account()], HashKey::new([0; 32]));
        sessions.replace(&account(), "one".into());
        let before = sessions.usable(&account()).unwrap();
        sessions.replace(&account(), "two".into());
        before.observe(&error(27), Timestamp::UNIX_EPOCH);
        before.decide(false);
        let now = sessions.usable(&account()).unwrap();
        assert_eq!(now.key().expose_secret(), "two");
        assert_ne!(now.tag(), before.tag());
        // The same session again is a new one: TOP may accept it now.
        sessions.replace(&account(), "one".into());
        assert!(sessions.usable(&account()).is_ok());
    }

    #[test]
    fn a_session_is_not_printed() {
        let sessions = Sessions::new([account()], HashKey::new([0; 32]));
        sessions.replace(&account(), "canary".into());
        assert!(!format!("{sessions:?}").contains("canary"));
    }
}
