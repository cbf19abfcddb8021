use proptest::prelude::*;
use serde_json::json;

use super::super::tests::{build_from, fields, sample};
use super::super::{Override, Registry};
use super::*;

const PAY: &str = "alitrip.flight.service.pay";
const BOOK: &str = "alitrip.flight.service.airbook";

fn object(value: Value) -> Object {
    value.as_object().cloned().unwrap()
}

fn contract(method: &str) -> &'static MethodContract {
    Registry::embedded().method(method).unwrap()
}

/// The pointers of the fields that are refused before a request is built.
fn refused(overrides: Value, method: &str, extra: Value) -> Vec<String> {
    let overrides = build_from(overrides).unwrap();
    let contract = contract(method);
    let param = &contract.object_param().unwrap().name;
    let found = overrides.refused_extra(contract, param, &object(extra));
    found.into_iter().map(|v| v.pointer).collect()
}

#[test]
fn unknown_fields_are_added_to_the_objects_to_which_they_belong() {
    let overrides = json!([
        {"method": BOOK, "side": "request", "path": "create_order_request", "rename": "order"},
        {"method": BOOK, "side": "request", "path": "create_order_request.contact", "move": "who.contact"},
    ]);
    let overrides = build_from(overrides).unwrap();
    let ours = object(json!({"out_order_no": "A1", "contact": {"name": "x"}}));
    let extra = object(json!({"remark": [{"out_order_no": 1}], "contact": {"wechat": "y"}}));
    let wire = overrides
        .request_to_wire_with(contract(BOOK), "create_order_request", ours, &extra)
        .unwrap();
    assert_eq!(
        wire,
        json!({
            "order": {"out_order_no": "A1", "remark": [{"out_order_no": 1}]},
            "who": {"contact": {"name": "x", "wechat": "y"}},
        })
    );
}

#[test]
fn a_contract_field_is_refused_in_every_spelling_even_if_it_is_not_sent() {
    for name in [
        "order_id",
        "orderId",
        "ORDER_ID",
        "OrderID",
        "_order__id_",
        "order-id",
        "order_id ",
        "order_\u{131}d",
    ] {
        assert_eq!(
            refused(json!([]), PAY, json!({name: 7})),
            [format!("/extra/{name}")]
        );
    }
    // A payment sends the caller's order number only if Fliggy reported it.
    let contract = contract(PAY);
    let ours = object(json!({"order_id": 1, "total_price": 5}));
    let extra = object(json!({"outOrderNo": "B"}));
    let overrides = Overrides::default();
    let found = overrides
        .request_to_wire_with(contract, "pay_order_request", ours, &extra)
        .unwrap_err();
    assert_eq!(found[0].pointer, "/extra/outOrderNo");
    assert!(found[0].message.contains("`out_order_no`"), "{found:?}");
}

#[test]
fn every_name_that_an_override_creates_is_refused() {
    let overrides = json!([
        {"method": PAY, "side": "request", "path": "pay_order_request.order_id", "rename": "tid"},
        {"method": PAY, "side": "request", "path": "pay_order_request.total_price", "move": "pay_order_request.amount.total"},
        {"method": PAY, "side": "request", "path": "pay_order_request.out_order_no", "drop": true},
        {"method": PAY, "side": "request", "path": "pay_order_request.pay_type", "constant": 6},
    ]);
    let extra = json!({
        "TID": 1, "amount": {"total": 0.01}, "outOrderNo": "x", "payType": 1, "order_id": 2,
        "totalPrice": 1, "colour": "blue",
    });
    let mut found = refused(overrides, PAY, extra);
    found.sort();
    assert_eq!(
        found,
        [
            "/extra/TID",
            "/extra/amount",
            "/extra/order_id",
            "/extra/outOrderNo",
            "/extra/payType",
            "/extra/totalPrice",
        ]
    );
}

#[test]
fn only_an_object_that_is_always_sent_accepts_additional_fields() {
    for (extra, expected) in [
        (json!({"contact": {"wechat": 1}}), &[][..]),
        (
            json!({"contact": {"Name": 1, "a/b": 1}}),
            &["/extra/contact/Name"],
        ),
        (json!({"Contact": {"wechat": 1}}), &["/extra/Contact"]),
        (json!({"contact": "x"}), &["/extra/contact"]),
        (json!({"contact": null}), &["/extra/contact"]),
        (json!({"member_buyer": {"x": 1}}), &["/extra/member_buyer"]),
        (
            json!({"passenger_list": [{"x": 1}]}),
            &["/extra/passenger_list"],
        ),
        (
            json!({"passengerList": {"x": 1}}),
            &["/extra/passengerList"],
        ),
    ] {
        assert_eq!(refused(json!([]), BOOK, extra.clone()), expected, "{extra}");
    }
}

#[test]
fn fields_of_a_dropped_object_are_refused() {
    let overrides = json!([
        {"method": PAY, "side": "request", "path": "pay_order_request.order_id", "move": "order_id"},
        {"method": PAY, "side": "request", "path": "pay_order_request", "drop": true},
    ]);
    assert_eq!(refused(overrides, PAY, json!({"colour": 1})), ["/extra"]);
}

/// One override of a field, invertible or not.
fn override_of(method: &str, index: usize, path: &str, draw: u8) -> Value {
    let mut row = json!({"method": method, "side": "request", "path": path});
    let root = path.split('.').next().unwrap_or_default();
    let (key, what) = match draw % 7 {
        0 => ("rename", json!(format!("renamed_{index}"))),
        1 => ("rename", json!(format!("renamedField{index}"))),
        2 => ("move", json!(format!("moved.f{index}"))),
        3 => ("move", json!(format!("{root}.moved.f{index}"))),
        4 => ("constant", json!(index)),
        5 => ("drop", json!(true)),
        _ => ("type", json!("String")),
    };
    row[key] = what;
    row
}

/// A name for `extra`: one of ours, one that an override may create, or neither, in some spelling.
fn spelled(names: &[String], at: usize, spelling: u8) -> String {
    let name = &names[at % names.len()];
    match spelling % 4 {
        0 => name.clone(),
        1 => name.to_uppercase(),
        2 => name.replace('_', ""),
        _ => format!("_{name}"),
    }
}

/// Whether `wire` contains all of `ours` unchanged and no other field with one of our names.
fn keeps(ours: &Value, wire: &Value) -> bool {
    match (ours, wire) {
        (Value::Object(ours), Value::Object(wire)) => {
            let kept = |(name, value): (&String, &Value)| {
                wire.get(name).is_some_and(|now| keeps(value, now))
            };
            let shadows = |name: &String| {
                !ours.contains_key(name) && ours.keys().any(|own| folded(own) == folded(name))
            };
            ours.iter().all(kept) && !wire.keys().any(shadows)
        }
        (ours, wire) => ours == wire,
    }
}

proptest! {
    #[test]
    fn extra_never_changes_the_gateways_fields(
        which in 0..16_usize,
        draws in prop::collection::vec((any::<u16>(), any::<u8>()), 0..8),
        keys in prop::collection::vec((any::<u16>(), any::<u8>(), any::<u8>()), 1..8),
    ) {
        let method = Registry::embedded().methods().nth(which).unwrap();
        // An upload has no request object and accepts no `extra`.
        let Some(param) = method.object_param() else { return Ok(()) };
        let mut all = Vec::new();
        fields(&method.request, "", &mut all);
        let mut names: Vec<String> = all.iter().map(|(_, node)| node.name.clone()).collect();
        let mut overrides = Overrides::default();
        let mut chosen = Vec::new();
        for (at, draw) in draws {
            let index = usize::from(at) % all.len();
            chosen.push(override_of(&method.name, index, &all[index].0, draw));
            let rows: Vec<Override> = serde_json::from_value(json!(chosen)).unwrap();
            match Overrides::build(Registry::embedded(), &rows) {
                Ok(built) => overrides = built,
                // The new override contradicts another one.
                Err(_) => { chosen.pop(); }
            }
            names.push(format!("renamed_{index}"));
            names.push(format!("f{index}"));
        }
        names.extend(["moved", "colour", "new_field"].map(str::to_owned));
        let mut extra = Object::new();
        for (at, spelling, shape) in keys {
            let name = spelled(&names, at.into(), spelling);
            let inner = spelled(&names, shape.into(), shape);
            let value = match shape % 3 {
                0 => json!("theirs"),
                1 => json!({inner: "theirs"}),
                _ => json!([{inner: "theirs"}]),
            };
            extra.insert(name, value);
        }

        let params = sample(&method.name, "request");
        let ours = object(params[&param.name].clone());
        let plain = overrides.request_to_wire(&method.name, params);
        let merged = overrides.request_to_wire_with(method, &param.name, ours, &extra);
        if let Ok(wire) = &merged {
            prop_assert!(keeps(&plain, wire), "{plain}\n{wire}");
        }
        // A request that passes the early check can be encoded later.
        if overrides.refused_extra(method, &param.name, &extra).is_empty() {
            prop_assert!(merged.is_ok(), "{merged:?}");
        }
    }
}
