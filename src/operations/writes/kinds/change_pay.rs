//! Paying a change (`alitrip.flight.change.order.pay`): debits the account's signed Alipay agreement.

use crate::domain::change::{Change, ChangeReceipt, ChangeStatus};
use crate::domain::operation::{Cause, Failure, Kind, Receipt, intent};
use crate::operations::reconcile::evidence::{
    CreatedNumbers, Effect, Finding, Known, Observed, TOLD_OTHERWISE, Target,
};
use serde_json::{Map, Value};

use crate::domain::actions::in_time;
use crate::domain::ids::{AccountName, ChangeOrderNo, HashKey};
use crate::domain::money::Money;
use crate::domain::payment::{DOUBTFUL, Payment};
use crate::domain::time::LocalTime;
use crate::operations::classify::Reference;
use crate::operations::masking::Names;
use crate::operations::upstream::{ReadError, Upstream};
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::client::ReadOptions;
use crate::top::method::Method;
use crate::top::wire::ChangePay as ChangePayMethod;
use crate::translate::{self, Context};

/// A payment of a change to which the caller agreed.
#[derive(Debug)]
pub struct PayChange {
    /// The change.
    pub change_order_no: ChangeOrderNo,
    /// The total to which the caller agreed, yuan.
    pub total: Money,
    /// Fields for the wire object that the gateway does not interpret.
    pub extra: Option<Map<String, Value>>,
}

impl Write for PayChange {
    type Method = ChangePayMethod;
    type Intent = intent::ChangePay;

    const KIND: Kind = Kind::ChangePay;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> intent::ChangePay {
        intent::ChangePay {
            change_order_no: self.change_order_no,
            total: self.total,
        }
    }

    async fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> Result<Ready<<ChangePayMethod as Method>::Request>, Failure> {
        let found = upstream
            .read_change(account, self.change_order_no, ReadOptions::CALLER)
            .await
            .map_err(ReadError::into_failure)?;
        may_be_paid(&found.answer, self.total, upstream.now())?;
        let change = &found.answer;
        let request =
            translate::change_pay::request(self.change_order_no, change.order_id, self.total);
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
        answer: <ChangePayMethod as Method>::Answer,
        requested: &intent::ChangePay,
        context: &Context<'_>,
    ) -> Read {
        Read {
            reference: Reference::of(&answer.change_order_no, |number| {
                *number == requested.change_order_no
            }),
            receipt: translate::change_pay::answer(answer, requested, context)
                .ok()
                .map(Receipt::Change),
        }
    }
}

// === impl Effect ===

impl Effect for intent::ChangePay {
    fn target(&self) -> Target {
        Target::Change(self.change_order_no)
    }

    fn judge(&self, known: &Known<'_>, observed: &Observed<'_>) -> Finding {
        match observed {
            Observed::Change(change) => paid(change, self.change_order_no, known),
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

/// Whether the change is paid.
fn paid(change: &Change, change_order_no: ChangeOrderNo, known: &Known<'_>) -> Finding {
    if change.change_order_no != change_order_no {
        return Finding::Inconclusive("the response is about another change");
    }
    match change.payment() {
        Payment::Made => Finding::happened(Receipt::Change(ChangeReceipt::of(change, None))),
        Payment::NotMade | Payment::Impossible if known.paid_by_message => {
            Finding::Inconclusive(TOLD_OTHERWISE)
        }
        Payment::NotMade => Finding::NotHappened("the change is not paid"),
        Payment::Impossible => {
            Finding::Refuted(Cause::ChangeNotPayable, "the change is closed and not paid")
        }
        Payment::Unclear | Payment::Doubtful if known.paid_by_message => {
            Finding::happened(Receipt::Change(ChangeReceipt::of(change, None)))
        }
        Payment::Unclear => Finding::Inconclusive("the change does not show whether it is paid"),
        Payment::Doubtful => Finding::Inconclusive(DOUBTFUL),
    }
}

/// Refuses the payment if the total differs or the change cannot be paid. A change with an unlisted status is never
/// refused for its status.
fn may_be_paid(change: &Change, agreed: Money, now: LocalTime) -> Result<(), Failure> {
    let refused = |detail: &str| Err(Failure::of(Cause::ChangeNotPayable).with_detail(detail));
    match change.payment() {
        Payment::Made => return Err(Failure::of(Cause::AlreadyPaid)),
        Payment::Impossible => return refused("the change is closed"),
        Payment::Doubtful => return refused(DOUBTFUL),
        Payment::NotMade | Payment::Unclear => {}
    }
    match change.status {
        ChangeStatus::Closed => return refused("the change is closed"),
        ChangeStatus::Submitted => {
            return refused("the fees of the change are not confirmed yet; read it again later");
        }
        ChangeStatus::AwaitingPayment
        | ChangeStatus::AwaitingTicketing
        | ChangeStatus::Ticketed
        | ChangeStatus::Other => {}
    }
    if !in_time(change.pay_before, now) {
        return refused("the time limit for payment has passed");
    }
    match change.total_price {
        Some(total) if total == agreed => Ok(()),
        Some(total) => Err(Failure::of(Cause::PriceChanged).with_detail(format!(
            "the change costs {total} yuan, but {agreed} yuan were agreed"
        ))),
        None => Err(Failure::of(Cause::ReadFailed)
            .with_detail("upstream does not report the total of the change")),
    }
}
