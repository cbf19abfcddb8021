//! Sessions of purchasing accounts: the revision and the Taobao user decide whether a save is committed.

use fliggy_gateway::domain::sealed::Sealed;
use fliggy_gateway::domain::session::{ExpiryBasis, StoredSession};
use fliggy_gateway::store::{SavedSession, Sessions as _};
use futures::future::join_all;
use jiff::Timestamp;

use super::webhooks::time;
use super::*;

mod on_disk;

on_every_store! {
    a_session_is_read_as_it_was_written,
    sessions_are_listed_by_account,
    a_save_replaces_the_session_of_its_revision,
    a_stale_save_returns_the_stored_session,
    one_of_two_concurrent_saves_is_done,
    one_of_two_concurrent_first_saves_is_done,
    a_user_has_one_account,
    one_of_two_accounts_gets_a_user_that_both_claim,
    an_account_has_one_user,
    sealed_bytes_are_stored_as_they_are_and_not_shown,
}

const FIRST_USER: i64 = 2_200_000_000_001;
const SECOND_USER: i64 = i64::MAX;

fn tag(session: &str) -> SessionTag {
    SessionTag::new(&HashKey::new([1; 32]), session)
}

/// A session from the configuration that is not stored yet.
fn session(account: &str) -> StoredSession {
    StoredSession {
        account: account.parse().unwrap(),
        revision: 0,
        tag: tag(account),
        sealed: None,
        configured: Some(tag(account)),
        user_id: None,
        authorised_at: time(0),
        expires_at: time(1_000),
        expiry: ExpiryBasis::Estimated,
        refreshable_until: None,
    }
}

/// A session that was authorised through the gateway, with every field set.
fn authorised(account: &str, revision: i64) -> StoredSession {
    StoredSession {
        revision,
        tag: tag("authorised"),
        sealed: Some(Sealed(vec![0, 1, 2, 0xff])),
        user_id: Some(FIRST_USER),
        authorised_at: time(2_000),
        expires_at: time(3_001),
        expiry: ExpiryBasis::Stated,
        refreshable_until: Some(time(4_000)),
        ..session(account)
    }
}

fn with_user(session: StoredSession, user: i64) -> StoredSession {
    StoredSession {
        user_id: Some(user),
        ..session
    }
}

async fn save(journal: &dyn Store, session: &StoredSession) -> SavedSession {
    journal.save_session(session.clone()).await.unwrap()
}

/// Saves a session; asserts that the save is done. Returns the session with its new revision.
async fn put(journal: &dyn Store, session: &StoredSession) -> StoredSession {
    match save(journal, session).await {
        SavedSession::Done(revision) => StoredSession {
            revision,
            ..session.clone()
        },
        refused => panic!("{refused:?}"),
    }
}

async fn read(journal: &dyn Store, account: &str) -> Option<StoredSession> {
    journal.session(&account.parse().unwrap()).await.unwrap()
}

fn stale(stored: &StoredSession) -> SavedSession {
    SavedSession::Stale(Some(Box::new(stored.clone())))
}

async fn a_session_is_read_as_it_was_written(journal: &dyn Store) {
    assert_eq!(read(journal, "default").await, None);
    for new in [session("a"), authorised("b", 0)] {
        let stored = put(journal, &new).await;
        assert_eq!(stored.revision, 1);
        let found = read(journal, new.account.as_str()).await;
        assert_eq!(found, Some(stored));
    }
    // The store keeps milliseconds.
    let exact = Timestamp::from_nanosecond(1_893_456_000_123_456_789).unwrap();
    let new = StoredSession {
        authorised_at: exact,
        expires_at: exact,
        refreshable_until: Some(exact),
        ..session("c")
    };
    put(journal, &new).await;
    let found = read(journal, "c").await.unwrap();
    let times = [
        Some(found.authorised_at),
        Some(found.expires_at),
        found.refreshable_until,
    ];
    assert_eq!(times, [Some(time(123)); 3]);
}

async fn sessions_are_listed_by_account(journal: &dyn Store) {
    assert_eq!(journal.sessions().await.unwrap(), []);
    let mut expected = Vec::new();
    for account in ["b", "a_1", "a", "1", "a-1"] {
        expected.push(put(journal, &session(account)).await);
    }
    expected.sort_by(|a, b| a.account.cmp(&b.account));
    assert_eq!(journal.sessions().await.unwrap(), expected);
}

async fn a_save_replaces_the_session_of_its_revision(journal: &dyn Store) {
    let other = put(journal, &session("other")).await;
    let first = put(journal, &session("default")).await;
    let second = put(journal, &authorised("default", first.revision)).await;
    assert_eq!(second.revision, 2);
    assert_eq!(read(journal, "default").await, Some(second.clone()));
    // Everything that may be absent becomes absent again, except for the user.
    let bare = StoredSession {
        revision: 2,
        configured: None,
        ..session("default")
    };
    let third = with_user(put(journal, &bare).await, FIRST_USER);
    assert_eq!(third.revision, 3);
    assert_eq!(journal.sessions().await.unwrap(), [third, other]);
}

async fn a_stale_save_returns_the_stored_session(journal: &dyn Store) {
    let early = authorised("default", 1);
    assert_eq!(save(journal, &early).await, SavedSession::Stale(None));
    let first = put(journal, &session("default")).await;
    let second = put(journal, &authorised("default", 1)).await;
    for revision in [0, 1, 3, -1] {
        // Also if the user is another one.
        for user_id in [None, Some(SECOND_USER)] {
            let late = StoredSession {
                revision,
                user_id,
                ..first.clone()
            };
            assert_eq!(save(journal, &late).await, stale(&second));
        }
    }
    assert_eq!(read(journal, "default").await, Some(second));
}

/// Executes two saves at once. Returns which one is done, and the result of the other one.
async fn race(journal: &dyn Store, saves: [StoredSession; 2]) -> (usize, SavedSession) {
    let [a, b] = saves.map(|session| journal.save_session(session));
    let (a, b) = futures::join!(a, b);
    match (a.unwrap(), b.unwrap()) {
        (SavedSession::Done(_), refused) => (0, refused),
        (refused, SavedSession::Done(_)) => (1, refused),
        neither => panic!("{neither:?}"),
    }
}

async fn one_of_two_concurrent_saves_is_done(journal: &dyn Store) {
    put(journal, &session("default")).await;
    for revision in 1..20 {
        let stated = authorised("default", revision);
        let estimated = StoredSession {
            expiry: ExpiryBasis::Estimated,
            ..stated.clone()
        };
        let saves = [stated, estimated];
        let (done, refused) = race(journal, saves.clone()).await;
        let stored = StoredSession {
            revision: revision + 1,
            ..saves[done].clone()
        };
        assert_eq!(refused, stale(&stored));
        assert_eq!(read(journal, "default").await, Some(stored));
    }
}

async fn one_of_two_concurrent_first_saves_is_done(journal: &dyn Store) {
    let saves = [session("default"), authorised("default", 0)];
    let (done, refused) = race(journal, saves.clone()).await;
    let stored = StoredSession {
        revision: 1,
        ..saves[done].clone()
    };
    assert_eq!(refused, stale(&stored));
    assert_eq!(journal.sessions().await.unwrap(), [stored]);
}

async fn a_user_has_one_account(journal: &dyn Store) {
    let first = put(journal, &with_user(session("first"), FIRST_USER)).await;
    let taken = SavedSession::UserTaken(first.account.clone());
    let new = with_user(session("second"), FIRST_USER);
    assert_eq!(save(journal, &new).await, taken);
    assert_eq!(read(journal, "second").await, None);
    let second = put(journal, &session("second")).await;
    let claim = with_user(second.clone(), FIRST_USER);
    assert_eq!(save(journal, &claim).await, taken);
    assert_eq!(read(journal, "second").await, Some(second.clone()));
    // Any number of accounts have no known user.
    put(journal, &session("third")).await;
    put(journal, &with_user(second, SECOND_USER)).await;
    assert_eq!(read(journal, "first").await, Some(first));
}

async fn one_of_two_accounts_gets_a_user_that_both_claim(journal: &dyn Store) {
    let accounts = ["first", "second"];
    let saves = accounts.map(|account| with_user(session(account), FIRST_USER));
    let (done, refused) = race(journal, saves.clone()).await;
    let winner = saves[done].account.clone();
    assert_eq!(refused, SavedSession::UserTaken(winner));
    assert_eq!(journal.sessions().await.unwrap().len(), 1);
}

async fn an_account_has_one_user(journal: &dyn Store) {
    // The user becomes known later.
    let unknown = put(journal, &session("default")).await;
    let known = put(journal, &with_user(unknown, FIRST_USER)).await;
    let mismatch = SavedSession::UserMismatch(FIRST_USER);
    let another = with_user(known.clone(), SECOND_USER);
    assert_eq!(save(journal, &another).await, mismatch);
    assert_eq!(read(journal, "default").await, Some(known.clone()));
    // A save without a user keeps the stored one.
    let silent = StoredSession {
        user_id: None,
        tag: tag("next"),
        ..known
    };
    let next = with_user(put(journal, &silent).await, FIRST_USER);
    assert_eq!(read(journal, "default").await, Some(next.clone()));
    let another = with_user(next.clone(), SECOND_USER);
    assert_eq!(save(journal, &another).await, mismatch);
    // Another account still cannot have it.
    let claim = with_user(session("other"), FIRST_USER);
    let taken = SavedSession::UserTaken(next.account);
    assert_eq!(save(journal, &claim).await, taken);
}

async fn sealed_bytes_are_stored_as_they_are_and_not_shown(journal: &dyn Store) {
    let bytes: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    let all = [
        Vec::new(),
        b"'; \0\xff\xfe\xc3\x28 \xe6\x8e\x88".to_vec(),
        bytes,
    ];
    let mut revision = 0;
    for sealed in all {
        let new = StoredSession {
            revision,
            sealed: Some(Sealed(sealed.clone())),
            ..session("default")
        };
        let stored = put(journal, &new).await;
        revision = stored.revision;
        let found = read(journal, "default").await.unwrap();
        assert_eq!(found.sealed, Some(Sealed(sealed)));
        let refused = save(journal, &new).await;
        for shown in [format!("{found:?}"), format!("{refused:?}")] {
            assert!(shown.contains("sealed: Some(Sealed(***))"), "{shown}");
        }
    }
}

#[tokio::test]
async fn sessions_survive_a_restart_and_keep_their_rules() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let first = put(&journal, &authorised("first", 0)).await;
    let second = put(&journal, &session("second")).await;
    journal.close().await;
    drop(journal);

    let journal = open(dir.path()).await;
    let expected = [first.clone(), second.clone()];
    assert_eq!(journal.sessions().await.unwrap(), expected);
    assert_eq!(save(&journal, &session("first")).await, stale(&first));
    let claim = with_user(second, FIRST_USER);
    let taken = SavedSession::UserTaken(first.account.clone());
    assert_eq!(save(&journal, &claim).await, taken);
    let next = put(&journal, &first).await;
    assert_eq!(next.revision, 2);
}

/// All sequences of three saves of two accounts, with any of these revisions and users, have the same results in both stores.
#[tokio::test]
async fn all_short_sequences_of_saves_have_the_same_results_in_both_stores() {
    let mut choices = Vec::new();
    for account in ["a", "b"] {
        for revision in 0..3 {
            for user in [None, Some(1), Some(2)] {
                choices.push((account, revision, user));
            }
        }
    }
    let mut sequences = Vec::new();
    for first in &choices {
        for second in &choices {
            for third in &choices {
                // Each sequence has its own accounts and users, so all of them can run at once.
                let number = i64::try_from(sequences.len()).unwrap();
                let saves = [first, second, third].map(|(account, revision, user)| StoredSession {
                    revision: *revision,
                    user_id: user.map(|user| 2 * number + user),
                    ..session(&format!("{account}-{number}"))
                });
                sequences.push(saves);
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let sqlite = open(dir.path()).await;
    let run = async |saves: &[StoredSession; 3]| {
        // The model searches a list of all its sessions, so each sequence has its own.
        let model = store::ModelStore::new();
        model.opened();
        let mut done = 0;
        for new in saves {
            let result = save(&model, new).await;
            assert_eq!(save(&sqlite, new).await, result, "{saves:?}");
            done += usize::from(matches!(result, SavedSession::Done(_)));
        }
        for account in ["a", "b"] {
            let account = saves[0].account.as_str().replace(['a', 'b'], account);
            let found = read(&sqlite, &account).await;
            assert_eq!(found, read(&model, &account).await, "{saves:?}");
        }
        done
    };
    let mut done = 0;
    for chunk in sequences.chunks(256) {
        let counts = join_all(chunk.iter().map(&run)).await;
        done += counts.iter().sum::<usize>();
    }
    assert_eq!(sequences.len(), 5_832);
    assert!(done > 5_000, "{done}");
}
