//! API keys: the revision and the other keys of the caller decide whether a save is committed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fliggy_gateway::domain::access::{Rights, Scope, Scopes};
use fliggy_gateway::domain::api_key::{ApiKey, KeyDigest, KeySecret, Rotation};
use fliggy_gateway::store::{ApiKeys, MOST_REVOKED_KEYS, SavedApiKey, Sessions as _};
use futures::future::join_all;

use super::webhooks::time;
use super::*;

on_every_store! {
    a_key_is_read_as_it_was_written,
    keys_are_listed_oldest_first,
    a_save_replaces_the_key_of_its_revision,
    a_stale_save_returns_the_stored_key,
    one_of_two_concurrent_saves_is_done,
    a_caller_has_one_active_key,
    one_of_two_concurrent_keys_of_a_caller_is_created,
    the_last_use_only_grows_and_survives_saves,
    keys_that_were_revoked_long_ago_are_deleted,
    the_last_revoked_keys_are_kept,
}

fn digest(text: &str) -> KeyDigest {
    KeyDigest::of(text.as_bytes())
}

/// A key with only what is required, which is not stored yet.
fn key(number: u32, caller: &str) -> ApiKey {
    ApiKey {
        id: format!("0197a3f0-5c1e-7b44-9d1a-{number:012x}")
            .parse()
            .unwrap(),
        revision: 0,
        caller: caller.parse().unwrap(),
        description: None,
        rights: Rights {
            scopes: Scopes::of(&[Scope::Search]),
            ..Rights::default()
        },
        secrets: vec![KeySecret {
            digest: digest(&format!("secret of {number}")),
            created_at: time(1_000),
            expires_at: None,
            last_used_at: None,
        }],
        created_at: time(1_000),
        created_by: "operator".to_owned(),
        expires_at: None,
        revoked_at: None,
    }
}

/// The present secret ends after these seconds.
fn overlap(seconds: u64) -> Rotation {
    Rotation {
        overlap: Duration::from_secs(seconds),
        replace_newest: false,
    }
}

/// A key with every field set.
fn whole(number: u32, caller: &str) -> ApiKey {
    let accounts = ["default", "other"].map(|name| name.parse().unwrap());
    let mut key = ApiKey {
        description: Some("团队票 of the \"trip\" app".to_owned()),
        rights: Rights {
            scopes: Scopes::ALL,
            accounts: Some(Arc::new(BTreeSet::from(accounts))),
            default_account: Some("other".parse().unwrap()),
        },
        expires_at: Some(time(90_000_000)),
        ..key(number, caller)
    };
    let second = digest(&format!("second secret of {number}"));
    key.rotate(second, overlap(3), time(2_000)).unwrap();
    key
}

async fn save(store: &impl ApiKeys, key: &ApiKey) -> SavedApiKey {
    store.save_api_key(key.clone(), time(5_000)).await.unwrap()
}

/// Stores the key, and returns it as it is stored.
async fn put(store: &impl ApiKeys, key: &ApiKey) -> ApiKey {
    let SavedApiKey::Done(revision) = save(store, key).await else {
        panic!("{key:?} is not saved");
    };
    assert_eq!(revision, key.revision + 1);
    ApiKey {
        revision,
        ..key.clone()
    }
}

async fn all(store: &impl ApiKeys) -> Vec<ApiKey> {
    store.api_keys().await.unwrap()
}

async fn a_key_is_read_as_it_was_written(store: &impl Store) {
    assert_eq!(all(store).await, []);
    let plain = put(store, &key(1, "plain")).await;
    let whole = put(store, &whole(2, "whole")).await;
    assert_eq!(whole.secrets.len(), 2);
    assert_eq!(all(store).await, [plain, whole]);
}

async fn keys_are_listed_oldest_first(store: &impl Store) {
    for number in [3, 1, 2] {
        put(store, &key(number, &format!("caller-{number}"))).await;
    }
    let ids: Vec<_> = all(store).await.iter().map(|key| key.id).collect();
    assert_eq!(ids, [1, 2, 3].map(|number| key(number, "x").id));
}

async fn a_save_replaces_the_key_of_its_revision(store: &impl Store) {
    let other = put(store, &key(9, "other")).await;
    let mut changed = put(store, &whole(1, "app")).await;
    changed.description = None;
    changed.rights = Rights {
        scopes: Scopes::of(&[Scope::Pay, Scope::OrdersRead]),
        ..Rights::default()
    };
    changed.expires_at = None;
    changed
        .rotate(digest("third"), overlap(0), time(4_000))
        .unwrap();
    let changed = put(store, &changed).await;
    assert_eq!(changed.secrets.len(), 1);
    assert_eq!(all(store).await, [changed.clone(), other.clone()]);
    let mut revoked = changed;
    revoked.revoke(time(4_500));
    let revoked = put(store, &revoked).await;
    assert_eq!(all(store).await, [revoked, other]);
}

async fn a_stale_save_returns_the_stored_key(store: &impl Store) {
    let first = key(1, "app");
    assert_eq!(
        save(
            store,
            &ApiKey {
                revision: 1,
                ..first.clone()
            }
        )
        .await,
        SavedApiKey::Stale(None)
    );
    let stored = put(store, &first).await;
    for revision in [0, 2] {
        let stale = ApiKey {
            revision,
            description: Some("changed".to_owned()),
            ..first.clone()
        };
        let expected = SavedApiKey::Stale(Some(Box::new(stored.clone())));
        assert_eq!(save(store, &stale).await, expected);
    }
    assert_eq!(all(store).await, [stored]);
}

async fn one_of_two_concurrent_saves_is_done(store: &impl Store) {
    let stored = put(store, &key(1, "app")).await;
    let saves = ["one", "two"].map(|text| ApiKey {
        description: Some(text.to_owned()),
        ..stored.clone()
    });
    let results = join_all(saves.iter().map(|key| save(store, key))).await;
    let done = |saved: &&SavedApiKey| **saved == SavedApiKey::Done(2);
    assert_eq!(results.iter().filter(done).count(), 1, "{results:?}");
    let place = results.iter().position(|saved| done(&saved)).unwrap();
    assert_eq!(all(store).await[0].description, saves[place].description);
}

async fn a_caller_has_one_active_key(store: &impl Store) {
    let first = put(store, &key(1, "app")).await;
    let second = key(2, "app");
    let exists = SavedApiKey::Exists(first.id);
    assert_eq!(save(store, &second).await, exists);
    // An expired key is no obstacle, and becomes active again only alone.
    let expired = ApiKey {
        expires_at: Some(time(4_999)),
        ..first
    };
    let expired = put(store, &expired).await;
    let second = put(store, &second).await;
    let again = ApiKey {
        expires_at: None,
        ..expired.clone()
    };
    assert_eq!(save(store, &again).await, SavedApiKey::Exists(second.id));
    let mut revoked = second;
    revoked.revoke(time(4_000));
    put(store, &revoked).await;
    put(store, &again).await;
    put(store, &key(3, "another-app")).await;
}

async fn one_of_two_concurrent_keys_of_a_caller_is_created(store: &impl Store) {
    let keys = [key(1, "app"), key(2, "app")];
    let results = join_all(keys.iter().map(|key| save(store, key))).await;
    let created = all(store).await;
    assert_eq!(created.len(), 1, "{results:?}");
    assert!(results.contains(&SavedApiKey::Done(1)), "{results:?}");
    assert!(
        results.contains(&SavedApiKey::Exists(created[0].id)),
        "{results:?}"
    );
}

async fn the_last_use_only_grows_and_survives_saves(store: &impl Store) {
    let stored = put(store, &whole(1, "app")).await;
    let [new, old] = [0, 1].map(|index| stored.secrets[index].digest);
    let used = |digest, at| vec![(digest, time(at))];
    store.mark_used(used(old, 3_000)).await.unwrap();
    store.mark_used(used(old, 2_000)).await.unwrap();
    store.mark_used(used(digest("unknown"), 1)).await.unwrap();
    let last_uses = async || {
        let found = all(store).await;
        let secrets = found[0].secrets.iter();
        secrets
            .map(|secret| (secret.digest, secret.last_used_at))
            .collect::<Vec<_>>()
    };
    let expected = [(new, None), (old, Some(time(3_000)))];
    assert_eq!(last_uses().await, expected);
    // A save does not know the last uses.
    let renamed = ApiKey {
        description: None,
        ..stored
    };
    put(store, &renamed).await;
    assert_eq!(last_uses().await, expected);
}

async fn keys_that_were_revoked_long_ago_are_deleted(store: &impl Store) {
    let mut old = put(store, &whole(1, "old")).await;
    old.revoke(time(0));
    let mut recent = put(store, &key(2, "recent")).await;
    recent.revoke(time(1));
    let (old, recent) = (put(store, &old).await, put(store, &recent).await);
    assert_eq!(all(store).await, [old, recent.clone()]);
    let later = time(400 * 24 * 3_600 * 1_000 + 1);
    let new = key(3, "new");
    let saved = store.save_api_key(new.clone(), later).await.unwrap();
    assert_eq!(saved, SavedApiKey::Done(1));
    assert_eq!(all(store).await, [recent, ApiKey { revision: 1, ..new }]);
}

async fn the_last_revoked_keys_are_kept(store: &impl Store) {
    let most = u32::try_from(MOST_REVOKED_KEYS).unwrap();
    let revoked = |number: u32| {
        let mut key = key(number, "app");
        key.revoke(time(number.into()));
        key
    };
    let saves = (1..=most + 2).map(|number| store.save_api_key(revoked(number), time(10_000)));
    for saved in join_all(saves).await {
        assert_eq!(saved.unwrap(), SavedApiKey::Done(1));
    }
    let kept: Vec<_> = all(store).await.iter().map(|key| key.id).collect();
    let expected: Vec<_> = (3..=most + 2).map(|number| key(number, "app").id).collect();
    assert_eq!(kept, expected);
}

/// Changes of the file after which a key cannot be read.
fn unreadable() -> [&'static str; 9] {
    [
        "UPDATE api_keys SET revision = 'one'",
        "UPDATE api_keys SET caller = 'no caller'",
        "UPDATE api_keys SET scopes = 'search admin'",
        "UPDATE api_keys SET accounts = 'No account'",
        "UPDATE api_keys SET default_account = ''",
        "UPDATE api_keys SET expires_at = 9223372036854775807",
        "UPDATE api_keys SET id = 'x'",
        "UPDATE api_key_secrets SET digest = x'00' WHERE expires_at IS NULL",
        "UPDATE api_key_secrets SET expires_at = 'never'",
    ]
}

#[tokio::test]
async fn an_unreadable_key_is_an_error_and_no_damage() {
    for statement in unreadable() {
        let dir = tempfile::tempdir().unwrap();
        let journal = open(dir.path()).await;
        put(&journal, &whole(1, "app")).await;
        let mut other = connect(dir.path()).await;
        sqlx::raw_sql(statement).execute(&mut other).await.unwrap();
        let error = journal.api_keys().await.unwrap_err();
        assert_eq!(error.fault, Fault::Unavailable, "{statement}: {error}");
        journal.probe().await.unwrap();
    }
}

/// The columns and indexes of the keys and their secrets.
async fn layout(dir: &Path) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', t.value, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk) \
         FROM json_each('[\"api_keys\", \"api_key_secrets\"]') t, pragma_table_info(t.value) c \
         UNION ALL SELECT concat_ws(' ', t.value, i.name, i.\"unique\", i.origin, i.partial) \
         FROM json_each('[\"api_keys\", \"api_key_secrets\"]') t, pragma_index_list(t.value) i ORDER BY 1",
    )
    .fetch_all(&mut connect(dir).await)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_journal_of_version_9_keeps_its_sessions_and_gets_keys() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.close().await;
    let expected = layout(dir.path()).await;
    assert_eq!(expected.len(), 20, "{expected:?}");
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_9).await;
    assert_eq!(layout(dir.path()).await, expected);
    let sessions = journal.sessions().await.unwrap();
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!(
        (sessions[0].account.as_str(), sessions[0].revision),
        ("default", 2)
    );
    assert!(sessions[0].sealed.is_some());
    assert_eq!(journal.last_event().await.unwrap(), 29);
    assert_eq!(all(&journal).await, []);
    let stored = put(&journal, &whole(1, "app")).await;
    journal.close().await;
    drop(journal);
    let journal = open_with(dir.path(), Some(HashKey::new([0x5a; 32])))
        .await
        .unwrap();
    assert_eq!(all(&journal).await, [stored]);
}
