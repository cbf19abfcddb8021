//! Cancelling an unpaid change (`alitrip.flight.change.order.cancel`).

use crate::domain::change::{Change, ChangeReceipt, ChangeStatus};
use crate::domain::operation::{Cause, Failure, Kind, Receipt, intent};
use crate::operations::reconcile::evidence::{
    CreatedNumbers, Effect, Finding, Known, Observed, Target,
};
use serde_json::{Map, Value};

use crate::domain::ids::{AccountName, ChangeOrderNo, HashKey};
use crate::domain::payment::{DOUBTFUL, Payment};
use crate::operations::classify::Reference;
use crate::operations::masking::Names;
use crate::operations::upstream::{ReadError, Upstream};
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::client::ReadOptions;
use crate::top::method::Method;
use crate::top::wire::ChangeCancel as ChangeCancelMethod;
use crate::translate::{self, Context};

/// A request to cancel a change.
#[derive(Debug)]
pub struct CancelChange {
    /// The change.
    pub change_order_no: ChangeOrderNo,
    /// Fields for the wire object that the gateway does not interpret.
    pub extra: Option<Map<String, Value>>,
}

impl Write for CancelChange {
    type Method = ChangeCancelMethod;
    type Intent = intent::ChangeCancel;

    const KIND: Kind = Kind::ChangeCancel;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> intent::ChangeCancel {
        intent::ChangeCancel {
            change_order_no: self.change_order_no,
        }
    }

    async fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> Result<Ready<<ChangeCancelMethod as Method>::Request>, Failure> {
        let found = upstream
            .read_change(account, self.change_order_no, ReadOptions::CALLER)
            .await
            .map_err(ReadError::into_failure)?;
        may_be_cancelled(&found.answer)?;
        let change = &found.answer;
        let request = translate::change_cancel::request(self.change_order_no, change.order_id);
        let names = change.passengers.iter().filter_map(|p| p.name.clone());
        Ok(Ready {
            before: Some(Receipt::Change(ChangeReceipt::of(change, None))),
            names: Names::some(names.collect()),
            ..Ready::of(request)
        })
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(
        answer: <ChangeCancelMethod as Method>::Answer,
        requested: &intent::ChangeCancel,
        context: &Context<'_>,
    ) -> Read {
        Read {
            reference: Reference::of(&answer.change_order_no, |number| {
                *number == requested.change_order_no
            }),
            receipt: translate::change_cancel::answer(answer, requested, context)
                .ok()
                // A response that reports success and a paid change is inconclusive, so the operation is looked up.
                .filter(|r| matches!(r.status, ChangeStatus::Closed | ChangeStatus::Other))
                .map(Receipt::Change),
        }
    }
}

// === impl Effect ===

impl Effect for intent::ChangeCancel {
    fn target(&self) -> Target {
        Target::Change(self.change_order_no)
    }

    fn judge(&self, _known: &Known<'_>, observed: &Observed<'_>) -> Finding {
        match observed {
            Observed::Change(change) => cancelled(change, self.change_order_no),
            // The change existed when the operation began, so its absence now is not evidence.
            Observed::Absent => Finding::Inconclusive("upstream no longer finds the change"),
            Observed::Order(_)
            | Observed::Refunds(_)
            | Observed::Changes(_)
            | Observed::Nothing(_) => Finding::of_other(observed),
        }
    }

    fn unread(&self, _made: CreatedNumbers) -> Result<Receipt, &'static str> {
        Ok(Receipt::Change(ChangeReceipt::unread(
            self.change_order_no,
            None,
        )))
    }
}

/// Whether the change is closed.
fn cancelled(change: &Change, change_order_no: ChangeOrderNo) -> Finding {
    if change.change_order_no != change_order_no {
        return Finding::Inconclusive("the response is about another change");
    }
    match (change.payment(), change.status) {
        (Payment::Made, _) => Finding::Refuted(Cause::ChangeNotCancellable, "the change is paid"),
        (Payment::Doubtful, _) => Finding::Inconclusive(DOUBTFUL),
        (_, ChangeStatus::Closed) => {
            Finding::happened(Receipt::Change(ChangeReceipt::of(change, None)))
        }
        (_, ChangeStatus::Submitted | ChangeStatus::AwaitingPayment) => {
            Finding::NotHappened("the change is not closed")
        }
        (_, ChangeStatus::AwaitingTicketing | ChangeStatus::Ticketed | ChangeStatus::Other) => {
            Finding::Inconclusive("the status of the change does not show whether it was cancelled")
        }
    }
}

/// Refuses to cancel a change that is paid or closed.
fn may_be_cancelled(change: &Change) -> Result<(), Failure> {
    match (change.payment(), change.status) {
        (Payment::Made, _) => {
            Err(Failure::of(Cause::ChangeNotCancellable).with_detail("the change is paid"))
        }
        (Payment::Doubtful, _) => {
            Err(Failure::of(Cause::ChangeNotCancellable).with_detail(DOUBTFUL))
        }
        (_, ChangeStatus::Closed) => Err(Failure::of(Cause::AlreadyClosed)),
        (
            _,
            ChangeStatus::Submitted
            | ChangeStatus::AwaitingPayment
            | ChangeStatus::AwaitingTicketing
            | ChangeStatus::Ticketed
            | ChangeStatus::Other,
        ) => Ok(()),
    }
}
