//! Cancelling an unpaid change (`alitrip.flight.change.order.cancel`).

use serde_json::{Map, Value};

use crate::domain::change::{Change, ChangeReceipt, ChangeStatus};
use crate::domain::ids::{AccountName, ChangeOrderNo, HashKey};
use crate::domain::operation::{Cause, Failure, Intent, Receipt};
use crate::domain::payment::{DOUBTFUL, Payment};
use crate::operations::classify::Reference;
use crate::operations::masking::Names;
use crate::operations::upstream::ReadError;
use crate::operations::upstream::Upstream;
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::client::ReadOptions;
use crate::top::method::Method;
use crate::top::wire::ChangeCancel as ChangeCancelMethod;
use crate::translate;

/// A wish to cancel a change.
#[derive(Debug)]
pub struct CancelChange {
    /// The change.
    pub change_order_no: ChangeOrderNo,
    /// Fields for the wire that the gateway does not know.
    pub extra: Option<Map<String, Value>>,
}

impl Write for CancelChange {
    type Method = ChangeCancelMethod;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> Intent {
        Intent::ChangeCancel {
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

    fn read(&self, answer: <ChangeCancelMethod as Method>::Answer, _upstream: &Upstream) -> Read {
        Read {
            reference: Reference::of(&answer.change_order_no, |told| {
                *told == self.change_order_no
            }),
            receipt: translate::change_cancel::answer(answer, self.change_order_no)
                .ok()
                // One that says "done" and "paid" at once is looked at.
                .filter(|r| matches!(r.status, ChangeStatus::Closed | ChangeStatus::Other))
                .map(Receipt::Change),
        }
    }
}

/// Only an unpaid change can be cancelled.
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
