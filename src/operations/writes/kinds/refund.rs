//! Applies for a refund (`alitrip.flight.refund.create`).
//!
//! Fliggy accepts an application only with exactly the fee that Fliggy's own render computed, or without a fee if the
//! render could not compute one (seed FAQ 8). So the fee comes from a sealed quote, or is compared with a new render
//! before anything is sent.

use crate::domain::operation::{Cause, Failure, Kind, Receipt, intent};
use crate::domain::refund::{
    RefundFee, RefundList, RefundReceipt, RefundSelection, RefundStatus, attachment_awaited,
};
use crate::operations::reconcile::evidence::{
    CreatedNumbers, Effect, Finding, Known, Observed, Target,
};
use crate::operations::reconcile::newcomer::{Owner, only, owner};
use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::domain::ids::{AccountName, HashKey, OrderId, OutRefundNo};
use crate::domain::order::OrderPassenger;
use crate::domain::personal::Personal;
use crate::operations::classify::Reference;
use crate::operations::reads::selection::{
    baseline_of, check_segments, names_on, travellers, unnamed,
};
use crate::operations::upstream::Upstream;
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::client::ReadOptions;
use crate::top::method::Method;
use crate::top::wire::RefundCreate;
use crate::translate::refund_create::Application;
use crate::translate::{self, Context};

/// The fee that the caller accepts, by its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// From a quote of this gateway.
    Quoted {
        /// The fee.
        fee: RefundFee,
        /// Whether Fliggy reported that the selection can be refunded.
        refundable: Option<bool>,
        /// When it was quoted, in seconds since 1970 (UTC).
        at: i64,
    },
    /// From elsewhere. This fee is compared with a new render.
    Stated(RefundFee),
}

impl Agreed {
    fn fee(self) -> RefundFee {
        match self {
            Self::Quoted { fee, .. } | Self::Stated(fee) => fee,
        }
    }
}

/// A request for a refund.
#[derive(Debug)]
pub struct Refund {
    /// The order.
    pub order_id: OrderId,
    /// The caller's number of the application.
    pub out_refund_no: OutRefundNo,
    /// The passengers and segments to refund, and the kind of refund.
    pub selection: RefundSelection,
    /// The fee that the caller accepts.
    pub agreed: Agreed,
    /// The reason in the caller's words.
    pub reason: Option<Personal<String>>,
    /// Ids of uploaded attachments.
    pub attachments: Vec<String>,
    /// Fields for the wire object that the gateway does not interpret.
    pub extra: Option<Map<String, Value>>,
}

impl Write for Refund {
    type Method = RefundCreate;
    type Intent = intent::Refund;

    const KIND: Kind = Kind::Refund;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> intent::Refund {
        intent::Refund {
            order_id: self.order_id,
            out_refund_no: self.out_refund_no.clone(),
            refund_kind: self.selection.kind,
            passengers: self.selection.passengers.clone(),
            fee: self.agreed.fee(),
            with_attachment: !self.attachments.is_empty(),
        }
    }

    async fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> Result<Ready<<RefundCreate as Method>::Request>, Failure> {
        let kind_code = upstream.refund_code(self.selection.kind)?;
        let order = upstream
            .read_ticketed(account, self.order_id, Cause::OrderNotRefundable)
            .await?;
        let chosen = travellers(&order, &self.selection.passengers)?;
        check_segments(&order, self.selection.segments.iter().map(String::as_str))?;
        let names = names_on(&order).with(self.reason.clone());
        self.check_fee(upstream, account, &chosen)
            .await
            .map_err(|failure| failure.masking(&names))?;
        let list = upstream
            .read_refunds(account, self.order_id, ReadOptions::CALLER)
            .await
            .map_err(|error| error.into_failure().masking(&names))?
            .answer;
        let rows = list.refunds.iter();
        let baseline = baseline_of(
            &order,
            rows.map(|row| (row.refund_order_no.get(), row.out_refund_no.as_deref())),
            list.dropped,
            self.out_refund_no.as_str(),
            ("refund", "application"),
        )?;
        let request = translate::refund_create::request(&Application {
            order_id: self.order_id,
            out_refund_no: &self.out_refund_no,
            kind_code,
            fee: self.agreed.fee(),
            empty_fee: upstream.refunds.empty_fee,
            reason: self.reason.as_ref(),
            passengers: &chosen,
            segments: &self.selection.segments,
            attachments: &self.attachments,
        })
        .map_err(unnamed)?;
        Ok(Ready {
            names,
            baseline,
            ..Ready::of(request)
        })
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(
        answer: <RefundCreate as Method>::Answer,
        requested: &intent::Refund,
        context: &Context<'_>,
    ) -> Read {
        let order = Reference::of(&answer.order_id, |id| *id == requested.order_id);
        let number = Reference::of(&answer.out_refund_no, |number| {
            number == requested.out_refund_no.as_str()
        });
        Read {
            reference: order.and(number),
            receipt: translate::refund_create::answer(answer, requested, context)
                .ok()
                .map(Receipt::Refund),
        }
    }
}

// === impl Effect ===

impl Effect for intent::Refund {
    fn target(&self) -> Target {
        Target::Refunds(self.order_id)
    }

    fn judge(&self, known: &Known<'_>, observed: &Observed<'_>) -> Finding {
        match observed {
            Observed::Refunds(list) => applied(self, known, list),
            // The order existed when the operation began, so its absence now is not evidence.
            Observed::Absent => Finding::Inconclusive("upstream no longer finds the order"),
            Observed::Order(_)
            | Observed::Changes(_)
            | Observed::Change(_)
            | Observed::Nothing(_) => Finding::of_other(observed),
        }
    }

    fn unread(&self, made: CreatedNumbers) -> Result<Receipt, &'static str> {
        let refund_order_no = made.refund_order_no.ok_or("refund_order_no")?;
        let receipt = self.receipt(refund_order_no, RefundStatus::Other);
        Ok(Receipt::Refund(receipt))
    }
}

/// Whether the application exists. Fliggy or the airline grants or rejects the application later.
fn applied(refund: &intent::Refund, known: &Known<'_>, list: &RefundList) -> Finding {
    let intent::Refund {
        order_id,
        out_refund_no,
        refund_kind,
        passengers,
        with_attachment,
        fee: _,
    } = refund;
    let new = list
        .refunds
        .iter()
        .filter(|row| !known.excludes(row.refund_order_no.get()));
    let owned = new.map(|row| {
        let reported = row.out_refund_no.as_deref();
        let travellers = row.passengers.iter().map(|t| t.passenger_id.as_ref());
        let owner = match owner(
            reported,
            out_refund_no.as_str(),
            travellers,
            passengers,
            &known.baseline.travellers,
        ) {
            // Reads already refuse a list with a row of another order. Such a row would show neither presence nor
            // absence.
            _ if row.order_id.is_some_and(|id| id != *order_id) => Owner::Unclear,
            _ if known.made == Some(row.refund_order_no.get()) => Owner::Named,
            Owner::Likely if known.by_number_only => Owner::Unclear,
            // A supplementary refund follows from an earlier one, which may be ours.
            Owner::Named | Owner::Likely if row.supplementary == Some(true) => Owner::Unclear,
            owner => owner,
        };
        let kind = row.kind.unwrap_or(*refund_kind);
        let receipt = RefundReceipt {
            refund_order_no: row.refund_order_no,
            order_id: *order_id,
            out_refund_no: out_refund_no.clone(),
            kind,
            status: row.status,
            fee: row.fee,
            refund_amount: row.refund_amount,
            applied_at: row.applied_at,
            refunded_at: row.refunded_at,
            attachment_awaited: attachment_awaited(Some(kind), row.status, *with_attachment),
            passenger_ids: passengers.clone(),
        };
        (owner, Receipt::Refund(receipt))
    });
    only(owned, list.dropped, "the order has no such refund")
}

impl Refund {
    /// Checks that the fee that the caller accepts may be sent.
    async fn check_fee(
        &self,
        upstream: &Upstream,
        account: &AccountName,
        chosen: &[&OrderPassenger],
    ) -> Result<(), Failure> {
        let stated = match self.agreed {
            Agreed::Quoted { refundable, at, .. } => {
                let ttl = SignedDuration::try_from(upstream.refunds.quote_ttl);
                let age = upstream.clock.wall().as_second().saturating_sub(at);
                return if ttl.is_ok_and(|ttl| age <= ttl.as_secs()) {
                    may_be_refunded(refundable)
                } else {
                    Err(Failure::of(Cause::QuoteExpired))
                };
            }
            Agreed::Stated(stated) => stated,
        };
        let rendered = upstream
            .render_refund(
                account,
                self.order_id,
                &self.selection,
                chosen,
                ReadOptions::CALLER,
            )
            .await?
            .answer;
        may_be_refunded(rendered.refundable)?;
        fee_fits(stated, rendered.fee)
    }
}

/// Refuses the application if Fliggy reports that the selection cannot be refunded.
fn may_be_refunded(refundable: Option<bool>) -> Result<(), Failure> {
    match refundable {
        Some(false) => Err(Failure::of(Cause::OrderNotRefundable).with_detail(
            "Fliggy reports that the selection cannot be refunded; the quote contains the reason",
        )),
        Some(true) | None => Ok(()),
    }
}

/// Checks that the fee that the caller states is the one that Fliggy computes now.
fn fee_fits(stated: RefundFee, rendered: RefundFee) -> Result<(), Failure> {
    match (stated, rendered) {
        (RefundFee::Known(stated), RefundFee::Known(now)) if stated == now => Ok(()),
        (RefundFee::Unknown, RefundFee::Unknown) => Ok(()),
        (RefundFee::Known(stated), RefundFee::Known(now)) => {
            Err(Failure::of(Cause::RefundFeeChanged).with_detail(format!(
                "the refund costs {now} yuan, but {stated} yuan were accepted"
            )))
        }
        (RefundFee::Unknown, RefundFee::Known(now)) => Err(Failure::of(Cause::RefundFeeChanged)
            .with_detail(format!(
                "the refund costs {now} yuan, but an unknown fee was accepted"
            ))),
        (RefundFee::Known(_), RefundFee::Unknown) => Err(Failure::of(Cause::RefundFeeUnknown)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::money::Money;

    fn fees() -> impl Strategy<Value = RefundFee> {
        prop_oneof![
            Just(RefundFee::Unknown),
            (0..200_u64).prop_map(|fen| RefundFee::Known(Money::from_fen(fen).unwrap())),
        ]
    }

    proptest! {
        /// Fees are compared exactly, to the fen.
        #[test]
        fn a_fee_fits_only_itself(stated in fees(), now in fees()) {
            prop_assert_eq!(fee_fits(stated, now).is_ok(), stated == now);
        }
    }

    #[test]
    fn an_unknown_fee_and_a_changed_fee_are_different_causes() {
        let known = RefundFee::Known(Money::parse("72.00").unwrap());
        let cause = |stated, now| fee_fits(stated, now).unwrap_err().cause;
        assert_eq!(cause(known, RefundFee::Unknown), Cause::RefundFeeUnknown);
        assert_eq!(cause(RefundFee::Unknown, known), Cause::RefundFeeChanged);
    }
}
