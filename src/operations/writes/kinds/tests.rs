use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;
use crate::domain::ids::{OrderId, OutOrderNo};
use crate::domain::money::Money;
use crate::domain::operation::{Baseline, DifferingField, Receipt, intent};
use crate::domain::order::{Order, OrderPassenger, OrderStatus};
use crate::domain::time::LocalTime;
use crate::domain::trip::Segment;
use crate::operations::reconcile::evidence::{Finding, Known, Observed};
use crate::operations::writes::perform::Write;

fn order(status: OrderStatus) -> Order {
    Order {
        order_id: OrderId::new(7).unwrap(),
        out_order_no: Some("T-1".into()),
        status,
        status_text: String::new(),
        seller: None,
        booked_at: None,
        pay_before: None,
        paid_at: None,
        payment_unclear: false,
        ticketed_at: None,
        total_price: Some(Money::parse("950.00").unwrap()),
        paid_price: None,
        trade_no: None,
        alipay_trade_no: None,
        passengers: Vec::new(),
        trip_type: None,
        journeys: Vec::new(),
    }
}

#[test]
fn the_kind_of_a_write_is_the_kind_of_its_intent() {
    fn check<W: Write<Intent: DeserializeOwned>>() {
        // The fields of all intents.
        let intent: W::Intent = serde_json::from_value(json!({
            "order_id": "7", "out_order_no": "T-1", "out_refund_no": "R-1", "out_change_no": "C-1",
            "change_order_no": "8", "total": "950.00", "max_total": null, "fee": "unknown",
            "refund_kind": "voluntary", "with_attachment": false, "passengers": [], "segments": [],
            "targets": [],
        }))
        .unwrap();
        let intent: Intent = intent.into();
        assert_eq!(intent.kind(), W::KIND);
    }
    check::<book::Book>();
    check::<pay::Pay>();
    check::<close::Close>();
    check::<refund::Refund>();
    check::<change::MakeChange>();
    check::<change_pay::PayChange>();
    check::<change_cancel::CancelChange>();
}

/// The finding if the journal contains no other operation.
fn judged(intent: &Intent, baseline: &Baseline, observed: &Observed<'_>) -> Finding {
    effect(intent).judge(&known(baseline, false), observed)
}

fn known(baseline: &Baseline, paid_by_message: bool) -> Known<'_> {
    Known {
        baseline,
        created_by_others: &[],
        made: None,
        by_number_only: false,
        paid_by_message,
        not_before: LocalTime::parse_wire("2030-05-01 09:50:00").ok(),
    }
}

fn pay() -> Intent {
    Intent::Pay(intent::Pay {
        order_id: OrderId::new(7).unwrap(),
        total: Money::parse("950.00").unwrap(),
    })
}

fn close() -> Intent {
    Intent::Close(intent::Close {
        order_id: OrderId::new(7).unwrap(),
    })
}

fn word(intent: &Intent, order: &Order) -> &'static str {
    judged(intent, &Baseline::default(), &Observed::Order(order)).word()
}

#[test]
fn order_statuses_decide_as_listed() {
    for (status, paid, closed) in [
        (OrderStatus::Creating, "inconclusive", "inconclusive"),
        (OrderStatus::Booked, "not_happened", "not_happened"),
        (OrderStatus::Paid, "happened", "refuted"),
        (OrderStatus::Ticketing, "happened", "refuted"),
        (OrderStatus::Ticketed, "happened", "refuted"),
        (OrderStatus::Closed, "refuted", "happened"),
        (OrderStatus::Failed, "inconclusive", "inconclusive"),
        (OrderStatus::Other, "inconclusive", "inconclusive"),
    ] {
        assert_eq!(word(&pay(), &order(status)), paid, "pay {status:?}");
        assert_eq!(word(&close(), &order(status)), closed, "close {status:?}");
    }
}

#[test]
fn law_4_a_message_is_evidence_of_payment_and_a_read_that_contradicts_it_proves_nothing() {
    let baseline = Baseline::default();
    let known = known(&baseline, true);
    for (status, clear, doubtful) in [
        (OrderStatus::Creating, "happened", "happened"),
        (OrderStatus::Booked, "inconclusive", "happened"),
        (OrderStatus::Paid, "happened", "happened"),
        (OrderStatus::Closed, "inconclusive", "happened"),
        (OrderStatus::Failed, "happened", "happened"),
        (OrderStatus::Other, "happened", "happened"),
    ] {
        let mut order = order(status);
        for expected in [clear, doubtful] {
            let finding = effect(&pay()).judge(&known, &Observed::Order(&order));
            assert_eq!(
                finding.word(),
                expected,
                "{status:?} {}",
                order.payment_unclear
            );
            // A message about the payment says nothing about a close.
            let closed = effect(&close()).judge(&known, &Observed::Order(&order));
            assert_eq!(
                closed,
                judged(&close(), &baseline, &Observed::Order(&order))
            );
            order.payment_unclear = true;
        }
    }
    let nothing = effect(&pay()).judge(&known, &Observed::Nothing("no response"));
    assert_eq!(nothing.word(), "inconclusive");
}

#[test]
fn law_7_payment_fields_override_the_status_and_a_trade_number_is_not_payment() {
    let mut paid = order(OrderStatus::Booked);
    paid.paid_at = LocalTime::parse_wire("2030-05-01 10:05:00").ok();
    assert_eq!(word(&pay(), &paid), "happened");
    let mut paid = order(OrderStatus::Closed);
    paid.paid_price = Money::parse("950.00").ok();
    assert_eq!(word(&pay(), &paid), "happened");
    assert_eq!(word(&close(), &paid), "refuted");
    let mut numbered = order(OrderStatus::Booked);
    numbered.trade_no = Some("2030050100000000000001".into());
    numbered.paid_price = Some(Money::ZERO);
    assert_eq!(word(&pay(), &numbered), "not_happened");
}

#[test]
fn law_7_an_implausible_time_of_payment_is_inconclusive() {
    for status in [
        OrderStatus::Creating,
        OrderStatus::Booked,
        OrderStatus::Closed,
        OrderStatus::Failed,
        OrderStatus::Other,
    ] {
        let mut doubtful = order(status);
        doubtful.payment_unclear = true;
        assert_eq!(word(&pay(), &doubtful), "inconclusive", "{status:?}");
        assert_eq!(word(&close(), &doubtful), "inconclusive", "{status:?}");
        // A paid amount is still evidence.
        doubtful.paid_price = Money::parse("950.00").ok();
        assert_eq!(word(&pay(), &doubtful), "happened", "{status:?}");
    }
    let mut later = order(OrderStatus::Ticketed);
    later.payment_unclear = true;
    assert_eq!(word(&pay(), &later), "happened");
}

#[test]
fn law_7_evidence_must_be_ours() {
    let mut foreign = order(OrderStatus::Ticketed);
    foreign.order_id = OrderId::new(8).unwrap();
    assert_eq!(word(&pay(), &foreign), "inconclusive");
    assert_eq!(word(&close(), &foreign), "inconclusive");

    let book = |reference: &str, total: &str, segments: Vec<String>| {
        Intent::Book(intent::Book {
            out_order_no: reference.parse::<OutOrderNo>().unwrap(),
            total: Money::parse(total).unwrap(),
            segments,
            passengers: Vec::new(),
            rules: None,
        })
    };
    let found = order(OrderStatus::Booked);
    assert_eq!(word(&book("T-1", "950.00", vec![]), &found), "happened");
    assert_eq!(word(&book("T-2", "950.00", vec![]), &found), "inconclusive");
}

/// An order on the flight of the documented example: CZ8957, 2030-05-20T08:45.
fn found() -> Order {
    let booking = include_str!("../../../../openapi/examples/booking.json");
    let mut booking: serde_json::Value = serde_json::from_str(booking).unwrap();
    let traveller = OrderPassenger {
        passenger_id: None,
        name: None,
        kind: None,
        document: None,
        birth_date: None,
        mobile_country_code: None,
        mobile: None,
        fare: None,
        cabins: Vec::new(),
        tickets: Vec::new(),
    };
    Order {
        booked_at: LocalTime::parse_wire("2030-05-01 10:00:00").ok(),
        passengers: vec![traveller],
        journeys: serde_json::from_value(booking["offer"]["journeys"].take()).unwrap(),
        ..order(OrderStatus::Booked)
    }
}

fn book() -> Intent {
    Intent::Book(intent::Book {
        out_order_no: "T-1".parse().unwrap(),
        total: Money::parse("950.00").unwrap(),
        segments: vec!["CZ8957@2030-05-20T08:45".into()],
        passengers: vec![format!("psg_{:032x}", 1).parse().unwrap()],
        rules: None,
    })
}

fn booked_as(order: &Order) -> Finding {
    judged(&book(), &Baseline::default(), &Observed::Order(order))
}

#[test]
fn an_order_has_the_travellers_of_its_booking_unless_it_is_another_trip() {
    let travellers = |order: &Order| match booked_as(order).with_travellers_of(&book()).receipt() {
        Some(Receipt::Order(receipt)) => receipt.passenger_ids,
        other => panic!("{other:?}"),
    };
    // Fliggy does not report the documents of the passengers.
    let mut order = found();
    assert_eq!(travellers(&order), book().travellers());
    order.total_price = Money::parse("951.00").ok();
    assert_eq!(travellers(&order), book().travellers());
    // Another passenger on another flight.
    let other = format!("psg_{:032x}", 2).parse().ok();
    order.passengers[0].passenger_id.clone_from(&other);
    let flight = &mut order.journeys[0].segments[0];
    flight.marketing_flight_no = "CZ8959".parse().unwrap();
    flight.operating_flight_no = None;
    assert_eq!(travellers(&order), [other.unwrap()]);
    let mut order = found();
    order.passengers.push(order.passengers[0].clone());
    assert_eq!(travellers(&order), []);
}

#[test]
fn law_7_an_order_under_our_reference_is_found_with_its_differences() {
    assert_eq!(booked_as(&found()).word(), "happened");
    let flight = |order: &mut Order, edit: fn(&mut Segment)| {
        edit(&mut order.journeys[0].segments[0]);
    };
    let time = |text: &str| LocalTime::parse_wire(text).unwrap();
    for (field, edit) in [
        (
            DifferingField::TotalPrice,
            &(|o: &mut Order| o.total_price = Money::parse("951.00").ok()) as &dyn Fn(&mut Order),
        ),
        (DifferingField::DepartureTime, &|o| {
            o.journeys[0].segments[0].departure_time = time("2030-05-20 08:46:00");
        }),
        (DifferingField::DepartureDate, &|o| {
            o.journeys[0].segments[0].departure_time = time("2030-05-21 08:45:00");
        }),
        (DifferingField::FlightNo, &|o| {
            flight(o, |s| {
                s.marketing_flight_no = "CZ8959".parse().unwrap();
                s.operating_flight_no = Some("CZ8959".into());
            });
        }),
        (DifferingField::FlightCount, &|o| {
            let again = o.journeys[0].segments[0].clone();
            o.journeys[0].segments.push(again);
        }),
        (DifferingField::PassengerCount, &|o| {
            let again = o.passengers[0].clone();
            o.passengers.push(again);
        }),
    ] {
        let mut order = found();
        edit(&mut order);
        let finding = booked_as(&order);
        let fields: Vec<_> = finding.differences().iter().map(|d| d.field).collect();
        assert_eq!(fields, [field], "{finding:?}");
        assert!(finding.receipt().is_some());
        // Without a booking time, the order may be older than the operation.
        order.booked_at = None;
        assert_eq!(booked_as(&order).word(), "inconclusive", "{field:?}");
        order.booked_at = LocalTime::parse_wire("2030-05-01 09:49:59").ok();
        assert_eq!(booked_as(&order).word(), "inconclusive", "{field:?}");
    }
    // A codeshare flight: another marketing number, and the requested operating number.
    let mut shared = found();
    flight(&mut shared, |s| {
        s.marketing_flight_no = "MF4444".parse().unwrap();
        s.operating_flight_no = Some("CZ8957".into());
    });
    assert_eq!(booked_as(&shared).word(), "happened");
    let mut older = found();
    older.booked_at = LocalTime::parse_wire("2030-05-01 09:49:59").ok();
    assert_eq!(booked_as(&older).word(), "inconclusive");
}

#[test]
fn law_7_an_order_with_a_missing_field_proves_nothing() {
    for edit in [
        |o: &mut Order| o.total_price = None,
        |o: &mut Order| o.passengers.clear(),
        |o: &mut Order| o.journeys.clear(),
        |o: &mut Order| o.status = OrderStatus::Failed,
    ] {
        let mut order = found();
        edit(&mut order);
        assert_eq!(booked_as(&order).word(), "inconclusive", "{order:?}");
        // A difference in another field does not make the finding conclusive either.
        order.total_price = order.total_price.and(Money::parse("951.00").ok());
        assert_eq!(booked_as(&order).word(), "inconclusive", "{order:?}");
    }
}

#[test]
fn law_7_another_paid_amount_is_a_difference() {
    let mut paid = order(OrderStatus::Paid);
    paid.paid_price = Money::parse("951.00").ok();
    let finding = judged(&pay(), &Baseline::default(), &Observed::Order(&paid));
    let [difference] = finding.differences() else {
        panic!("{finding:?}");
    };
    assert_eq!(difference.field, DifferingField::PaidPrice);
    assert_eq!(
        (&*difference.expected, &*difference.found),
        ("950.00", "951.00")
    );
}

#[test]
fn law_5_inconclusive_lookups_do_not_count() {
    for intent in [pay(), close()] {
        let finding = judged(
            &intent,
            &Baseline::default(),
            &Observed::Nothing("an error"),
        );
        assert_eq!(finding.word(), "inconclusive");
        // The order existed when the operation began, so its absence is not evidence.
        assert_eq!(
            judged(&intent, &Baseline::default(), &Observed::Absent).word(),
            "inconclusive"
        );
    }
}

mod after_sales {
    use super::{effect, intent, judged};
    use crate::domain::change::{
        Change, ChangeList, ChangePassenger, ChangeStatus, ChangedSegment,
    };
    use crate::domain::ids::{ChangeOrderNo, OrderId, PassengerId, RefundOrderNo};
    use crate::domain::money::Money;
    use crate::domain::operation::{Baseline, Intent, Receipt};
    use crate::domain::refund::{
        Refund, RefundFee, RefundKind, RefundList, RefundPassenger, RefundStatus,
    };
    use crate::operations::reconcile::evidence::{Finding, Known, Observed};

    fn passenger(n: u8) -> PassengerId {
        format!("psg_{n:032x}").parse().unwrap()
    }

    fn refund(passengers: &[u8]) -> Intent {
        Intent::Refund(intent::Refund {
            order_id: OrderId::new(7).unwrap(),
            out_refund_no: "R-1".parse().unwrap(),
            refund_kind: RefundKind::FlightChanged,
            passengers: passengers.iter().copied().map(passenger).collect(),
            fee: RefundFee::Unknown,
            with_attachment: false,
        })
    }

    fn refund_row(number: u64, reference: Option<&str>, passengers: &[Option<u8>]) -> Refund {
        Refund {
            refund_order_no: RefundOrderNo::new(number).unwrap(),
            order_id: None,
            out_refund_no: reference.map(str::to_owned),
            kind: None,
            kind_code: None,
            status: RefundStatus::Rejected,
            status_code: Some(2),
            supplementary: None,
            fee: None,
            refund_amount: None,
            applied_at: None,
            refunded_at: None,
            reason: None,
            rejected_because: None,
            trade_no: None,
            passengers: passengers
                .iter()
                .map(|n| RefundPassenger {
                    passenger_id: n.map(passenger),
                    ..RefundPassenger::default()
                })
                .collect(),
            segments: Vec::new(),
            attachments: Vec::new(),
            attachment_awaited: Some(false),
        }
    }

    /// The baseline of an order of three passengers with these refunds or changes.
    fn baseline(numbers: &[u64]) -> Baseline {
        Baseline {
            numbers: numbers.to_vec(),
            travellers: [1, 2, 3].map(passenger).into(),
        }
    }

    fn finding_for(passengers: &[u8], before: &[u64], refunds: Vec<Refund>) -> Finding {
        let list = RefundList {
            refunds,
            dropped: 0,
        };
        judged(
            &refund(passengers),
            &baseline(before),
            &Observed::Refunds(&list),
        )
    }

    #[test]
    fn law_7_only_a_new_refund_of_ours_is_found() {
        let (a, b) = (Some(1), Some(2));
        for (rows, expected) in [
            (vec![], "not_happened"),
            // Our number, whatever the status of the application.
            (vec![refund_row(2, Some("R-1"), &[])], "happened"),
            // Our number in the baseline: the refund is older than the operation.
            (vec![refund_row(1, Some("R-1"), &[a])], "not_happened"),
            // No number: the passengers decide.
            (vec![refund_row(2, None, &[a])], "happened"),
            (vec![refund_row(2, None, &[b])], "not_happened"),
            (vec![refund_row(2, None, &[a, b])], "inconclusive"),
            (vec![refund_row(2, None, &[None])], "inconclusive"),
            (vec![refund_row(2, None, &[])], "inconclusive"),
            // Not a passenger of the order: a masked document identifies no passenger.
            (vec![refund_row(2, None, &[Some(9)])], "inconclusive"),
            (vec![refund_row(2, None, &[b, Some(9)])], "inconclusive"),
            // Another number: not ours for other passengers, unclear for ours.
            (vec![refund_row(2, Some("R-2"), &[b])], "not_happened"),
            (vec![refund_row(2, Some("R-2"), &[a])], "inconclusive"),
            // Two candidates.
            (
                vec![refund_row(2, None, &[a]), refund_row(3, None, &[a])],
                "inconclusive",
            ),
            // A match by passengers next to an unclear refund.
            (
                vec![refund_row(2, None, &[a]), refund_row(3, None, &[None])],
                "inconclusive",
            ),
            // A match by number next to an unclear refund.
            (
                vec![
                    refund_row(2, None, &[None]),
                    refund_row(3, Some("R-1"), &[]),
                ],
                "happened",
            ),
        ] {
            let finding = finding_for(&[1], &[1], rows.clone());
            assert_eq!(finding.word(), expected, "{rows:?}");
        }
    }

    #[test]
    fn law_7_an_object_of_another_operation_is_never_ours() {
        let words = |numbers: [Option<&str>; 2], created_by_others: &[u64], by_number_only| {
            let [refund_no, change_no] = numbers;
            let refunds = RefundList {
                refunds: vec![refund_row(7, refund_no, &[Some(1)])],
                dropped: 0,
            };
            let changes = ChangeList {
                changes: vec![change(7, change_no, &[1], None)],
                dropped: 0,
            };
            let known = Known {
                baseline: &baseline(&[]),
                created_by_others,
                made: None,
                by_number_only,
                paid_by_message: false,
                not_before: None,
            };
            [
                effect(&refund(&[1])).judge(&known, &Observed::Refunds(&refunds)),
                effect(&change_intent(&[1])).judge(&known, &Observed::Changes(&changes)),
            ]
            .map(|finding| finding.word())
        };
        let (unnumbered, ours) = ([None, None], [Some("R-1"), Some("C-1")]);
        // Without a number, the passengers decide, unless the journal attributes the object to another operation.
        assert_eq!(words(unnumbered, &[], false), ["happened"; 2]);
        assert_eq!(words(unnumbered, &[7], false), ["not_happened"; 2]);
        assert_eq!(words(unnumbered, &[8], false), ["happened"; 2]);
        // After a later operation for the same passengers, only the number decides.
        assert_eq!(words(unnumbered, &[], true), ["inconclusive"; 2]);
        assert_eq!(words(ours, &[], true), ["happened"; 2]);
        assert_eq!(words(ours, &[7], true), ["not_happened"; 2]);
    }

    #[test]
    fn a_row_of_another_order_proves_neither_presence_nor_absence() {
        let mut row = refund_row(2, None, &[Some(1)]);
        row.order_id = OrderId::new(987);
        let finding = finding_for(&[1], &[], vec![row]);
        assert_eq!(finding.word(), "inconclusive");
    }

    #[test]
    fn a_supplementary_refund_is_not_the_application() {
        let mut row = refund_row(2, None, &[Some(1)]);
        row.supplementary = Some(true);
        // The original refund may be ours.
        assert_eq!(
            finding_for(&[1], &[], vec![row.clone()]).word(),
            "inconclusive"
        );
        row.out_refund_no = Some("R-1".into());
        assert_eq!(
            finding_for(&[1], &[1], vec![row.clone()]).word(),
            "inconclusive"
        );
        let first = refund_row(3, Some("R-1"), &[]);
        let finding = finding_for(&[1], &[1], vec![row, first]);
        let Some(Receipt::Refund(receipt)) = finding.receipt() else {
            panic!("{finding:?}");
        };
        assert_eq!(receipt.refund_order_no.get(), 3);
    }

    #[test]
    fn a_list_with_unreadable_rows_does_not_prove_absence() {
        let list = RefundList {
            refunds: Vec::new(),
            dropped: 1,
        };
        let finding = judged(
            &refund(&[1]),
            &Baseline::default(),
            &Observed::Refunds(&list),
        );
        assert_eq!(finding.word(), "inconclusive");
        let list = ChangeList {
            changes: Vec::new(),
            dropped: 1,
        };
        let finding = judged(
            &change_intent(&[1]),
            &Baseline::default(),
            &Observed::Changes(&list),
        );
        assert_eq!(finding.word(), "inconclusive");
    }

    #[test]
    fn a_found_refund_has_its_status_and_awaits_an_attachment() {
        let mut row = refund_row(2, Some("R-1"), &[]);
        row.status = RefundStatus::Applied;
        let finding = finding_for(&[1], &[], vec![row]);
        let Some(Receipt::Refund(receipt)) = finding.receipt() else {
            panic!("{finding:?}");
        };
        assert_eq!(receipt.kind, RefundKind::FlightChanged);
        assert!(receipt.attachment_awaited);
        assert_eq!(finding.sentence(), "found: the refund is applied");
    }

    fn change_intent(passengers: &[u8]) -> Intent {
        Intent::Change(intent::Change {
            order_id: OrderId::new(7).unwrap(),
            out_change_no: "C-1".parse().unwrap(),
            passengers: passengers.iter().copied().map(passenger).collect(),
            targets: vec!["CZ8959@2030-05-21T08:45".into()],
            max_total: Some(Money::parse("40").unwrap()),
        })
    }

    fn change(
        number: u64,
        reference: Option<&str>,
        passengers: &[u8],
        flight: Option<&str>,
    ) -> Change {
        Change {
            change_order_no: ChangeOrderNo::new(number).unwrap(),
            order_id: None,
            out_change_no: reference.map(str::to_owned),
            status: ChangeStatus::AwaitingPayment,
            status_code: 2,
            kind: None,
            total_price: Some(Money::parse("40.01").unwrap()),
            created_at: None,
            pay_before: None,
            paid_at: None,
            payment_unclear: false,
            trade_no: None,
            close_reason: None,
            passengers: passengers
                .iter()
                .map(|n| ChangePassenger {
                    passenger_id: Some(passenger(*n)),
                    ..ChangePassenger::default()
                })
                .collect(),
            original_segments: Vec::new(),
            segments: flight
                .map(|flight| ChangedSegment {
                    replaces: None,
                    marketing_flight_no: flight.parse().ok(),
                    operating_flight_no: None,
                    departure_city: None,
                    arrival_city: None,
                    departure_airport: None,
                    arrival_airport: None,
                    departure_time: "2030-05-21T08:45:00+08:00".parse().ok(),
                    arrival_time: None,
                    cabin: None,
                    cabin_class: None,
                })
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn law_7_only_a_new_change_of_ours_is_found() {
        for (rows, expected) in [
            (vec![], "not_happened"),
            (vec![change(2, Some("C-1"), &[], None)], "happened"),
            (vec![change(1, Some("C-1"), &[1], None)], "not_happened"),
            (vec![change(2, None, &[1], None)], "happened"),
            (vec![change(2, None, &[1], Some("CZ8959"))], "happened"),
            // The passengers are ours, but the flight is not.
            (vec![change(2, None, &[1], Some("MU5101"))], "inconclusive"),
            (vec![change(2, None, &[2], None)], "not_happened"),
            (vec![change(2, Some("C-2"), &[1], None)], "inconclusive"),
        ] {
            let list = ChangeList {
                changes: rows.clone(),
                dropped: 0,
            };
            let finding = judged(
                &change_intent(&[1]),
                &baseline(&[1]),
                &Observed::Changes(&list),
            );
            assert_eq!(finding.word(), expected, "{rows:?}");
        }
        let list = ChangeList {
            changes: vec![change(2, Some("C-1"), &[1], None)],
            dropped: 0,
        };
        let finding = judged(
            &change_intent(&[1]),
            &Baseline::default(),
            &Observed::Changes(&list),
        );
        let Some(Receipt::Change(receipt)) = finding.receipt() else {
            panic!("{finding:?}");
        };
        assert_eq!(receipt.fee_above_limit, Some(true));
    }

    #[test]
    fn change_statuses_decide_as_listed() {
        let number = ChangeOrderNo::new(2).unwrap();
        let pay = Intent::ChangePay(intent::ChangePay {
            change_order_no: number,
            total: Money::ZERO,
        });
        let cancel = Intent::ChangeCancel(intent::ChangeCancel {
            change_order_no: number,
        });
        for (status, paid, cancelled) in [
            (ChangeStatus::Submitted, "inconclusive", "not_happened"),
            (
                ChangeStatus::AwaitingPayment,
                "not_happened",
                "not_happened",
            ),
            (ChangeStatus::AwaitingTicketing, "happened", "refuted"),
            (ChangeStatus::Closed, "refuted", "happened"),
            (ChangeStatus::Ticketed, "happened", "refuted"),
            (ChangeStatus::Other, "inconclusive", "inconclusive"),
        ] {
            let mut found = change(2, None, &[1], None);
            found.status = status;
            let word =
                |intent| judged(intent, &Baseline::default(), &Observed::Change(&found)).word();
            assert_eq!(word(&pay), paid, "{status:?}");
            assert_eq!(word(&cancel), cancelled, "{status:?}");
            // A time of payment overrides every status.
            found.paid_at = "2030-05-02T10:05:00+08:00".parse().ok();
            let word =
                |intent| judged(intent, &Baseline::default(), &Observed::Change(&found)).word();
            assert_eq!(word(&pay), "happened", "{status:?}");
            assert_eq!(word(&cancel), "refuted", "{status:?}");
        }
        // A trade number alone does not prove payment, and on a closed change it leaves the payment open.
        let mut numbered = change(2, None, &[1], None);
        numbered.trade_no = Some("2030".into());
        let word =
            |found: &Change| judged(&pay, &Baseline::default(), &Observed::Change(found)).word();
        assert_eq!(word(&numbered), "not_happened");
        numbered.status = ChangeStatus::Closed;
        assert_eq!(word(&numbered), "inconclusive");
        // Unless a message reports the payment.
        let baseline = Baseline::default();
        let told = |found: &Change| {
            let known = super::known(&baseline, true);
            effect(&pay).judge(&known, &Observed::Change(found)).word()
        };
        assert_eq!(told(&numbered), "happened");
        numbered.status = ChangeStatus::AwaitingPayment;
        assert_eq!(told(&numbered), "inconclusive");
        let foreign = change(3, None, &[1], None);
        assert_eq!(word(&foreign), "inconclusive");
    }

    #[test]
    fn law_5_a_read_of_another_kind_of_object_does_not_count() {
        let list = RefundList {
            refunds: Vec::new(),
            dropped: 0,
        };
        for intent in [change_intent(&[1]), refund(&[1])] {
            for observed in [Observed::Absent, Observed::Nothing("an error")] {
                assert_eq!(
                    judged(&intent, &Baseline::default(), &observed).word(),
                    "inconclusive"
                );
            }
        }
        assert_eq!(
            judged(
                &change_intent(&[1]),
                &Baseline::default(),
                &Observed::Refunds(&list)
            )
            .word(),
            "inconclusive"
        );
    }
}
