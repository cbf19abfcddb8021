//! Which session of an account is in force: the one from the configuration, or the one that was authorised through the
//! gateway.

use crate::domain::operation::SessionTag;
use crate::domain::session::StoredSession;

/// The session in force. `C` is the one from the configuration.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice<C> {
    /// There is none.
    None,
    /// The one in the store.
    Stored(StoredSession),
    /// The one from the configuration, with what the store knows about it.
    Configured(StoredSession, C),
    /// The one from the configuration, with its tag. It is newer than what the store knows.
    NewlyConfigured(Option<StoredSession>, SessionTag, C),
}

/// The newer session counts. The configured one is newer if it is another one than at the time of the stored session.
pub(super) fn choose<C>(
    stored: Option<StoredSession>,
    configured: Option<(SessionTag, C)>,
) -> Choice<C> {
    let Some((tag, configured)) = configured else {
        return match stored {
            Some(row) if row.sealed.is_some() => Choice::Stored(row),
            Some(_) | None => Choice::None,
        };
    };
    match stored {
        Some(row) if row.sealed.is_some() => {
            if row.configured.as_ref() == Some(&tag) || row.tag == tag {
                Choice::Stored(row)
            } else {
                Choice::NewlyConfigured(Some(row), tag, configured)
            }
        }
        Some(row) if row.tag == tag => Choice::Configured(row, configured),
        stored => Choice::NewlyConfigured(stored, tag, configured),
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
        let before = row("c", false, Some("c"));
        let configured_before = Some(before.clone());
        let newly = |name: &str, stored| Choice::NewlyConfigured(stored, tag(name), ());
        let stored = |configured| Choice::Stored(row("a", true, configured));
        for (present, configured, expected) in [
            (None, None, Choice::None),
            (None, Some("c"), newly("c", None)),
            (
                configured_before.clone(),
                Some("c"),
                Choice::Configured(before, ()),
            ),
            (
                configured_before.clone(),
                Some("d"),
                newly("d", configured_before.clone()),
            ),
            // Removed from the configuration, and it is not in the store.
            (configured_before, None, Choice::None),
            (authorised(None), None, stored(None)),
            (authorised(None), Some("c"), newly("c", authorised(None))),
            (authorised(Some("c")), Some("c"), stored(Some("c"))),
            (
                authorised(Some("c")),
                Some("d"),
                newly("d", authorised(Some("c"))),
            ),
            (authorised(Some("c")), None, stored(Some("c"))),
            // The authorised session was copied into the configuration.
            (authorised(Some("c")), Some("a"), stored(Some("c"))),
        ] {
            let found = choose(present.clone(), configured.map(|name| (tag(name), ())));
            assert_eq!(found, expected, "{present:?} {configured:?}");
        }
    }
}
