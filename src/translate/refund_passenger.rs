//! The passengers of a refund with their amounts: shared by render, list and detail.

use super::{Context, Unreadable, optional, parts};
use crate::domain::money::Money;
use crate::domain::refund::RefundPassenger;
use crate::top::lenient::Field;
use crate::top::wire;

/// The passengers with their amounts.
///
/// # Errors
/// An amount is garbled, or a sum is too large for an amount.
pub(super) fn passengers(
    details: impl IntoIterator<Item = wire::PassengerRefundDetail>,
    context: &Context<'_>,
) -> Result<Vec<RefundPassenger>, Unreadable> {
    let mut passengers = details
        .into_iter()
        .map(|detail| passenger(detail, context))
        .collect::<Result<Vec<_>, _>>()?;
    drop_shared_ids(&mut passengers);
    Ok(passengers)
}

/// Removes the ids that several passengers share.
pub(super) fn drop_shared_ids(passengers: &mut [RefundPassenger]) {
    parts::drop_shared_ids(passengers, |p| &mut p.passenger_id, |p| p.name.as_ref());
}

/// A passenger without segments and amounts.
pub(super) fn named(who: wire::TravellerAnswer, context: &Context<'_>) -> RefundPassenger {
    let who = parts::traveller(who, context);
    RefundPassenger {
        passenger_id: who.passenger_id,
        name: who.name,
        kind: who.kind,
        ..RefundPassenger::default()
    }
}

/// A passenger with the amounts. Fliggy does not report the fee: it is the sum of the kept parts.
fn passenger(
    detail: wire::PassengerRefundDetail,
    context: &Context<'_>,
) -> Result<RefundPassenger, Unreadable> {
    let who = optional(detail.passenger.0, "passenger")?.unwrap_or_default();
    let money = optional(detail.refund_fee.0, "refund_fee")?.unwrap_or_default();
    let mut fee = None;
    let mut kept = |field: Field<Money>, name| {
        let part = optional(field, name)?;
        if let Some(part) = part {
            let sum = fee.unwrap_or(Money::ZERO).checked_add(part);
            fee = Some(sum.ok_or(Unreadable { field: name })?);
        }
        Ok(part)
    };
    let kept_ticket_fee = kept(money.non_refundable_ticket_fee, "non_refundable_ticket_fee")?;
    let kept_taxes = kept(money.non_refundable_tax_fee, "non_refundable_tax_fee")?;
    let used_value = kept(money.already_used_total_fee, "already_used_total_fee")?;
    let kept_change_fee = kept(
        money.non_refundable_change_service_fee,
        "non_refundable_change_service_fee",
    )?;
    let kept_upgrade_fee = kept(
        money.non_refundable_change_upgrade_fee,
        "non_refundable_change_upgrade_fee",
    )?;
    Ok(RefundPassenger {
        refundable: detail.can_apply_refund.lossy(),
        not_refundable_reason: detail.refuse_reason.lossy(),
        fee,
        refund_amount: optional(money.refund_to_buyer_money, "refund_to_buyer_money")?,
        kept_ticket_fee,
        kept_taxes,
        used_value,
        kept_change_fee,
        kept_upgrade_fee,
        ..named(who, context)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::translate::samples;

    fn read(json: serde_json::Value) -> Result<RefundPassenger, Unreadable> {
        passenger(serde_json::from_value(json).unwrap(), &samples::context())
    }

    #[test]
    fn the_fee_is_the_sum_of_the_reported_parts() {
        for (parts, fee) in [
            (json!({}), None),
            (json!({"refund_to_buyer_money": 718}), None),
            (json!({"non_refundable_tax_fee": 0}), Some("0.00")),
            (
                json!({"non_refundable_ticket_fee": "72.05", "already_used_total_fee": 0.1}),
                Some("72.15"),
            ),
        ] {
            let refund = read(json!({"refund_fee": parts})).unwrap();
            assert_eq!(refund.fee.map(|fee| fee.to_string()).as_deref(), fee);
        }
    }

    #[test]
    fn garbled_amounts_and_overflowing_sums_prove_nothing() {
        for (fee, field) in [
            (json!([1]), "refund_fee"),
            (
                json!({"refund_to_buyer_money": -1}),
                "refund_to_buyer_money",
            ),
            (
                json!({"non_refundable_tax_fee": "some"}),
                "non_refundable_tax_fee",
            ),
            (
                json!({"non_refundable_ticket_fee": "99999999.99", "already_used_total_fee": 0.01}),
                "already_used_total_fee",
            ),
        ] {
            let error = read(json!({"refund_fee": fee})).unwrap_err();
            assert_eq!(error.field, field);
        }
        let error = read(json!({"passenger": [1]})).unwrap_err();
        assert_eq!(error.field, "passenger");
    }
}
