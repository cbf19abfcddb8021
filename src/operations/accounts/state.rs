//! The parameter `state` of an authorisation: sealed, so that only a link of this gateway leads to a session. It names the
//! revision of the stored session, so that it is worthless once an authorisation succeeded.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::domain::ids::AccountName;
use crate::domain::sealed::Sealed;
use crate::store::seal::{SealError, SealKeys};

/// An authorisation that was begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Begun {
    #[serde(rename = "a")]
    pub(super) account: AccountName,
    /// The revision of the stored session; 0 if there was none.
    #[serde(rename = "r")]
    pub(super) revision: i64,
    /// Its end (ms since 1970).
    #[serde(rename = "e")]
    pub(super) until_ms: i64,
    /// The operator who began it.
    #[serde(rename = "o")]
    pub(super) operator: String,
}

const OWNER: &[u8] = b"authorisation";

impl Begun {
    pub(super) fn state(&self, keys: &SealKeys) -> Result<String, SealError> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let sealed = keys.seal(&json, OWNER)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed.0))
    }

    /// Reads a state; none if it is not from this gateway.
    pub(super) fn read(state: &str, keys: &SealKeys) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(state).ok()?;
        let opened = keys.open(&Sealed(sealed), OWNER).ok()?;
        serde_json::from_slice(opened.data.expose_secret()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_state_of_this_gateway_is_read() {
        let keys = SealKeys::new(&[1; 32], None);
        let begun = Begun {
            account: "main".parse().unwrap(),
            revision: 3,
            until_ms: 1,
            operator: "night-shift".to_owned(),
        };
        let state = begun.state(&keys).unwrap();
        assert_eq!(Begun::read(&state, &keys), Some(begun));
        assert!(state.len() < 200, "{}", state.len());
        let others = SealKeys::new(&[2; 32], None);
        assert_eq!(Begun::read(&state, &others), None);
        for bad in ["", "AAAA", &state[1..], &state[..state.len() - 1]] {
            assert_eq!(Begun::read(bad, &keys), None, "{bad}");
        }
    }
}
