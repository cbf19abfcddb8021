//! API keys in memory: a list in the order of the ids.

use fliggy_gateway::domain::api_key::{ApiKey, KeyDigest, KeyState};
use fliggy_gateway::store::{ApiKeys, JournalError, MOST_API_KEYS, MOST_REVOKED_KEYS, SavedApiKey};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::{ModelStore, Tables, at_once, ms};

impl Tables {
    fn save_api_key(&mut self, key: ApiKey, now: Timestamp) -> SavedApiKey {
        let keys = &mut self.api_keys;
        let place = keys.iter().position(|k| k.id == key.id);
        let stored = place.map(|place| keys[place].clone());
        if stored.as_ref().map_or(0, |stored| stored.revision) != key.revision {
            return SavedApiKey::Stale(stored.map(Box::new));
        }
        let is_active = |k: &ApiKey| k.state(now) == KeyState::Active;
        let rival = |k: &&ApiKey| k.id != key.id && k.caller == key.caller && is_active(k);
        if let Some(other) = keys.iter().find(rival).filter(|_| is_active(&key)) {
            return SavedApiKey::Exists(other.id);
        }
        let count = keys.iter().filter(|k| k.revoked_at.is_none()).count();
        if place.is_none() && i64::try_from(count).unwrap() >= MOST_API_KEYS {
            return SavedApiKey::TooMany;
        }
        let mut saved = ApiKey {
            revision: key.revision + 1,
            created_at: ms(key.created_at),
            expires_at: key.expires_at.map(ms),
            revoked_at: key.revoked_at.map(ms),
            ..key
        };
        for secret in &mut saved.secrets {
            let mut before = stored.iter().flat_map(|stored| &stored.secrets);
            let before = before.find(|before| before.digest == secret.digest);
            secret.created_at = before.map_or(ms(secret.created_at), |before| before.created_at);
            secret.expires_at = secret.expires_at.map(ms);
            secret.last_used_at = before.and_then(|before| before.last_used_at);
        }
        saved
            .secrets
            .sort_by_key(|s| (std::cmp::Reverse(s.created_at), s.digest));
        let revision = saved.revision;
        match place {
            Some(place) => keys[place] = saved,
            None => keys.push(saved),
        }
        keys.sort_by_key(|key| key.id);
        let before = now - SignedDuration::from_hours(400 * 24);
        let mut revoked: Vec<_> = keys
            .iter()
            .filter_map(|k| Some((k.revoked_at?, k.id)))
            .collect();
        revoked.sort();
        let kept = usize::try_from(MOST_REVOKED_KEYS).unwrap();
        revoked.truncate(revoked.len().saturating_sub(kept));
        keys.retain(|key| {
            let is_old = key.revoked_at.is_some_and(|at| at < ms(before));
            !is_old && revoked.iter().all(|(_, id)| *id != key.id)
        });
        SavedApiKey::Done(revision)
    }
}

impl ApiKeys for ModelStore {
    fn api_keys(&self) -> BoxFuture<'_, Result<Vec<ApiKey>, JournalError>> {
        at_once(self.tables().api_keys.clone())
    }

    fn save_api_key(
        &self,
        key: ApiKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<SavedApiKey, JournalError>> {
        at_once(self.tables().save_api_key(key, now))
    }

    fn mark_used(
        &self,
        used: Vec<(KeyDigest, Timestamp)>,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        let mut tables = self.tables();
        for secret in tables.api_keys.iter_mut().flat_map(|key| &mut key.secrets) {
            let times = used.iter().filter(|(digest, _)| *digest == secret.digest);
            let last = times.map(|(_, at)| ms(*at)).max();
            secret.last_used_at = secret.last_used_at.max(last);
        }
        at_once(())
    }
}
