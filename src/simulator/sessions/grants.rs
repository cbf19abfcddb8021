//! Codes and refresh tokens, and their exchange for sessions.
//!
//! Documented: a code is valid for 30 minutes and once; a refresh returns a new refresh token and invalidates the
//! old one. Inferred: a revoked authorisation takes its refresh token along, and a refresh leaves the old session
//! valid until it expires.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{MAX, RefreshToken, Session, Sessions, lasting, secret};

/// How long a code is valid (documented).
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// The tokens that OAuth issues.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OauthSettings {
    /// Life of a session, in seconds.
    pub expires_in: u32,
    /// Life of a refresh token, in seconds; 0: sessions cannot be refreshed.
    pub refresh_expires_in: u32,
    /// Whether token answers contain the absolute times, such as `expire_time` and `refresh_token_valid_time`.
    pub absolute_times: bool,
    /// Whether token answers contain `expires_in` and `expire_time`. The session expires in either case.
    pub states_expiry: bool,
}

impl Default for OauthSettings {
    fn default() -> Self {
        Self {
            expires_in: 90 * 24 * 60 * 60,
            refresh_expires_in: 0,
            absolute_times: true,
            states_expiry: true,
        }
    }
}

/// The permission of a user to open one session.
#[derive(Debug, Clone)]
pub(super) struct Code {
    value: SecretString,
    account: String,
    redirect_uri: String,
    expires_at: Timestamp,
}

/// What OAuth issued.
#[derive(Debug)]
pub(in crate::simulator) struct Issued {
    pub(in crate::simulator) account: String,
    pub(in crate::simulator) session: SecretString,
    pub(in crate::simulator) refresh_token: SecretString,
    pub(in crate::simulator) at: Timestamp,
    pub(in crate::simulator) settings: OauthSettings,
}

/// Why OAuth issues nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum GrantError {
    /// The code is unknown, used or expired.
    Code,
    /// The redirect URI is not the one for which the code was issued.
    RedirectUri,
    /// The refresh token is unknown, used, expired or revoked.
    RefreshToken,
    /// There are too many sessions.
    Full,
}

impl GrantError {
    /// The first two texts and the last are documented for `/token`.
    pub(in crate::simulator) fn description(self) -> &'static str {
        match self {
            Self::Code => "authorize code expire",
            Self::RedirectUri => "redirect_uri is invalidate",
            Self::RefreshToken => "refresh token expire",
            Self::Full => "session key num is larger than 1000",
        }
    }
}

impl Sessions {
    /// Issues a code for a user who has authorised the app.
    pub(in crate::simulator) fn authorise(
        &mut self,
        account: &str,
        redirect_uri: &str,
    ) -> SecretString {
        let now = self.clock.wall();
        self.codes.retain(|code| now < code.expires_at);
        if self.codes.len() >= MAX {
            self.codes.remove(0);
        }
        let value = secret("");
        self.codes.push(Code {
            value: value.clone(),
            account: account.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            expires_at: now + CODE_LIFE,
        });
        value
    }

    /// Exchanges a code for a session. `redirect_uri` is compared if given. A failed exchange does not use up the
    /// code.
    pub(in crate::simulator) fn redeem(
        &mut self,
        code: &str,
        redirect_uri: Option<&str>,
    ) -> Result<Issued, GrantError> {
        let now = self.clock.wall();
        let valid = |found: &Code| found.value.expose_secret() == code && now < found.expires_at;
        let at = self.codes.iter().position(valid).ok_or(GrantError::Code)?;
        let found = &self.codes[at];
        if redirect_uri.is_some_and(|uri| uri != found.redirect_uri) {
            return Err(GrantError::RedirectUri);
        }
        let account = found.account.clone();
        let issued = self.issue(&account)?;
        self.codes.remove(at);
        Ok(issued)
    }

    /// Exchanges a refresh token for a new session and a new refresh token.
    pub(in crate::simulator) fn refresh(&mut self, token: &str) -> Result<Issued, GrantError> {
        let now = self.clock.wall();
        let has_token = |session: &Session| {
            let refresh = session.refresh.as_ref();
            refresh.is_some_and(|refresh| {
                refresh.value.expose_secret() == token && now < refresh.expires_at
            })
        };
        let found = self.all.iter().find(|session| has_token(session));
        let account = found.ok_or(GrantError::RefreshToken)?.account.clone();
        let issued = self.issue(&account)?;
        if let Some(session) = self.all.iter_mut().find(|session| has_token(session)) {
            session.refresh = None;
        }
        Ok(issued)
    }

    fn issue(&mut self, account: &str) -> Result<Issued, GrantError> {
        let at = self.clock.wall();
        let settings = self.settings.clone();
        // Inferred: TOP returns a refresh token even if it cannot be used.
        let refresh_token = secret("62");
        let session = self.add(account, None, Some(settings.expires_in));
        let session = session.ok_or(GrantError::Full)?.value.clone();
        if let Some(added) = self.all.last_mut() {
            added.refresh = Some(RefreshToken {
                value: refresh_token.clone(),
                expires_at: at + lasting(settings.refresh_expires_in),
            });
        }
        Ok(Issued {
            account: account.to_owned(),
            session,
            refresh_token,
            at,
            settings,
        })
    }
}
