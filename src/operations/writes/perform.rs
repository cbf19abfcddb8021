//! The only path to a write: journal, permit, connection, compare-and-set, one send, conclusion.
//!
//! The order of the steps is fixed by the laws of writes. They run in their own task, so that a caller that hangs up
//! cancels nothing.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::report::Report;
use crate::domain::ids::{AccountName, HashKey, OperationId};
use crate::domain::operation::{
    Baseline, Cause, Failure, Intent, Kind, Operation, Receipt, Standing, State, TimelineEntry,
};
use crate::domain::personal::Personal;
use crate::domain::time::Rfc3339;
use crate::kill_point::{Point, reach};
use crate::operations::classify::Reference;
use crate::operations::masking::Names;
use crate::operations::service::{Changed, Note, Operations, Settlement};
use crate::operations::upstream::Upstream;
use crate::store::{Acceptance, JournalError, NewOperation};
use crate::top::call::NotSent;
use crate::top::client::Opened;
use crate::top::method::Method;
use crate::translate::Context;

/// The parts of a write that depend on its kind. Everything else is in [`Operations::perform`].
pub trait Write: Send + Sync + 'static {
    /// The TOP method that executes the write.
    type Method: Method<Answer: Clone>;

    /// The request as the journal keeps it for lookups. No personal data.
    type Intent: Clone + Into<Intent> + Send + Sync;

    /// The kind of the intent.
    const KIND: Kind;

    /// The intent of this write.
    fn intent(&self, key: &HashKey, account: &AccountName) -> Self::Intent;

    /// The hash that all bookings of the same passengers on the same segments share.
    fn duplicate(&self, _key: &HashKey, _account: &AccountName) -> Option<[u8; 32]> {
        None
    }

    /// Makes the reads that the request needs, under the lock, and builds the request.
    fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> impl Future<Output = Result<Ready<<Self::Method as Method>::Request>, Failure>> + Send;

    /// Fields that the caller adds to the wire object.
    fn extra(&self) -> Option<&Map<String, Value>> {
        None
    }

    /// Reads upstream's response about the order, refund or change.
    fn read(
        answer: <Self::Method as Method>::Answer,
        requested: &Self::Intent,
        context: &Context<'_>,
    ) -> Read;
}

/// A write that may be sent.
#[derive(Debug)]
pub struct Ready<R> {
    /// The request object.
    pub request: R,
    /// The state of the order before a refund or change is sent.
    pub baseline: Baseline,
    /// The order or change as it was read. Supplies the values that the response to the write leaves out.
    pub before: Option<Receipt>,
    /// Personal values that upstream may repeat in a refusal.
    pub names: Names,
}

impl<R> Ready<R> {
    /// A request without a baseline and without personal values.
    pub fn of(request: R) -> Self {
        Self {
            request,
            baseline: Baseline::default(),
            before: None,
            names: Names::default(),
        }
    }
}

/// What a response says about the order, refund or change.
#[derive(Debug)]
pub struct Read {
    /// Whether the response is about the requested object.
    pub reference: Reference,
    /// The resulting state, if the response is complete enough.
    pub receipt: Option<Receipt>,
}

/// The parts of a prepared write that are needed during and after the send.
pub(in crate::operations) struct Background {
    baseline: Baseline,
    pub(in crate::operations) before: Option<Receipt>,
    pub(in crate::operations) names: Names,
}

/// A caller's request for a write.
#[derive(Clone, Debug)]
pub struct WriteRequest {
    /// The caller.
    pub caller: String,
    /// The purchasing account.
    pub account: AccountName,
    /// The caller's idempotency key.
    pub idempotency_key: String,
    /// The path of the request.
    pub path: String,
    /// The body in canonical form.
    pub body: Vec<u8>,
    /// The operation that ended `absent` and that this request repeats.
    pub retry_of: Option<OperationId>,
    /// Whether the caller accepts a possible duplicate.
    pub allow_duplicate: bool,
    /// How long the caller waits; none for the configured time.
    pub wait: Option<Duration>,
}

impl WriteRequest {
    /// The hashes of the idempotency key and of the request.
    fn hashes(&self, key: &HashKey, kind: Kind) -> ([u8; 32], [u8; 32]) {
        let idempotency = key.mac(&[
            b"idempotency",
            self.caller.as_bytes(),
            self.idempotency_key.as_bytes(),
        ]);
        let fingerprint = key.mac(&[
            b"fingerprint",
            kind.as_str().as_bytes(),
            self.path.as_bytes(),
            self.account.as_str().as_bytes(),
            &self.body,
        ]);
        (idempotency, fingerprint)
    }
}

/// The operation that was created or replayed.
#[derive(Clone, Debug)]
pub struct Performed {
    /// The operation as it is now.
    pub operation: Operation,
    /// Whether an earlier request with the same key created the operation.
    pub replayed: bool,
}

/// Why no new operation was created. Nothing was sent.
#[derive(Debug)]
pub enum Refusal {
    /// The key was used for another request.
    KeyReused,
    /// The subject has an open operation.
    Locked(Box<Operation>),
    /// An earlier operation has already had the same effect.
    AlreadyDone(Box<Operation>),
    /// The same passengers may be booked on the same segments already.
    Duplicate(Box<Operation>),
    /// An earlier operation on the subject ended `absent`, and `retry_of` does not name it.
    RetryOfRequired(Box<Operation>),
    /// The operation in `retry_of` did not end `absent`, or this request does not repeat it.
    NothingToRetry,
    /// The journal did not accept the operation.
    JournalUnavailable,
    /// The journal did not acknowledge the operation in time. It may still be accepted, and then it continues.
    NotAcknowledged,
    /// The gateway is stopping.
    Stopping,
}

/// The minimum time for which a caller waits until the journal acknowledges the operation. Bounded, because a stalled
/// disk must not block callers forever.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);

/// How long after its compare-and-set a write may still be sent.
const SEND_WINDOW: Duration = Duration::from_secs(1);

fn refusal(error: &JournalError) -> Refusal {
    tracing::error!(%error, "the journal did not accept an operation");
    Refusal::JournalUnavailable
}

/// The texts in fields that the gateway does not interpret. Any of these texts may be personal data.
fn texts(extra: Option<&Map<String, Value>>) -> Vec<Personal<String>> {
    let mut found = Vec::new();
    let mut open: Vec<&Value> = extra.into_iter().flat_map(Map::values).collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => found.push(Personal::new(text.clone())),
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}

// === impl Operations ===

impl Operations {
    /// Performs a write at most once. Returns the operation when it is settled or needs a person, or when the
    /// time to wait is over.
    ///
    /// # Errors
    /// [`Refusal`], if no operation was created.
    pub async fn perform<W: Write>(
        self: &Arc<Self>,
        write: W,
        request: WriteRequest,
    ) -> Result<Performed, Refusal> {
        if self.stopping.is_cancelled() || self.tasks.is_closed() {
            return Err(Refusal::Stopping);
        }
        let wait = request.wait;
        let at_most = wait.unwrap_or(self.settings.deadline + self.settings.inline_wait);
        let intent = write.intent(self.upstream.hash_key(), &request.account);
        let operation = self.draft(intent.clone().into(), &request);
        let waiter = self.waiter(operation.id);
        let (reply, accepted) = oneshot::channel();
        let this = self.clone();
        let draft = operation.clone();
        self.tasks
            .spawn(async move { this.run(write, intent, request, draft, reply).await });
        let accepted = tokio::time::timeout(at_most.max(ACKNOWLEDGED_WITHIN), accepted).await;
        let performed = accepted
            .map_err(|_| Refusal::NotAcknowledged)?
            .map_err(|_| Refusal::JournalUnavailable)??;
        if performed.replayed {
            return Ok(self.replay(performed, wait).await);
        }
        Ok(Performed {
            operation: waiter.ended(self, performed.operation, at_most).await,
            replayed: false,
        })
    }

    /// The operation of an earlier, identical request. For requests that cannot be accepted as new operations now.
    ///
    /// # Errors
    /// [`Refusal::KeyReused`], or when the journal cannot be read.
    pub async fn performed_before(
        &self,
        kind: Kind,
        request: &WriteRequest,
    ) -> Result<Option<Performed>, Refusal> {
        let (idempotency, fingerprint) = request.hashes(self.upstream.hash_key(), kind);
        let known = self.journal.known(idempotency).await;
        match known.map_err(|error| refusal(&error))? {
            None => Ok(None),
            Some(known) if known.fingerprint == fingerprint => {
                let performed = Performed {
                    operation: known.operation,
                    replayed: true,
                };
                Ok(Some(self.replay(performed, request.wait).await))
            }
            Some(_) => Err(Refusal::KeyReused),
        }
    }

    /// The result of a repeated request: at once, or, if the caller is willing to wait, when the operation is
    /// settled or needs a person.
    async fn replay(&self, performed: Performed, wait: Option<Duration>) -> Performed {
        let at_most = match wait {
            Some(at_most) if performed.operation.state().is_in_progress() => at_most,
            Some(_) | None => return performed,
        };
        let operation = match self.wait(performed.operation.id, at_most).await {
            Ok(Some(operation)) => operation,
            // Fall back to the operation as it was read a moment ago.
            Ok(None) | Err(_) => performed.operation,
        };
        Performed {
            operation,
            ..performed
        }
    }

    fn draft(&self, intent: Intent, request: &WriteRequest) -> Operation {
        Operation {
            retry_of: request.retry_of,
            ..Operation::accepted(
                OperationId::new(&*self.clock),
                intent,
                request.account.clone(),
                request.caller.clone(),
                self.boot.clone(),
                self.store_ms(),
                self.clock.wall(),
            )
        }
    }

    async fn run<W: Write>(
        self: Arc<Self>,
        write: W,
        intent: W::Intent,
        request: WriteRequest,
        mut operation: Operation,
        reply: oneshot::Sender<Result<Performed, Refusal>>,
    ) {
        reach(Point::BeforeAccept).await;
        let accepted = self.accept(&write, &request, &operation).await;
        let go_on = matches!(
            accepted,
            Ok(Performed {
                replayed: false,
                ..
            })
        );
        // The caller may have hung up; the operation continues.
        let _ = reply.send(accepted);
        if !go_on {
            return;
        }
        reach(Point::Accepted).await;
        let ready = self.make_ready(&write, &request, &operation).await;
        let (opened, background) = match ready {
            Ok(ready) => ready,
            Err(failure) => {
                let why = failure.detail.as_deref();
                let what = format!(
                    "nothing was sent: {}",
                    why.unwrap_or("a check failed, there was no quota, or the gateway is stopping")
                );
                return self.not_sent(&mut operation, failure, what).await;
            }
        };
        reach(Point::Ready).await;
        let started = self.clock.steady();
        let sending = self.turn_sending(&mut operation, &background.baseline);
        let unsent = match sending.await {
            Ok(Changed::Done) => None,
            Ok(Changed::Declined | Changed::Stale) => Some((
                Cause::Interrupted,
                "nothing was sent: the gateway stalled before the send",
            )),
            Err(error) => {
                tracing::error!(
                    operation_id = %operation.id, %error,
                    "nothing was sent: the journal did not acknowledge that the send may start"
                );
                Some((
                    Cause::JournalUnavailable,
                    "nothing was sent: the journal did not acknowledge that the send may start",
                ))
            }
        };
        if let Some((cause, what)) = unsent {
            // Closes the connection and releases the permit first, because saving the outcome may take long.
            drop(opened);
            let failure = Failure::of(cause);
            return self.not_sent(&mut operation, failure, what).await;
        }
        reach(Point::Sending).await;
        let ended = self
            .upstream
            .top
            .send::<W::Method>(opened, started + SEND_WINDOW)
            .await;
        reach(Point::Answered).await;
        self.finish::<W>(&intent, operation, ended, &background)
            .await;
    }

    /// Ends an operation as not sent. Only this task could have sent it.
    async fn not_sent(&self, operation: &mut Operation, failure: Failure, what: impl Into<String>) {
        let report = Report::Settled(Settlement::not_sent(failure, what));
        self.report(operation, &report).await;
    }

    async fn accept<W: Write>(
        &self,
        write: &W,
        request: &WriteRequest,
        operation: &Operation,
    ) -> Result<Performed, Refusal> {
        let (idempotency, fingerprint) = request.hashes(self.upstream.hash_key(), operation.kind());
        let new = NewOperation {
            operation: operation.clone(),
            idempotency,
            fingerprint,
            duplicate: write.duplicate(self.upstream.hash_key(), &request.account),
            allow_duplicate: request.allow_duplicate,
            timeline: TimelineEntry {
                at: Rfc3339(operation.created_at),
                state: State::Accepted,
                what: "accepted".to_owned(),
            },
        };
        match self.journal.accept(new).await {
            Ok(Acceptance::Accepted) => Ok(Performed {
                operation: operation.clone(),
                replayed: false,
            }),
            Ok(Acceptance::Replay(earlier)) => Ok(Performed {
                operation: *earlier,
                replayed: true,
            }),
            Ok(Acceptance::KeyReused) => Err(Refusal::KeyReused),
            Ok(Acceptance::Locked(other)) => Err(Refusal::Locked(other)),
            Ok(Acceptance::AlreadyDone(other)) => Err(Refusal::AlreadyDone(other)),
            Ok(Acceptance::Duplicate(other)) => Err(Refusal::Duplicate(other)),
            Ok(Acceptance::RetryOfRequired(other)) => Err(Refusal::RetryOfRequired(other)),
            Ok(Acceptance::NothingToRetry) => Err(Refusal::NothingToRetry),
            Err(error) => Err(refusal(&error)),
        }
    }

    /// Does everything that may take time or fail before the operation becomes `sending`.
    async fn make_ready<W: Write>(
        &self,
        write: &W,
        request: &WriteRequest,
        operation: &Operation,
    ) -> Result<(Opened, Background), Failure> {
        let session = self.upstream.session(&request.account)?;
        let reads = async {
            self.look_up_earlier(operation).await?;
            let ready = write.request(&self.upstream, &request.account).await?;
            self.check_messages(operation).await?;
            Ok::<_, Failure>(ready)
        };
        // The reads change nothing and must not delay a stop.
        let ready = tokio::select! {
            biased;
            ready = reads => ready?,
            () = self.stopping.cancelled() => return Err(Failure::of(Cause::Stopping)),
        };
        // What was read under one session says nothing about what another would show.
        let now = self.upstream.session(&request.account)?;
        if !Arc::ptr_eq(&now, &session) {
            return Err(Failure::of(Cause::ReadFailed)
                .with_detail("the session of the account was replaced during the reads"));
        }
        let top = &self.upstream.top;
        let prepared = top
            .prepare::<W::Method>(&session, &ready.request, write.extra())
            .map_err(|_| Failure::of(Cause::NotEncodable))?;
        let opened = tokio::select! {
            biased;
            opened = top.open::<W::Method>(prepared) => opened,
            () = self.stopping.cancelled() => Err(NotSent::Stopping),
        };
        let opened = opened.map_err(|why| Failure::from(&why))?;
        if self.stopping.is_cancelled() {
            return Err(Failure::of(Cause::Stopping));
        }
        let background = Background {
            baseline: ready.baseline,
            before: ready.before,
            names: ready.names.with(texts(write.extra())),
        };
        Ok((opened, background))
    }

    /// Refuses a payment that a message of TOP has already reported: the read may show it late.
    async fn check_messages(&self, operation: &Operation) -> Result<(), Failure> {
        match self.is_paid_by_message(operation).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Failure::of(Cause::AlreadyPaid)
                .with_detail("a message of TOP reports that it was paid")),
            Err(_) => Err(Failure::of(Cause::JournalUnavailable)),
        }
    }

    /// Law 2: the compare-and-set after which at most one send may follow. If it is declined or stale, a sweep has
    /// ended the operation or will end it soon.
    async fn turn_sending(
        &self,
        operation: &mut Operation,
        baseline: &Baseline,
    ) -> Result<Changed, JournalError> {
        self.change(operation, |row| {
            let stale = self.store_ms() - row.touched_ms >= self.stale_after_ms();
            if row.state() != State::Accepted || stale {
                return None;
            }
            row.standing = Standing::of(State::Sending);
            row.sent_at = Some(self.clock.wall());
            row.sent_steady_ms = Some(self.steady_ms());
            row.baseline = baseline.clone();
            row.touched_ms = self.store_ms();
            Some(Note::of("sending"))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_in_extra_counts_as_personal() {
        let extra = serde_json::json!({
            "a": "one", "b": {"c": ["two", {"d": "three"}], "e": 4}, "f": null,
        });
        let personal = texts(extra.as_object());
        let mut found: Vec<_> = personal.iter().map(|text| text.expose().as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, ["one", "three", "two"]);
        assert!(texts(None).is_empty());
    }
}
