//! The end of a send: what its answer comes to, and what is still open then.

use super::cause::{Failure, Upstream};
use super::classify::{Conclusion, Ending};
use super::decide::{Before, Moment, Step, decide};
use super::kill_point::{Point, reach};
use super::look::Look;
use super::perform::{Asked, Background, Write};
use super::record::{Anchor, Claim, EventKind, Findings, NewEvent, Operation};
use super::service::{Note, Operations, Settlement, millis};
use super::states::{Basis, Standing, State};
use crate::top::call::CallError;
use crate::top::client::{ReadOptions, Reply};
use crate::top::method::{Answer, Method};

// === impl Operations ===

impl Operations {
    pub(super) async fn finish<W: Write>(
        &self,
        write: &W,
        asked: &Asked,
        mut operation: Operation,
        ended: Result<Reply<<W::Method as Method>::Answer>, CallError>,
        background: &Background,
    ) {
        let name = <W::Method as Method>::NAME;
        let kind = operation.kind();
        let (conclusion, upstream, hint, receipt) = match &ended {
            Err(error) => {
                let ending = Ending::Error(error);
                (
                    self.classifier.conclude(kind, name, &ending),
                    Upstream::of_call_error(name, error, &background.names),
                    self.classifier.hint(name, &ending),
                    None,
                )
            }
            Ok(reply) => {
                let verdict = reply.answer.verdict();
                let said = (verdict.is_success != Some(true))
                    .then(|| Upstream::of_business(name, &verdict, &background.names));
                let mut read = write.read(reply.answer.clone(), self);
                // What was there before is not what was made: the looks decide.
                read.receipt.take_if(|r| operation.baseline.has(r));
                let ending = Ending::Answer {
                    verdict,
                    reference: read.reference,
                    complete: read.receipt.is_some(),
                };
                (
                    self.classifier.conclude(kind, name, &ending),
                    said,
                    self.classifier.hint(name, &ending),
                    read.receipt
                        .map(|receipt| receipt.completed(background.before.as_ref())),
                )
            }
        };
        let retry_after = match &ended {
            Err(CallError::Refused(error)) => error.ban_seconds(),
            Err(CallError::NotSent(_) | CallError::Lost(_)) | Ok(_) => None,
        };
        let failed = |cause| Failure {
            retry_after,
            ..Failure::of(cause)
                .with_upstream(upstream.clone())
                .with_hint(hint.clone())
        };
        reach(Point::Concluded).await;
        let settlement = match conclusion {
            Conclusion::Succeeded => Settlement {
                standing: Standing::of(State::Succeeded),
                claim: Some(Claim::Done),
                result: receipt,
                failure: None,
                what: "upstream answered: done".to_owned(),
                proves: None,
            },
            Conclusion::Rejected(cause) => Settlement::failed(
                Standing::of(State::Rejected),
                failed(cause),
                "upstream refused",
            ),
            Conclusion::NotSent(cause) => Settlement::not_sent(
                failed(cause),
                "nothing was sent: no connection, or too late",
            ),
            Conclusion::RefusedByGateway(cause) => Settlement::failed(
                Standing::not_executed(Basis::RefusedByGateway),
                failed(cause),
                "TOP's gateway refused the call; the service never saw it",
            ),
            Conclusion::Unknown(claim, cause) => {
                let failure = cause.map(failed);
                self.check(&mut operation, asked, claim, failure).await;
                return;
            }
        };
        self.settle_or_log(&mut operation, &settlement).await;
        reach(Point::Settled).await;
    }

    /// The answer alone does not settle it. Where it claims something, one look may; what is still
    /// open then is `unknown`, and the reconciler's.
    async fn check(
        &self,
        operation: &mut Operation,
        asked: &Asked,
        claim: Claim,
        refusal: Option<Failure>,
    ) {
        let mut findings = Findings::default();
        let mut seen = None;
        if claim != Claim::Silence {
            let moment = self.moment(operation);
            // Also while the process stops: it belongs to the send, and a caller waits for it. But it
            // may not take long.
            let look = self.look(operation, &asked.account, ReadOptions::CALLER);
            let look = tokio::time::timeout(self.settings.deadline, look).await;
            let look = look.unwrap_or_else(|_| Look::cut_short());
            reach(Point::Checked).await;
            let before = Before {
                kind: operation.kind(),
                standing: operation.standing,
                claim,
                refusal: refusal.as_ref().map(|f| f.cause),
                contradicted: false,
                findings: &findings,
            };
            let (counted, step) = decide(&before, &look.finding, &moment, &self.settings.patience);
            if look.not_made.is_none() {
                findings = counted;
            }
            if let Step::Settle(standing, cause) = step {
                let settlement = Settlement {
                    standing,
                    claim: Some(claim),
                    result: look.finding.receipt(),
                    failure: cause
                        .map(|cause| refusal.clone().unwrap_or_else(|| Failure::of(cause))),
                    what: format!("checked: {}", look.finding.sentence()),
                    proves: look.proves,
                };
                self.settle_or_log(operation, &settlement).await;
                reach(Point::Settled).await;
                return;
            }
            seen = Some(look.finding.sentence());
        }
        let what = match (claim, &seen) {
            (Claim::Silence, _) => "no answer that says what was done; looking".to_owned(),
            (Claim::Done, Some(seen)) => format!("upstream says done; {seen}; looking"),
            (_, seen) => format!(
                "upstream refused; {}; looking",
                seen.as_deref().unwrap_or("not checked")
            ),
        };
        let first = self.store_ms() + millis(self.settings.first_look);
        let turned = self
            .change(operation, |row| {
                if row.state() != State::Sending && row.state() != State::Unknown {
                    return None;
                }
                let news = row.state() == State::Sending;
                row.standing = Standing::of(State::Unknown);
                row.claim = claim;
                row.failure.clone_from(&refusal);
                row.findings = findings.clone();
                row.next_look_at = Some(first);
                let mut note = Note::of(what.clone());
                if news {
                    note.events.push(NewEvent {
                        kind: EventKind::OperationUnknown,
                        subject: row.id.to_string(),
                        fact: "unknown".to_owned(),
                    });
                }
                Some(note)
            })
            .await;
        reach(Point::Unknown).await;
        if let Err(error) = turned {
            // It stays `sending`; the sweep finds it.
            tracing::error!(operation_id = %operation.id, %error, "not written down as unknown");
        }
        self.wake.notify_one();
    }

    /// When a look at this operation begins.
    pub(super) fn moment(&self, operation: &Operation) -> Moment {
        let now = self.steady_ms();
        let deadline = u64::try_from(self.settings.deadline.as_millis()).unwrap_or(u64::MAX);
        let sent = match operation.sent_steady_ms {
            Some(sent) if operation.boot == self.boot => sent,
            // Sent by a process that is gone: at the latest when this one began.
            Some(_) | None => 0,
        };
        Moment {
            anchor: Anchor {
                boot: self.boot.clone(),
                at_ms: now,
            },
            after_deadline: now.saturating_sub(sent) >= deadline,
        }
    }

    pub(super) async fn settle_or_log(&self, operation: &mut Operation, settlement: &Settlement) {
        if let Err(error) = self.settle(operation, settlement).await {
            // It stays as it is in the journal, and the sweep takes it from there: a send that
            // cannot be written down as done becomes `unknown` and is looked for.
            tracing::error!(operation_id = %operation.id, %error, "a settlement was not written");
        }
    }
}
