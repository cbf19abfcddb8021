//! Every fault on every write after ticketing: the effect of the write, and what lookups then show.

use fliggy_gateway::simulator::{Fault, Op};
use serde_json::{Value, json};

use crate::after_sales::{Ticketed, cents};
use crate::client::{Top, json_of, start_on_clock};
use crate::faults::{Seen, see};
use crate::uploads;

const WRITES: [Op; 5] = [
    Op::RefundCreate,
    Op::Upload,
    Op::ChangeCreate,
    Op::ChangePay,
    Op::ChangeCancel,
];

fn word(fault: Fault) -> String {
    let word = serde_json::to_value(fault).unwrap();
    word.as_str().unwrap().to_owned()
}

/// A write that is ready to be sent, with its own order.
struct Ready {
    op: Op,
    order: Ticketed,
    /// The change to pay or cancel.
    change: Value,
    input: Value,
}

impl Ready {
    async fn new(top: &Top, offer: &Value, op: Op, name: &str) -> Self {
        let number = format!("{name}.{}", op.as_str());
        let order = top.ticketed_on(offer, &number, 1).await;
        let mut change = Value::Null;
        let input = match op {
            Op::RefundCreate => {
                let fee = top.render(&order.refund(1)).await["all_refund_fee"].clone();
                order.application(&number, 1, &fee)
            }
            Op::ChangeCreate => order.change(&number),
            Op::ChangePay | Op::ChangeCancel => {
                let created = top.change(&order.change(&number)).await;
                change = created["change_order_no"].clone();
                match op {
                    Op::ChangePay => json!({
                        "change_order_no": change, "total_amount": created["total_amount"],
                    }),
                    _ => json!({"change_order_no": change}),
                }
            }
            _ => Value::Null,
        };
        Self {
            op,
            order,
            change,
            input,
        }
    }

    async fn send(&self, top: &Top) -> reqwest::Result<reqwest::Response> {
        let (method, param) = match self.op {
            Op::RefundCreate => ("refund.create", "create_refund_request"),
            Op::ChangeCreate => ("change.order.create", "create_change_order_request"),
            Op::ChangePay => ("change.order.pay", "pay_change_order_request"),
            Op::ChangeCancel => ("change.order.cancel", "cancel_change_order_request"),
            _ => {
                let part = reqwest::multipart::Part::bytes(vec![1]).file_name("a.png");
                let form = uploads::form(&uploads::params(top, Some(self.order.id)));
                return uploads::send(top, form.part("file_content", part)).await;
            }
        };
        top.raw(method, param, &self.input).await
    }

    /// The members of the response's root.
    async fn answer(&self, top: &Top) -> Value {
        let body = json_of(self.send(top).await.unwrap()).await;
        let (_, root) = body.as_object().unwrap().iter().next().unwrap();
        root.clone()
    }

    async fn fault(&self, top: &Top, fault: Fault, more: Value) {
        let mut rule = json!({
            "method": self.op, "fault": fault, "match": {"order_id": self.order.id.to_string()},
        });
        let more = more.as_object().cloned().unwrap_or_default();
        rule.as_object_mut().unwrap().extend(more);
        top.fault(rule).await;
    }

    /// How often the ledger counts the effect of this write.
    async fn effects(&self, top: &Top) -> u64 {
        let id = self.order.id;
        let list = |items: Value| items["items"].as_array().unwrap().clone();
        match self.op {
            Op::RefundCreate => {
                let created = list(top.get(&format!("refunds?order_id={id}")).await).len() as u64;
                assert_eq!(top.effects(&self.order.number).await["refund"], created);
                created
            }
            Op::ChangeCreate => {
                let created = list(top.get(&format!("changes?order_id={id}")).await).len() as u64;
                assert_eq!(top.effects(&self.order.number).await["change"], created);
                created
            }
            Op::ChangePay | Op::ChangeCancel => {
                let changes = list(top.get(&format!("changes?order_id={id}")).await);
                let effects = &changes[0]["effects"];
                let (pay, cancel) = (&effects["pay"], &effects["cancel"]);
                let (done, other, status) = match self.op {
                    Op::ChangePay => (pay, cancel, 3),
                    _ => (cancel, pay, 4),
                };
                assert_eq!(*other, 0);
                let status = if *done == 1 { status } else { 2 };
                assert_eq!(changes[0]["status"], status);
                done.as_u64().unwrap()
            }
            _ => {
                let files = list(top.get("files").await);
                let id = id.to_string();
                let mine = |file: &&Value| file["order_id"] == id.as_str();
                files.iter().filter(mine).count() as u64
            }
        }
    }
}

/// The documented exception to `has_effect`: under `price_jump`, a write whose price is checked is
/// refused.
fn has_effect(fault: Fault, op: Op) -> bool {
    let checks_price = matches!(op, Op::RefundCreate | Op::ChangePay);
    fault.has_effect() && !(fault == Fault::PriceJump && checks_price)
}

#[tokio::test]
async fn every_fault_of_every_write_has_its_effect() {
    let (top, _clock) = start_on_clock().await;
    let offer = top.offers().await[0].clone();
    for fault in Fault::ALL {
        for op in WRITES {
            let ready = Ready::new(&top, &offer, op, &word(fault)).await;
            let more = match fault {
                Fault::Slow => json!({"delay_ms": 20}),
                _ => json!({}),
            };
            ready.fault(&top, fault, more).await;
            let seen = see(ready.send(&top).await).await;
            let what = format!("{fault:?} of {op:?}");
            let effects = u64::from(has_effect(fault, op));
            let counts = top.counts(&ready.order.number, op.as_str()).await;
            assert_eq!(counts, (1, effects), "{what}");
            assert_eq!(ready.effects(&top).await, effects, "{what}");
            let success = match &seen {
                Seen::Body(200, body) => body.contains("\"is_success\":true"),
                Seen::Body(..) | Seen::Broken | Seen::Nothing => false,
            };
            let expected = match fault {
                Fault::SuccessWithoutEffect
                | Fault::WrongReference
                | Fault::AnotherOrder
                | Fault::Slow
                | Fault::HugeAnswer
                | Fault::UnknownStatus
                | Fault::CalculateFailed
                | Fault::FeesLater => true,
                Fault::PriceJump => effects == 1,
                // The first half of the response may or may not contain the member.
                Fault::CutJson => success,
                _ => false,
            };
            assert_eq!(success, expected, "{what}");
        }
    }
}

#[tokio::test]
async fn a_magic_order_number_applies_its_fault_to_writes_on_its_order() {
    let (top, _clock) = start_on_clock().await;
    let number =
        "sim.refund.timeout_done.change_pay.reset_after.change_query.lookup_not_found_once.1";
    let order = top.ticketed(number, 2).await;
    let created = top.change(&order.change("M-1")).await;
    let change = &created["change_order_no"];
    let pay = json!({"change_order_no": change, "total_amount": created["total_amount"]});
    let seen = see(top
        .raw("change.order.pay", "pay_change_order_request", &pay)
        .await)
    .await;
    assert_eq!(seen, Seen::Nothing);
    let query = json!({"change_order_no": change});
    assert_eq!(top.changes(query.clone()).await, Vec::<Value>::new());
    assert_eq!(top.changes(query).await[0]["status"], 3);
    assert_eq!(top.counts(number, "change_pay").await, (1, 1));

    let mut input = order.application("M-2", 1, &Value::Null);
    input["passenger_list"] = json!([order.passenger(1)]);
    let mut quote = input.clone();
    for name in ["out_refund_no", "all_refund_fee"] {
        quote.as_object_mut().unwrap().remove(name);
    }
    input["all_refund_fee"] = top.render(&quote).await["all_refund_fee"].clone();
    assert_eq!(top.refund(&input).await["code"], 15);
    assert_eq!(top.refunds(order.id).await[0]["out_refund_no"], "M-2");
    let calls = top
        .get(&format!("calls?order_id={}&method=change_pay", order.id))
        .await;
    assert_eq!(calls["items"][0]["fault"], "reset_after");
}

#[tokio::test]
async fn a_late_effect_is_hidden_from_lookups() {
    let (top, clock) = start_on_clock().await;
    let offer = top.offers().await[0].clone();
    let refund = Ready::new(&top, &offer, Op::RefundCreate, "late").await;
    refund
        .fault(&top, Fault::LateVisibility, json!({"lookups": 2}))
        .await;
    assert!(matches!(
        see(refund.send(&top).await).await,
        Seen::Body(502, _)
    ));
    let row = top.get("refunds").await["items"][0].clone();
    let number: Value = serde_json::from_str(row["refund_order_no"].as_str().unwrap()).unwrap();
    assert_eq!(top.refunds(refund.order.id).await.len(), 0);
    let missing = top.refund_detail(&number).await;
    assert_eq!(missing["error_code_info"], "isv.REFUND_NOT_EXIST");
    assert_eq!(top.refunds(refund.order.id).await.len(), 1);

    let create = Ready::new(&top, &offer, Op::ChangeCreate, "late").await;
    create.fault(&top, Fault::LateVisibility, json!({})).await;
    assert!(matches!(
        see(create.send(&top).await).await,
        Seen::Body(502, _)
    ));
    let by_order = json!({"order_id": create.order.id});
    assert_eq!(top.changes(by_order.clone()).await.len(), 0);
    clock.advance_steady(std::time::Duration::from_secs(600));
    assert_eq!(top.changes(by_order).await.len(), 1);

    for op in [Op::ChangePay, Op::ChangeCancel] {
        let ready = Ready::new(&top, &offer, op, "late").await;
        ready
            .fault(&top, Fault::LateVisibility, json!({"lookups": 1}))
            .await;
        assert!(matches!(
            see(ready.send(&top).await).await,
            Seen::Body(502, _)
        ));
        let by_number = json!({"change_order_no": ready.change});
        let before = top.changes(by_number.clone()).await[0].clone();
        assert_eq!(before["status"], 2);
        assert!(before.get("pay_time").is_none());
        let after = top.changes(by_number).await[0]["status"].clone();
        assert_eq!(after, if op == Op::ChangePay { 3 } else { 4 });
    }
}

#[tokio::test]
async fn responses_can_contain_wrong_references_statuses_and_totals() {
    let (top, _clock) = start_on_clock().await;
    let offer = top.offers().await[0].clone();
    for (op, name) in [
        (Op::RefundCreate, "out_refund_no"),
        (Op::ChangeCreate, "out_change_no"),
        (Op::ChangePay, "change_order_no"),
        (Op::ChangeCancel, "change_order_no"),
    ] {
        let ready = Ready::new(&top, &offer, op, "other").await;
        ready.fault(&top, Fault::WrongReference, json!({})).await;
        let shown = ready.answer(&top).await[name].clone();
        assert!(!shown.is_null());
        assert_ne!(shown, ready.input[name], "{op:?}");
    }

    let unlisted = Ready::new(&top, &offer, Op::ChangeCancel, "unlisted").await;
    unlisted.fault(&top, Fault::UnknownStatus, json!({})).await;
    assert_eq!(unlisted.answer(&top).await["status"], 9);
    let query = json!({"order_id": unlisted.order.id});
    let row = top
        .raw("change.order.query", "query_change_order_request", &query)
        .await;
    assert!(
        json_of(row.unwrap())
            .await
            .to_string()
            .contains("\"status\":9")
    );
    let unlisted = Ready::new(&top, &offer, Op::RefundCreate, "unlisted").await;
    unlisted.fault(&top, Fault::UnknownStatus, json!({})).await;
    assert_eq!(unlisted.answer(&top).await["is_success"], true);
    let query = json!({"order_id": unlisted.order.id});
    let row = top
        .raw("refund.list", "query_refund_list_request", &query)
        .await;
    let row = json_of(row.unwrap()).await.to_string();
    assert!(row.contains("\"refund_order_status\":9"));

    let dearer = Ready::new(&top, &offer, Op::ChangeCreate, "dearer").await;
    let plain = Ready::new(&top, &offer, Op::ChangeCreate, "plain").await;
    dearer.fault(&top, Fault::PriceJump, json!({})).await;
    let (dearer, plain) = (dearer.answer(&top).await, plain.answer(&top).await);
    assert_eq!(
        cents(&dearer["total_amount"]),
        cents(&plain["total_amount"]) + 1_000
    );
    let pay = Ready::new(&top, &offer, Op::ChangePay, "dearer").await;
    pay.fault(&top, Fault::PriceJump, json!({})).await;
    assert_eq!(
        pay.answer(&top).await["error_code_info"],
        "isv.CHANGE_FEE_CHANGED"
    );
    let query = json!({"change_order_no": pay.change});
    let total = top.changes(query).await[0]["total_amount"].clone();
    assert_eq!(cents(&total), cents(&pay.input["total_amount"]) + 1_000);

    let refund = Ready::new(&top, &offer, Op::RefundCreate, "lookups").await;
    let created = refund.answer(&top).await;
    for (fault, expected) in [
        (
            "price_jump",
            json!(cents(&refund.input["all_refund_fee"]) + 1_000),
        ),
        ("wrong_reference", json!("lookups.refund_create-OTHER")),
        ("unknown_status", json!(9)),
    ] {
        for method in ["refund_list", "refund_detail"] {
            top.fault(json!({"method": method, "fault": fault})).await;
        }
        let list = json!({"order_id": refund.order.id});
        let list = top
            .raw("refund.list", "query_refund_list_request", &list)
            .await;
        let list = json_of(list.unwrap()).await;
        let list = &list["alitrip_flight_refund_list_response"]["refund_order_list"];
        let detail = json!({"refund_order_no": created["refund_order_no"]});
        let detail = top
            .raw("refund.detail", "query_refund_detail_request", &detail)
            .await;
        let detail = json_of(detail.unwrap()).await;
        for row in [
            &list["refund_order"][0],
            &detail["alitrip_flight_refund_detail_response"],
        ] {
            let found = match fault {
                "price_jump" => json!(cents(&row["all_refund_fee"])),
                "wrong_reference" => row["out_refund_no"].clone(),
                _ => row["refund_order_status"].clone(),
            };
            assert_eq!(found, expected);
        }
    }

    let order = top.ticketed_on(&offer, "dearer.render", 1).await;
    let fee = top.render(&order.refund(1)).await["all_refund_fee"].clone();
    top.fault(json!({"method": "refund_render", "fault": "price_jump"}))
        .await;
    let once = top.render(&order.refund(1)).await;
    assert_eq!(cents(&once["all_refund_fee"]), cents(&fee) + 1_000);
    assert_eq!(top.render(&order.refund(1)).await["all_refund_fee"], fee);
}

#[tokio::test]
async fn lookups_may_find_nothing_although_the_object_exists() {
    let (top, _clock) = start_on_clock().await;
    let offer = top.offers().await[0].clone();
    let refund = Ready::new(&top, &offer, Op::RefundCreate, "gone").await;
    let created = refund.answer(&top).await;
    for method in ["refund_list", "refund_detail", "flight_changes", "render"] {
        top.fault(json!({"method": method, "fault": "lookup_not_found"}))
            .await;
    }
    assert_eq!(top.refunds(refund.order.id).await.len(), 0);
    assert_eq!(top.refunds(refund.order.id).await.len(), 1);
    let missing = top.refund_detail(&created["refund_order_no"]).await;
    assert_eq!(missing["error_msg"], "退票单不存在");
    let missing = top.render(&refund.order.refund(1)).await;
    assert_eq!(missing["error_code_info"], "isv.ORDER_NOT_EXIST");
    let input = json!({"order_id": refund.order.id});
    let param = "query_flight_change_order_req";
    let empty = top.call("flightchange.order.query", param, &input).await;
    assert_eq!(empty["result"], json!({}));
    for (op, code) in [
        (Op::RefundCreate, "isv.REFUND_NOT_ALLOWED"),
        (Op::ChangeCreate, "isv.CHANGE_NOT_ALLOWED"),
        (Op::ChangePay, "isv.BALANCE_NOT_ENOUGH"),
        (Op::ChangeCancel, "isv.CHANGE_STATUS_NOT_ALLOWED"),
    ] {
        let ready = Ready::new(&top, &offer, op, "refused").await;
        ready.fault(&top, Fault::Refuse, json!({})).await;
        assert_eq!(ready.answer(&top).await["error_code_info"], code);
    }
}
