//! The secret part of an authorised session, as it is sealed in the store.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::domain::ids::AccountName;
use crate::domain::personal::Personal;
use crate::domain::sealed::Sealed;
use crate::store::seal::{OpenError, SealError, SealKeys};

/// A session with what belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub(super) session: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    /// The name of the Taobao user.
    pub(super) nick: Option<Personal<String>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    session: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    nick: Option<String>,
}

fn owner(account: &AccountName) -> Vec<u8> {
    [b"session of ", account.as_str().as_bytes()].concat()
}

impl Secret {
    /// A session without anything else.
    pub(super) fn of(session: &SecretString) -> Self {
        Self {
            session: session.clone(),
            refresh_token: None,
            nick: None,
        }
    }

    pub(super) fn sealed(
        &self,
        keys: &SealKeys,
        account: &AccountName,
    ) -> Result<Sealed, SealError> {
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        let stored = Stored {
            session: text(&self.session),
            refresh_token: self.refresh_token.as_ref().map(text),
            nick: self.nick.as_ref().map(|nick| nick.expose().clone()),
        };
        let json = SecretString::from(serde_json::to_string(&stored).unwrap_or_default());
        keys.seal(json.expose_secret().as_bytes(), &owner(account))
    }

    /// Also returns whether it was sealed with the previous key.
    pub(super) fn opened(
        sealed: &Sealed,
        keys: &SealKeys,
        account: &AccountName,
    ) -> Result<(Self, bool), OpenError> {
        let opened = keys.open(sealed, &owner(account))?;
        let stored: Stored = serde_json::from_slice(opened.data.expose_secret())
            .map_err(|_| OpenError::Malformed)?;
        let secret = Self {
            session: stored.session.into(),
            refresh_token: stored.refresh_token.map(SecretString::from),
            nick: stored.nick.map(Personal::new),
        };
        Ok((secret, opened.by_previous))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_opened_for_its_account_only_and_never_printed() {
        let keys = SealKeys::new(&[1; 32], None);
        let (main, other) = ("main".parse().unwrap(), "other".parse().unwrap());
        let secret = Secret {
            session: "canary-1".into(),
            refresh_token: Some("canary-2".into()),
            nick: Some(Personal::new("canary-3".to_owned())),
        };
        let sealed = secret.sealed(&keys, &main).unwrap();
        let (opened, by_previous) = Secret::opened(&sealed, &keys, &main).unwrap();
        assert_eq!(opened.session.expose_secret(), "canary-1");
        assert_eq!(
            opened.refresh_token.as_ref().unwrap().expose_secret(),
            "canary-2"
        );
        assert_eq!(opened.nick.as_ref().unwrap().expose(), "canary-3");
        assert!(!by_previous && !format!("{opened:?}{sealed:?}").contains("canary"));
        let failed = Secret::opened(&sealed, &keys, &other).unwrap_err();
        assert_eq!(failed, OpenError::WrongKey);
        let no_session = keys.seal(b"{}", &owner(&main)).unwrap();
        let failed = Secret::opened(&no_session, &keys, &main).unwrap_err();
        assert_eq!(failed, OpenError::Malformed);
    }
}
