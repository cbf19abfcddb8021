//! Closing an unpaid order (`alitrip.flight.service.close`).

use crate::domain::operation::{Cause, Failure, Kind, Receipt, intent};
use crate::domain::order::{Order, OrderReceipt, OrderStatus};
use crate::operations::reconcile::evidence::{
    CreatedNumbers, Effect, Finding, Known, Observed, Target,
};
use serde_json::{Map, Value};

use crate::domain::ids::{AccountName, HashKey, OrderId};
use crate::domain::payment::{DOUBTFUL, Payment};
use crate::operations::classify::Reference;
use crate::operations::reads::orders::OrderKey;
use crate::operations::reads::selection::names_on;
use crate::operations::upstream::{ReadError, Upstream};
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::client::ReadOptions;
use crate::top::method::Method;
use crate::top::wire::Close as CloseMethod;
use crate::translate::{self, Context};

/// A request to close an order.
#[derive(Debug)]
pub struct Close {
    /// The order.
    pub order_id: OrderId,
    /// Fields for the wire object that the gateway does not interpret.
    pub extra: Option<Map<String, Value>>,
}

impl Write for Close {
    type Method = CloseMethod;
    type Intent = intent::Close;

    const KIND: Kind = Kind::Close;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> intent::Close {
        intent::Close {
            order_id: self.order_id,
        }
    }

    async fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> Result<Ready<<CloseMethod as Method>::Request>, Failure> {
        // Without this read, closing an order of another account would end `unknown` and lock the order.
        let key = OrderKey::Id(self.order_id);
        let found = upstream
            .read_order(account, &key, ReadOptions::CALLER)
            .await
            .map_err(ReadError::into_failure)?;
        may_be_closed(&found.answer)?;
        let order = &found.answer;
        let request = translate::close::request(self.order_id, order.out_order_no.as_deref());
        Ok(Ready {
            before: Some(Receipt::Order(OrderReceipt::from(order))),
            names: names_on(order),
            ..Ready::of(request)
        })
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(
        answer: <CloseMethod as Method>::Answer,
        requested: &intent::Close,
        context: &Context<'_>,
    ) -> Read {
        Read {
            reference: Reference::of(&answer.order_id, |id| *id == requested.order_id),
            receipt: translate::close::answer(answer, requested, context)
                .ok()
                // A response that reports success and a paid order is inconclusive, so the operation is looked up.
                .filter(|r| matches!(r.status, OrderStatus::Closed | OrderStatus::Other))
                .map(Receipt::Order),
        }
    }
}

// === impl Effect ===

impl Effect for intent::Close {
    fn target(&self) -> Target {
        Target::Order(OrderKey::Id(self.order_id))
    }

    fn judge(&self, _known: &Known<'_>, observed: &Observed<'_>) -> Finding {
        match observed {
            Observed::Order(order) => closed(order, self.order_id),
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

/// Whether the order is closed.
fn closed(order: &Order, order_id: OrderId) -> Finding {
    if order.order_id != order_id {
        return Finding::Inconclusive("the response is about another order");
    }
    match (order.payment(), order.status) {
        (Payment::Made, _) => Finding::Refuted(Cause::OrderNotClosable, "the order is paid"),
        (Payment::Doubtful, _) => Finding::Inconclusive(DOUBTFUL),
        (_, OrderStatus::Closed) => Finding::happened(Receipt::Order(OrderReceipt::from(order))),
        (_, OrderStatus::Booked) => Finding::NotHappened("the order is not closed"),
        (
            _,
            OrderStatus::Creating
            | OrderStatus::Paid
            | OrderStatus::Ticketing
            | OrderStatus::Ticketed
            | OrderStatus::Failed
            | OrderStatus::Other,
        ) => Finding::Inconclusive("the status of the order does not show whether it was closed"),
    }
}

/// Refuses to close an order that is paid or closed. An order with an unlisted status is never refused.
fn may_be_closed(order: &Order) -> Result<(), Failure> {
    match order.payment() {
        Payment::Made => Err(Failure::of(Cause::OrderNotClosable)
            .with_detail("the order is paid; apply for a refund instead")),
        Payment::Impossible => Err(Failure::of(Cause::AlreadyClosed)),
        Payment::Doubtful => Err(Failure::of(Cause::OrderNotClosable).with_detail(DOUBTFUL)),
        Payment::NotMade | Payment::Unclear => Ok(()),
    }
}
