use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::top::wire::Yuan;
use crate::translate::samples;

fn order() -> OrderId {
    OrderId::new(1_234_125_412).unwrap()
}

fn read(json: Value) -> Result<Rendered, Unreadable> {
    let wire = serde_json::from_value(json).unwrap();
    answer(wire, &samples::context())
}

fn yuan(text: &str) -> Option<Money> {
    Some(Money::parse(text).unwrap())
}

#[test]
fn the_request_equals_the_sample() {
    let segments = ["CZ8957PKXXMN0520".to_owned()];
    let traveller = samples::traveller();
    let request = request(order(), 2, &[&traveller], &segments).unwrap();
    samples::same_request::<wire::RefundRender>(&request);
}

#[test]
fn the_segment_list_is_omitted_for_all_segments() {
    let request = request(order(), 2, &[], &[]).unwrap();
    let json = serde_json::to_value(request).unwrap();
    assert!(json.get("flight_segment_id_list").is_none());
}

#[test]
fn a_passenger_without_name_or_document_cannot_be_named() {
    let traveller = samples::traveller();
    let nameless = OrderPassenger {
        name: None,
        ..traveller.clone()
    };
    let undocumented = OrderPassenger {
        document: None,
        ..traveller.clone()
    };
    for bad in [&nameless, &undocumented] {
        assert_eq!(
            request(order(), 2, &[&traveller, bad], &[]).unwrap_err(),
            Unnamed
        );
    }
}

#[test]
fn a_printed_request_contains_no_personal_data() {
    let request = request(order(), 2, &[&samples::traveller()], &[]).unwrap();
    let printed = format!("{request:?}");
    for secret in ["测试", "110101"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn the_sample_is_read_as_a_known_fee() {
    let wire = samples::answer::<wire::RefundRender>();
    let rendered = answer(wire, &samples::context()).unwrap();
    assert_eq!(rendered.fee.amount(), yuan("72"));
    assert_eq!(rendered.refund_amount, yuan("718"));
    assert_eq!(rendered.refundable, Some(true));
    let [one] = rendered.passengers.as_slice() else {
        panic!("{:?}", rendered.passengers);
    };
    // The same passenger as in the order.
    assert_eq!(one.passenger_id, samples::traveller().passenger_id);
    assert_eq!((one.fee, one.kept_taxes), (yuan("72"), yuan("0")));
    assert_eq!(one.refund_amount, yuan("718"));
}

#[test]
fn known_and_unknown_fees() {
    let known = |text| Ok(RefundFee::Known(Money::parse(text).unwrap()));
    let unreadable = |field| Err(Unreadable { field });
    for (wire, fee) in [
        (
            json!({"calculate_success": true, "all_refund_fee": 0}),
            known("0"),
        ),
        (
            json!({"calculate_success": "true", "all_refund_fee": "72.50"}),
            known("72.5"),
        ),
        (
            json!({"calculate_success": true}),
            unreadable("all_refund_fee"),
        ),
        (
            json!({"calculate_success": true, "all_refund_fee": ""}),
            unreadable("all_refund_fee"),
        ),
        (
            json!({"calculate_success": true, "can_apply_refund": false}),
            unreadable("all_refund_fee"),
        ),
        (
            json!({"calculate_success": true, "all_refund_fee": 0.015}),
            unreadable("all_refund_fee"),
        ),
        (json!({"calculate_success": false}), Ok(RefundFee::Unknown)),
        (
            json!({"calculate_success": false, "all_refund_fee": 40}),
            Ok(RefundFee::Unknown),
        ),
        (
            json!({"calculate_success": false, "all_refund_fee": "?"}),
            Ok(RefundFee::Unknown),
        ),
        (
            json!({"calculate_success": "perhaps", "all_refund_fee": 40}),
            unreadable("calculate_success"),
        ),
        (
            json!({"calculate_success": [true], "can_apply_refund": false}),
            unreadable("calculate_success"),
        ),
        (json!({"all_refund_fee": 40}), known("40")),
        (
            json!({"all_refund_fee": 40, "can_apply_refund": false}),
            known("40"),
        ),
        (json!({"all_refund_fee": -1}), unreadable("all_refund_fee")),
        (
            json!({"all_refund_fee": "?", "can_apply_refund": false}),
            unreadable("all_refund_fee"),
        ),
        (json!({"can_apply_refund": false}), Ok(RefundFee::Unknown)),
        (
            json!({"can_apply_refund": true}),
            unreadable("calculate_success"),
        ),
        (
            json!({"can_apply_refund": "?"}),
            unreadable("calculate_success"),
        ),
        (json!({}), unreadable("calculate_success")),
    ] {
        let found = read(wire.clone()).map(|rendered| rendered.fee);
        assert_eq!(found, fee, "{wire}");
    }
}

#[test]
fn amounts_of_a_failed_computation_are_ignored() {
    let rendered = read(json!({
        "calculate_success": false, "all_refund_fee": 0, "refund_to_buyer_money": "?",
        "passenger_refund_details": [{
            "refund_fee": {"non_refundable_ticket_fee": 0, "refund_to_buyer_money": "?"},
            "can_apply_refund": true,
        }],
    }))
    .unwrap();
    assert_eq!(
        (rendered.fee, rendered.refund_amount),
        (RefundFee::Unknown, None)
    );
    let one = &rendered.passengers[0];
    assert_eq!(
        (one.fee, one.refund_amount, one.refundable),
        (None, None, Some(true))
    );
}

#[test]
fn a_garbled_order_and_garbled_amounts_prove_nothing() {
    for (field, value) in [
        ("order_id", json!("x")),
        ("refund_to_buyer_money", json!("much")),
    ] {
        let mut wire = json!({"calculate_success": true, "all_refund_fee": 1});
        wire[field] = value;
        assert_eq!(read(wire).unwrap_err().field, field);
    }
}

#[test]
fn the_refusal_reason_is_kept_and_not_printed() {
    let rendered = read(json!({
        "can_apply_refund": false, "refuse_reason": "客票已使用",
        "passenger_refund_details": {"passenger_refund_detail": {"refuse_reason": "客票已使用"}},
    }))
    .unwrap();
    assert_eq!(rendered.refundable, Some(false));
    assert!(!format!("{rendered:?}").contains("客票"));
    let reason = rendered.passengers[0].not_refundable_reason.as_ref();
    assert_eq!(reason.unwrap().expose(), "客票已使用");
}

/// An amount in one of the formats that TOP may send.
fn amount(fen: u64, form: u8) -> Value {
    let money = Money::from_fen(fen).unwrap();
    match form % 3 {
        0 => serde_json::to_value(Yuan(money)).unwrap(),
        1 => json!(money.to_string()),
        _ => json!(format!("{money}0")),
    }
}

proptest! {
    /// Refund money is exact to the fen, in whatever format it was sent.
    #[test]
    fn refund_money_is_exact_to_the_fen(
        travellers in prop::collection::vec(
            (
                prop::array::uniform5(prop::option::of(0..100_000_000_u64)),
                0..1_000_000_000_u64,
                any::<u8>(),
            ),
            1..5,
        ),
        form in any::<u8>(),
    ) {
        const PARTS: [&str; 5] = [
            "non_refundable_ticket_fee",
            "non_refundable_tax_fee",
            "already_used_total_fee",
            "non_refundable_change_service_fee",
            "non_refundable_change_upgrade_fee",
        ];
        let kept = |parts: &[Option<u64>; 5]| parts.iter().flatten().sum::<u64>();
        let fee: u64 = travellers.iter().map(|(parts, ..)| kept(parts)).sum();
        let back: u64 = travellers.iter().map(|(_, back, _)| back).sum();
        let details: Vec<_> = travellers
            .iter()
            .map(|(parts, back, form)| {
                let mut money = json!({"refund_to_buyer_money": amount(*back, *form)});
                for (name, fen) in PARTS.iter().zip(parts) {
                    if let Some(fen) = fen {
                        money[name] = amount(*fen, *form);
                    }
                }
                json!({"refund_fee": money})
            })
            .collect();
        let rendered = read(json!({
            "calculate_success": true,
            "all_refund_fee": amount(fee, form),
            "refund_to_buyer_money": amount(back, form),
            "passenger_refund_details": {"passenger_refund_detail": details},
        }))
        .unwrap();
        let fen = |money: Option<Money>| money.map(Money::fen);
        prop_assert_eq!(fen(rendered.fee.amount()), Some(fee));
        prop_assert_eq!(fen(rendered.refund_amount), Some(back));
        prop_assert_eq!(rendered.passengers.len(), travellers.len());
        for (one, (parts, back, _)) in rendered.passengers.iter().zip(&travellers) {
            let found = [
                one.kept_ticket_fee,
                one.kept_taxes,
                one.used_value,
                one.kept_change_fee,
                one.kept_upgrade_fee,
            ];
            prop_assert_eq!(found.map(fen), *parts);
            let sum = parts.iter().any(Option::is_some).then(|| kept(parts));
            prop_assert_eq!(fen(one.fee), sum);
            prop_assert_eq!(fen(one.refund_amount), Some(*back));
        }
    }
}
