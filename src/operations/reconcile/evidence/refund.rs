//! What the refunds of an order say.

use super::newcomer::{Owner, only, owner};
use super::{Finding, Known};
use crate::domain::operation::{Intent, Receipt};
use crate::domain::refund::{RefundList, RefundReceipt, attachment_awaited};

/// Whether the application exists. Whether it is granted is a later fact of it.
pub(super) fn applied(intent: &Intent, known: &Known<'_>, list: &RefundList) -> Finding {
    let Intent::Refund {
        order_id,
        out_refund_no,
        refund_kind,
        passengers,
        with_attachment,
        ..
    } = intent
    else {
        return Finding::Inconclusive("no refund was asked for");
    };
    let new = list
        .refunds
        .iter()
        .filter(|row| !known.excludes(row.refund_order_no.get()));
    let owned = new.map(|row| {
        let told = row.out_refund_no.as_deref();
        let travellers = row.passengers.iter().map(|t| t.passenger_id.as_ref());
        let owner = match owner(
            told,
            out_refund_no.as_str(),
            travellers,
            passengers,
            &known.baseline.travellers,
        ) {
            // Reads refuse a list with a row of another order: it shows neither presence nor absence.
            _ if row.order_id.is_some_and(|told| told != *order_id) => Owner::Unclear,
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
