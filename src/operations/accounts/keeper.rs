//! Looks after the sessions in force: reads their files again, tries the ones that TOP refused, refreshes them where TOP grants
//! it, and reports those that expire soon.

use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use super::service::{Accounts, SessionState};
use crate::domain::ids::AccountName;
use crate::domain::operation::{EventKind, NewEvent, OrderNumbers};
use crate::domain::session::{refresh_at, warning};
use crate::domain::time::Rfc3339;
use crate::secret_file;
use crate::store::Publication;
use crate::telemetry::metrics as names;
use crate::top::sessions::{Doubt, Refused};

/// How often the files are read.
const EVERY: Duration = Duration::from_secs(5);
/// How often a refused session is tried again.
const TRY_AGAIN: Duration = Duration::from_mins(1);
/// The pause after a failed refresh.
const REFRESH_AGAIN: Duration = Duration::from_mins(10);

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
            self.report(account).await;
        }
    }

    /// Takes the session from its file if it was replaced.
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
            Ok(session) => {
                let tag = self.sessions().tag(&session);
                let is_known = self
                    .seen()
                    .get(account)
                    .is_some_and(|seen| seen.configured.as_ref() == Some(&tag));
                if !is_known {
                    tracing::info!(%account, "the file of a session was replaced");
                    if let Err(error) = self.take(account, Some(&session)).await {
                        tracing::error!(%account, %error, "a replaced session was not stored; it is tried again");
                    } else {
                        self.operations.make_all_due().await;
                    }
                }
                None
            }
            Err(problem) => Some(problem),
        };
        let mut seen = self.seen();
        let seen = seen.entry(account.clone()).or_default();
        if seen.file_problem != problem {
            if let Some(problem) = &problem {
                tracing::error!(%account, problem, "the file of a session cannot be used; the session remains in force");
            }
            seen.file_problem = problem;
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
            (false, Doubt::Suspected(refused)) => self.report_refusal(account, refused).await,
            (false, Doubt::None | Doubt::Refused(_)) => {}
        }
    }

    /// Whether this time has passed since the last try. Begins it anew if so.
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

    async fn report_refusal(&self, account: &AccountName, refused: Refused) {
        tracing::error!(
            %account, code = refused.code, since = %Rfc3339(refused.at),
            "ALARM: TOP refuses the session of an account. Nothing is sent for it until it is authorised again: \
             docs/operations.md, \"Sessions\""
        );
        self.publish(account, EventKind::SessionInvalid, "refused")
            .await;
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
            SessionState::Missing | SessionState::Invalid => 0.0,
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
        {
            let mut known = self.known();
            let Some(known) = known.get_mut(account) else {
                return;
            };
            if known.warned == Some(days) {
                return;
            }
            known.warned = Some(days);
        }
        tracing::warn!(
            %account, expires_at = %Rfc3339(expires_at), expiry = expiry.as_str(),
            "the session of an account expires within {days} days; authorise it again: docs/operations.md, \"Sessions\""
        );
        self.publish(account, EventKind::SessionExpiring, &format!("{days} days"))
            .await;
    }

    /// Publishes a fact about the session in force; once, also after a restart.
    async fn publish(&self, account: &AccountName, kind: EventKind, fact: &str) {
        let Some(revision) = self.known().get(account).map(|known| known.row.revision) else {
            return;
        };
        let publication = Publication {
            event: NewEvent {
                kind,
                subject: account.to_string(),
                fact: format!("{fact}/{revision}"),
            },
            account: account.clone(),
            owner: None,
            order: OrderNumbers::default(),
            at: self.now(),
        };
        if let Err(error) = self.store().publish(vec![publication]).await {
            tracing::error!(%account, %error, "an event about a session was not published");
        }
    }
}
