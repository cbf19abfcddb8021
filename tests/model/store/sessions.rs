//! Sessions in memory: a list in the order of the accounts.

use fliggy_gateway::domain::ids::AccountName;
use fliggy_gateway::domain::session::StoredSession;
use fliggy_gateway::store::{JournalError, SavedSession, Sessions};
use futures::future::BoxFuture;

use super::{ModelStore, Tables, at_once, ms};

impl Tables {
    fn save_session(&mut self, session: StoredSession) -> SavedSession {
        let sessions = &mut self.sessions;
        let place = sessions.iter().position(|s| s.account == session.account);
        let stored = place.map(|place| sessions[place].clone());
        if stored.as_ref().map_or(0, |stored| stored.revision) != session.revision {
            return SavedSession::Stale(stored.map(Box::new));
        }
        let of_account = stored.and_then(|stored| stored.user_id);
        let user_id = session.user_id.or(of_account);
        if let Some(user) = of_account.filter(|_| user_id != of_account) {
            return SavedSession::UserMismatch(user);
        }
        let mut others = sessions.iter().filter(|s| s.account != session.account);
        if let Some(other) = others.find(|s| s.user_id.is_some() && s.user_id == user_id) {
            return SavedSession::UserTaken(other.account.clone());
        }
        let saved = StoredSession {
            revision: session.revision + 1,
            user_id,
            authorised_at: ms(session.authorised_at),
            expires_at: ms(session.expires_at),
            refreshable_until: session.refreshable_until.map(ms),
            ..session
        };
        let revision = saved.revision;
        match place {
            Some(place) => sessions[place] = saved,
            None => sessions.push(saved),
        }
        sessions.sort_by(|a, b| a.account.cmp(&b.account));
        SavedSession::Done(revision)
    }
}

impl Sessions for ModelStore {
    fn sessions(&self) -> BoxFuture<'_, Result<Vec<StoredSession>, JournalError>> {
        at_once(self.tables().sessions.clone())
    }

    fn session(
        &self,
        account: &AccountName,
    ) -> BoxFuture<'_, Result<Option<StoredSession>, JournalError>> {
        let tables = self.tables();
        let mut sessions = tables.sessions.iter();
        at_once(sessions.find(|s| s.account == *account).cloned())
    }

    fn save_session(
        &self,
        session: StoredSession,
    ) -> BoxFuture<'_, Result<SavedSession, JournalError>> {
        at_once(self.tables().save_session(session))
    }
}
