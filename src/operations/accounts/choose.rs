//! Which session of an account is in force: the one from the configuration, or the one that was authorised through the
//! gateway.

use crate::domain::operation::SessionTag;
use crate::domain::session::StoredSession;

/// The session in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// There is none.
    None,
    /// The one in the store.
    Stored,
    /// The one from the configuration, which the store knows.
    Configured,
    /// The one from the configuration, which is newer than what the store knows.
    NewlyConfigured,
}

/// The newer session counts. The configured one is newer if it is another one than at the time of the stored session.
pub(super) fn choose(stored: Option<&StoredSession>, configured: Option<&SessionTag>) -> Choice {
    let Some(configured) = configured else {
        return match stored {
            Some(row) if row.sealed.is_some() => Choice::Stored,
            Some(_) | None => Choice::None,
        };
    };
    match stored {
        Some(row) if row.sealed.is_some() => {
            if row.configured.as_ref() == Some(configured) || row.tag == *configured {
                Choice::Stored
            } else {
                Choice::NewlyConfigured
            }
        }
        Some(row) if row.tag == *configured => Choice::Configured,
        Some(_) | None => Choice::NewlyConfigured,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::sealed::Sealed;
    use crate::domain::session::ExpiryBasis;

    fn tag(name: &str) -> SessionTag {
        SessionTag::from_store(name.to_owned())
    }

    fn row(own: &str, is_sealed: bool, configured: Option<&str>) -> StoredSession {
        StoredSession {
            account: "main".parse().unwrap(),
            revision: 1,
            tag: tag(own),
            sealed: is_sealed.then(|| Sealed(vec![1])),
            configured: configured.map(tag),
            user_id: None,
            authorised_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            expiry: ExpiryBasis::Estimated,
            refreshable_until: None,
        }
    }

    #[test]
    fn the_session_that_was_changed_last_is_in_force() {
        let authorised = |configured| Some(row("a", true, configured));
        let configured_before = Some(row("c", false, Some("c")));
        for (stored, configured, expected) in [
            (None, None, Choice::None),
            (None, Some("c"), Choice::NewlyConfigured),
            (configured_before.clone(), Some("c"), Choice::Configured),
            (
                configured_before.clone(),
                Some("d"),
                Choice::NewlyConfigured,
            ),
            // Removed from the configuration, and it is not in the store.
            (configured_before, None, Choice::None),
            (authorised(None), None, Choice::Stored),
            (authorised(None), Some("c"), Choice::NewlyConfigured),
            (authorised(Some("c")), Some("c"), Choice::Stored),
            (authorised(Some("c")), Some("d"), Choice::NewlyConfigured),
            (authorised(Some("c")), None, Choice::Stored),
            // The authorised session was copied into the configuration.
            (authorised(Some("c")), Some("a"), Choice::Stored),
        ] {
            let found = choose(stored.as_ref(), configured.map(tag).as_ref());
            assert_eq!(found, expected, "{stored:?} {configured:?}");
        }
    }
}
