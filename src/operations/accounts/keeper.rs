//! Looks after the sessions in force: reads their files again, tries the ones that TOP refused, refreshes them where TOP grants
//! it, and reports those that expire soon.

use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use secrecy::SecretString;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use super::service::{Accounts, Known};
use crate::domain::ids::AccountName;
use crate::domain::operation::{EventKind, NewEvent, OrderNumbers};
use crate::domain::session::{SessionState, refresh_at, warning};
use crate::domain::time::{LocalTime, Rfc3339};
use crate::secret_file;
use crate::store::Publication;
use crate::telemetry::metrics as names;
use crate::top::sessions::Doubt;

/// How often the files are read.
const EVERY: Duration = Duration::from_secs(5);
/// How often a refused session is tried again.
const TRY_AGAIN: Duration = Duration::from_mins(1);
/// The pause after a failed refresh.
const REFRESH_AGAIN: Duration = Duration::from_mins(10);

/// What became of the session in a file.
enum Taken {
    /// It is the one that was taken before.
    NoChange,
    /// It is tried again.
    Later,
    /// It is in force.
    Done,
    /// It cannot be used.
    Not(String),
}

// === impl Accounts ===

impl Accounts {
    /// Looks after the sessions until the process stops. A pass that panics counts as failed.
    pub async fn keep(self: Arc<Self>) {
        let stopping = self.operations.stopping.clone();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = async {
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = self.sessions().suspicion() => {}
                }
            };
            if stopping.run_until_cancelled(due).await.is_none() {
                return;
            }
            let this = self.clone();
            // A refresh runs in a task of its own, so nothing is lost if the pass is aborted.
            let pass = AbortOnDropHandle::new(tokio::spawn(async move { this.pass().await }));
            match stopping.run_until_cancelled(pass).await {
                Some(Ok(())) => {}
                Some(Err(_)) => tracing::error!("the check of the sessions panicked; it goes on"),
                None => return,
            }
        }
    }

    async fn pass(self: &Arc<Self>) {
        for account in self.settings.accounts.keys() {
            self.read_file_again(account).await;
            self.settle_doubt(account).await;
            self.refresh_if_due(account).await;
            self.publish_refusal(account).await;
            self.report(account).await;
        }
    }

    /// Takes the session from its file if it was replaced and TOP accepts it.
    async fn read_file_again(&self, account: &AccountName) {
        let configured = self.settings.accounts.get(account);
        let Some(file) = configured.and_then(|account| account.file.clone()) else {
            return;
        };
        let read = tokio::task::spawn_blocking(move || secret_file::read(&file)).await;
        let Ok(read) = read else {
            return;
        };
        let problem = match read {
            Ok(session) => self.take_replaced(account, &session).await,
            Err(problem) => Taken::Not(problem),
        };
        let problem = match problem {
            Taken::NoChange => None,
            Taken::Later => return,
            Taken::Done => {
                tracing::info!(%account, "a replaced session is taken from its file");
                self.operations.make_all_due().await;
                None
            }
            Taken::Not(problem) => Some(problem),
        };
        let mut seen = self.seen();
        let seen = seen.entry(account.clone()).or_default();
        if seen.file_problem != problem {
            if let Some(problem) = &problem {
                tracing::error!(%account, problem, "the file of a session cannot be used; the session in force stays");
            }
            seen.file_problem = problem;
        }
    }

    async fn take_replaced(&self, account: &AccountName, session: &SecretString) -> Taken {
        let tag = self.sessions().tag(session);
        let now = self.operations.clock.steady();
        if let Some(seen) = self.seen().get(account) {
            if seen.configured.as_ref() == Some(&tag) {
                return Taken::NoChange;
            }
            let is_recent = |at: Duration| now.saturating_sub(at) < TRY_AGAIN;
            if seen
                .refused
                .as_ref()
                .is_some_and(|(refused, at)| *refused == tag && is_recent(*at))
            {
                return Taken::Later;
            }
        }
        let _change = self.change(account).await;
        let candidate = self.sessions().candidate(session.clone());
        match self.operations.upstream.try_session(&candidate).await {
            Some(true) => {}
            Some(false) => {
                let mut seen = self.seen();
                let seen = seen.entry(account.clone()).or_default();
                seen.refused = Some((tag, now));
                return Taken::Not("TOP refuses the session in the file".to_owned());
            }
            None => return Taken::Later,
        }
        match self.take(account, Some(session)).await {
            Ok(None) => {
                self.remember(account, Some(session), None);
                Taken::Done
            }
            Ok(Some(problem)) => Taken::Not(problem),
            Err(error) => {
                tracing::error!(%account, %error, "a replaced session was not stored; it is tried again");
                Taken::Later
            }
        }
    }

    /// Tries a session that TOP refused.
    async fn settle_doubt(self: &Arc<Self>, account: &AccountName) {
        let Some(session) = self.sessions().in_force(account) else {
            return;
        };
        let before = session.doubt();
        match before {
            Doubt::None => return,
            Doubt::Suspected(_) => {}
            Doubt::Refused(_) if self.is_time_for(account, TRY_AGAIN) => {
                if self.refresh_token(account).is_some() && self.refresh_now(account).await {
                    return;
                }
            }
            Doubt::Refused(_) => return,
        }
        let upstream = &self.operations.upstream;
        let Some(is_accepted) = upstream.try_session(&session).await else {
            return;
        };
        if !session.decide(is_accepted) {
            return;
        }
        match (is_accepted, before) {
            (true, Doubt::Refused(_)) => {
                tracing::info!(%account, "TOP accepts the session of an account again");
                self.operations.make_all_due().await;
            }
            (true, Doubt::None | Doubt::Suspected(_)) => {
                tracing::warn!(%account, "TOP refused the session for one call, but accepts it");
            }
            (false, Doubt::Suspected(refused)) => tracing::error!(
                %account, code = refused.code, since = %Rfc3339(refused.at),
                "ALARM: TOP refuses the session of an account. Nothing is sent for it until it is authorised again: \
                 docs/operations.md, \"Sessions\""
            ),
            (false, Doubt::None | Doubt::Refused(_)) => {}
        }
    }

    /// Whether this time has passed since the last try. If so, this counts as the last try.
    fn is_time_for(&self, account: &AccountName, pause: Duration) -> bool {
        let now = self.operations.clock.steady();
        let mut known = self.known();
        let Some(known) = known.get_mut(account) else {
            return false;
        };
        let is_time = known
            .tried_at
            .is_none_or(|tried| now.saturating_sub(tried) >= pause);
        if is_time {
            known.tried_at = Some(now);
        }
        is_time
    }

    /// Publishes that TOP refuses the session in force, or writes under it.
    async fn publish_refusal(&self, account: &AccountName) {
        let Some(session) = self.sessions().in_force(account) else {
            return;
        };
        let Some(refused) = session.doubt().refused().or(session.restricted()) else {
            return;
        };
        let revision = {
            let known = self.known();
            let known = known.get(account);
            let is_new = |known: &&Known| {
                known.row.tag == *session.tag() && known.announced != Some(refused)
            };
            let Some(known) = known.filter(is_new) else {
                return;
            };
            known.row.revision
        };
        if session.restricted() == Some(refused) {
            tracing::error!(
                %account, code = refused.code, since = %Rfc3339(refused.at),
                "ALARM: TOP refuses some calls for an account until it is authorised again: docs/operations.md, \"Sessions\""
            );
        }
        // The first refusal is not known after a restart, so this is one fact for each session, code and day.
        let day = LocalTime::from_timestamp(refused.at).date();
        let fact = format!("{} for session {revision} on {day}", refused.code);
        if self.publish(account, EventKind::SessionInvalid, fact).await
            && let Some(known) = self.known().get_mut(account)
        {
            known.announced = Some(refused);
        }
    }

    async fn refresh_if_due(self: &Arc<Self>, account: &AccountName) {
        let due = {
            let known = self.known();
            let Some(known) = known.get(account) else {
                return;
            };
            refresh_at(known.row.authorised_at, known.row.expires_at)
        };
        let is_due = self.now() >= due && self.refresh_token(account).is_some();
        if is_due && self.is_time_for(account, REFRESH_AGAIN) {
            self.refresh_now(account).await;
        }
    }

    /// Returns whether the session was refreshed.
    async fn refresh_now(self: &Arc<Self>, account: &AccountName) -> bool {
        match self.refresh(account).await {
            Ok(_) => true,
            Err(why) => {
                tracing::warn!(%account, ?why, "a session was not refreshed");
                if let Some(known) = self.known().get_mut(account) {
                    known.has_failed_to_refresh = true;
                }
                false
            }
        }
    }

    /// Reports the state of a session: as metrics, and if it expires soon in the log and as an event.
    async fn report(&self, account: &AccountName) {
        let Some(status) = self.status(account) else {
            return;
        };
        let label = account.to_string();
        let session = status.session;
        let is_usable = match session.state {
            SessionState::Valid | SessionState::Expiring => 1.0,
            SessionState::Restricted | SessionState::Missing | SessionState::Invalid => 0.0,
        };
        gauge!(names::SESSION_USABLE, "account" => label.clone()).set(is_usable);
        let Some((expires_at, expiry)) = session.expires else {
            return;
        };
        let seconds = Duration::from_secs(expires_at.as_second().unsigned_abs());
        gauge!(names::SESSION_EXPIRES, "account" => label).set(seconds.as_secs_f64());
        let Some(days) = warning(self.now(), expires_at) else {
            return;
        };
        let (revision, is_warned) = {
            let known = self.known();
            let Some(known) = known.get(account) else {
                return;
            };
            // It is refreshed before it expires.
            let is_refreshed =
                known.row.refreshable_until.is_some() && !known.has_failed_to_refresh;
            (
                known.row.revision,
                is_refreshed || known.warned == Some(days),
            )
        };
        if is_warned {
            return;
        }
        tracing::warn!(
            %account, expires_at = %Rfc3339(expires_at), expiry = expiry.as_str(),
            "the session of an account expires within {days} days; authorise it again: docs/operations.md, \"Sessions\""
        );
        let fact = format!("{days} days before {}", Rfc3339(expires_at));
        if self
            .publish(account, EventKind::SessionExpiring, fact)
            .await
            && let Some(known) = self.known().get_mut(account)
            && known.row.revision == revision
        {
            known.warned = Some(days);
        }
    }

    /// Publishes a fact about a session; once, also after a restart. Returns whether it is published.
    async fn publish(&self, account: &AccountName, kind: EventKind, fact: String) -> bool {
        let publication = Publication {
            event: NewEvent {
                kind,
                subject: account.to_string(),
                fact,
            },
            account: account.clone(),
            owner: None,
            order: OrderNumbers::default(),
            at: self.now(),
        };
        let published = self.store().publish(vec![publication]).await;
        published
            .inspect_err(|error| {
                tracing::error!(%account, %error, "an event about a session was not published; it is tried again");
            })
            .is_ok()
    }
}
