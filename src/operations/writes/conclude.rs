//! The end of a send: interprets the response, and makes the lookup that the response may need.

use super::perform::{Background, Write};
use super::report::{Open, Report};
use crate::domain::operation::{
    Basis, Claim, Failure, Operation, Receipt, Standing, State, UpstreamAnswer,
};
use crate::kill_point::{Point, reach};
use crate::operations::classify::{Conclusion, Ending};
use crate::operations::reconcile::decide::Moment;
use crate::operations::reconcile::lookup::Lookup;
use crate::operations::service::{Operations, Settlement};
use crate::top::call::CallError;
use crate::top::client::{ReadOptions, Reply};
use crate::top::method::{Answer, Method};

// === impl Operations ===

impl Operations {
    pub(in crate::operations) async fn finish<W: Write>(
        &self,
        intent: &W::Intent,
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
                    self.upstream.classifier.conclude(kind, name, &ending),
                    UpstreamAnswer::of_call_error(name, error, &background.names),
                    self.upstream.classifier.hint(name, &ending),
                    None,
                )
            }
            Ok(reply) => {
                let verdict = reply.answer.verdict();
                let refusal = (verdict.is_success != Some(true))
                    .then(|| UpstreamAnswer::of_business(name, &verdict, &background.names));
                let context = self.upstream.context(&operation.account);
                let mut read = W::read(reply.answer.clone(), intent, &context);
                // An object that existed before, or that another operation created, is not the result of this
                // operation: lookups decide.
                if let Some(receipt) = &read.receipt
                    && self.is_not_new(&operation, receipt).await
                {
                    read.receipt = None;
                }
                let ending = Ending::Answer {
                    verdict,
                    reference: read.reference,
                    complete: read.receipt.as_ref().is_some_and(|receipt| {
                        // A total that differs from the request is left to lookups.
                        receipt.total_fits(&operation.intent)
                    }),
                };
                (
                    self.upstream.classifier.conclude(kind, name, &ending),
                    refusal,
                    self.upstream.classifier.hint(name, &ending),
                    read.receipt.map(|receipt| {
                        receipt.completed(background.before.as_ref(), &operation.intent)
                    }),
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
        let report = match conclusion {
            Conclusion::Succeeded => Report::Settled(Settlement {
                standing: Standing::of(State::Succeeded),
                claim: Some(Claim::Done),
                result: receipt,
                failure: None,
                differs: Vec::new(),
                what: "upstream reported success".to_owned(),
                confirmed: false,
                proves: None,
            }),
            Conclusion::Rejected(cause) => Report::Settled(Settlement::failed(
                Standing::of(State::Rejected),
                failed(cause),
                "upstream refused",
            )),
            Conclusion::NotSent(cause) => {
                let (failure, what) = match &ended {
                    Err(CallError::NotSent(why)) => {
                        (Failure::from(why), format!("nothing was sent: {why}"))
                    }
                    Err(CallError::Refused(_) | CallError::Lost(_)) | Ok(_) => {
                        (failed(cause), "nothing was sent".to_owned())
                    }
                };
                Report::Settled(Settlement::not_sent(failure, what))
            }
            Conclusion::RefusedByGateway(cause) => Report::Settled(Settlement::failed(
                Standing::not_executed(Basis::RefusedByGateway),
                failed(cause),
                "TOP's gateway refused the call before it reached Fliggy's service",
            )),
            Conclusion::Unknown(claim, cause) => Report::Open(Open {
                claim,
                refusal: cause.map(failed),
                receipt,
                checked: self.checked(&operation, claim).await,
            }),
        };
        self.report(&mut operation, &report).await;
        if operation.state().is_settled() {
            reach(Point::Settled).await;
        } else {
            reach(Point::Unknown).await;
            self.wake.notify_one();
        }
    }

    /// Whether the response names an object that the operation cannot have created. Also true if the journal cannot be
    /// read.
    async fn is_not_new(&self, operation: &Operation, receipt: &Receipt) -> bool {
        let kind = operation.kind();
        let Some(number) = receipt.made_by(kind) else {
            return false;
        };
        if operation.baseline.numbers.contains(&number) {
            return true;
        }
        let makers = self.journal.makers(&operation.account, kind, &[number]);
        makers.await.map_or(true, |makers| !makers.is_empty())
    }

    /// The lookup after a response that claims an outcome but does not settle the operation.
    async fn checked(&self, operation: &Operation, claim: Claim) -> Option<(Lookup, Moment)> {
        if claim == Claim::Silence {
            return None;
        }
        let operation = &Operation {
            claim,
            ..operation.clone()
        };
        let moment = self.moment(operation);
        // This lookup is made even while the process stops: it belongs to the send, and a caller waits for it. The
        // deadline bounds its duration.
        let lookup = self.look_up(operation, &moment, ReadOptions::CALLER);
        let lookup = tokio::time::timeout(self.settings.deadline, lookup).await;
        let lookup = lookup.unwrap_or_else(|_| Lookup::cut_short());
        reach(Point::Checked).await;
        Some((lookup, moment))
    }
}
