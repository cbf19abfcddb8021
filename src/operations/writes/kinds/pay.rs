//! Payment: debits the account's signed Alipay agreement (`alitrip.flight.service.pay`).

use crate::domain::operation::{Cause, Difference, DifferingField, Failure, Kind, Receipt, intent};
use crate::domain::order::{Order, OrderReceipt, OrderStatus};
use crate::operations::reconcile::evidence::{
    CreatedNumbers, Effect, Finding, Known, Observed, TOLD_OTHERWISE, Target,
};
use serde_json::{Map, Value};

use crate::domain::actions::in_time;
use crate::domain::ids::{AccountName, HashKey, OrderId};
use crate::domain::money::Money;
use crate::domain::payment::{DOUBTFUL, Payment};
use crate::domain::time::LocalTime;
use crate::operations::classify::Reference;
use crate::operations::reads::orders::OrderKey;
use crate::operations::reads::selection::names_on;
use crate::operations::upstream::Upstream;
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::client::ReadOptions;
use crate::top::method::Method;
use crate::top::wire::Pay as PayMethod;
use crate::translate::{self, Context};

/// A payment to which the caller agreed.
#[derive(Debug)]
pub struct Pay {
    /// The order.
    pub order_id: OrderId,
    /// The total to which the caller agreed, yuan.
    pub total: Money,
    /// Fields for the wire object that the gateway does not interpret.
    pub extra: Option<Map<String, Value>>,
}

impl Write for Pay {
    type Method = PayMethod;
    type Intent = intent::Pay;

    const KIND: Kind = Kind::Pay;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> intent::Pay {
        intent::Pay {
            order_id: self.order_id,
            total: self.total,
        }
    }

    async fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> Result<Ready<<PayMethod as Method>::Request>, Failure> {
        let key = OrderKey::Id(self.order_id);
        let found = upstream
            .read_order(account, &key, ReadOptions::CALLER)
            .await
            .map_err(|error| error.into_failure())?;
        may_be_paid(&found.answer, self.total, upstream.now())?;
        let reference = found.answer.out_order_no.as_deref();
        let request = translate::pay::request(self.order_id, reference, self.total);
        Ok(Ready {
            names: names_on(&found.answer),
            ..Ready::of(request)
        })
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(
        answer: <PayMethod as Method>::Answer,
        requested: &intent::Pay,
        context: &Context<'_>,
    ) -> Read {
        Read {
            reference: Reference::of(&answer.order_id, |id| *id == requested.order_id),
            receipt: translate::pay::answer(answer, requested, context)
                .ok()
                .map(Receipt::Order),
        }
    }
}

// === impl Effect ===

impl Effect for intent::Pay {
    fn target(&self) -> Target {
        Target::Order(OrderKey::Id(self.order_id))
    }

    fn judge(&self, known: &Known<'_>, observed: &Observed<'_>) -> Finding {
        match observed {
            Observed::Order(order) => paid(order, self.order_id, self.total, known),
            // The order existed when the operation began, so its absence now is not evidence.
            Observed::Absent => Finding::Inconclusive("upstream no longer finds the order"),
            Observed::Refunds(_)
            | Observed::Changes(_)
            | Observed::Change(_)
            | Observed::Nothing(_) => Finding::of_other(observed),
        }
    }

    fn unread(&self, _made: CreatedNumbers) -> Result<Receipt, &'static str> {
        Ok(Receipt::Order(OrderReceipt::unread(self.order_id)))
    }
}

/// Whether the order is paid.
fn paid(order: &Order, order_id: OrderId, total: Money, known: &Known<'_>) -> Finding {
    if order.order_id != order_id {
        return Finding::Inconclusive("the response is about another order");
    }
    match order.payment() {
        Payment::Made => match order.paid_price.filter(|paid| *paid > Money::ZERO) {
            Some(paid) if paid != total => {
                let difference = Difference {
                    field: DifferingField::PaidPrice,
                    expected: total.to_string(),
                    found: paid.to_string(),
                };
                let receipt = Receipt::Order(OrderReceipt::from(order));
                Finding::Differs(Box::new(receipt), vec![difference])
            }
            Some(_) | None => Finding::happened(Receipt::Order(OrderReceipt::from(order))),
        },
        Payment::NotMade | Payment::Impossible if known.paid_by_message => {
            Finding::Inconclusive(TOLD_OTHERWISE)
        }
        Payment::NotMade => Finding::NotHappened("the order is not paid"),
        Payment::Impossible => {
            Finding::Refuted(Cause::OrderNotPayable, "the order is closed and not paid")
        }
        Payment::Unclear | Payment::Doubtful if known.paid_by_message => {
            Finding::happened(Receipt::Order(OrderReceipt::from(order)))
        }
        Payment::Unclear => Finding::Inconclusive("the order does not show whether it is paid"),
        Payment::Doubtful => Finding::Inconclusive(DOUBTFUL),
    }
}

/// Rule 4 of the API: refuses the payment if the total differs or the order cannot be paid. The payment deadline is the
/// one that `available_actions` applies. An order with an unlisted status is never refused for its status.
fn may_be_paid(order: &Order, agreed: Money, now: LocalTime) -> Result<(), Failure> {
    if order.status == OrderStatus::Failed {
        return Err(
            Failure::of(Cause::OrderNotPayable).with_detail("the order is marked as failed")
        );
    }
    match order.payment() {
        Payment::Made => return Err(Failure::of(Cause::AlreadyPaid)),
        Payment::Impossible => {
            return Err(Failure::of(Cause::OrderNotPayable).with_detail("the order is closed"));
        }
        Payment::Doubtful => {
            return Err(Failure::of(Cause::OrderNotPayable).with_detail(DOUBTFUL));
        }
        Payment::NotMade | Payment::Unclear => {}
    }
    if !in_time(order.pay_before, now) {
        return Err(Failure::of(Cause::OrderNotPayable)
            .with_detail("the time limit for payment has passed"));
    }
    match order.total_price {
        Some(total) if total == agreed => Ok(()),
        Some(total) => Err(Failure::of(Cause::PriceChanged).with_detail(format!(
            "the order costs {total} yuan, but {agreed} yuan were agreed"
        ))),
        None => Err(Failure::of(Cause::ReadFailed)
            .with_detail("upstream does not report the total of the order")),
    }
}
