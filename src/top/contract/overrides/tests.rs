use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::top::contract::{Kind, Node};

const SEARCH: &str = "alitrip.flight.service.search";
const PAY: &str = "alitrip.flight.service.pay";

pub(super) fn build_from(rows: Value) -> Result<Overrides, Vec<String>> {
    let rows: Vec<Override> = serde_json::from_value(rows).unwrap();
    Overrides::build(Registry::embedded(), &rows)
}

pub(super) fn sample(method: &str, half: &str) -> Value {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/top/samples");
    let file = folder.join(format!("{method}.{half}.json"));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn overrides_convert_a_request_and_back() {
    let overrides = build_from(json!([
        {"method": PAY, "side": "request", "path": "pay_order_request", "rename": "pay_request"},
        {"method": PAY, "side": "request", "path": "pay_order_request.order_id", "rename": "id", "type": "String"},
        {"method": PAY, "side": "request", "path": "pay_order_request.total_price", "move": "amount.total"},
        {"method": PAY, "side": "request", "path": "pay_order_request.out_order_no", "drop": true},
        {"method": PAY, "side": "request", "path": "pay_order_request.pay_type", "constant": 6},
    ]))
    .unwrap();
    assert!(overrides.touches(PAY, Side::Request));
    assert!(!overrides.touches(PAY, Side::Answer));
    let ours = json!({"pay_order_request": {
        "order_id": 9_007_199_254_740_993_u64, "out_order_no": "A1", "total_price": 950.5,
    }});
    let wire = overrides.request_to_wire(PAY, ours);
    assert_eq!(
        wire,
        json!({
            "pay_request": {"id": "9007199254740993", "pay_type": 6},
            "amount": {"total": 950.5},
        })
    );
    assert_eq!(
        overrides.request_from_wire(PAY, wire),
        json!({"pay_order_request": {"order_id": 9_007_199_254_740_993_u64, "total_price": 950.5}})
    );
}

#[test]
fn overrides_convert_a_response_also_inside_lists() {
    let overrides = build_from(json!([
        {"method": SEARCH, "side": "answer", "path": "flight_item_list", "rename": "items", "wrapper": "item"},
        {"method": SEARCH, "side": "answer", "path": "flight_item_list.solution_id", "rename": "item_key"},
        {"method": SEARCH, "side": "answer", "path": "flight_item_list.adt_build_fee", "move": "flight_item_list.fees.build", "type": "String"},
        {"method": SEARCH, "side": "answer", "path": "flight_item_list.supply_source_type", "values": {"1": "OWN", "2": "AGENT"}},
        {"method": SEARCH, "side": "answer", "path": "flight_item_list.seller_nick", "constant": "shop"},
        {"method": SEARCH, "side": "answer", "path": "flight_item_list.baggage_rule", "drop": true},
    ]))
    .unwrap();
    let wire = json!({"items": {"item": [{
        "item_key": "S1", "fees": {"build": "50"}, "supply_source_type": "AGENT", "baggage_rule": "?",
    }]}});
    let ours = overrides.answer_from_wire(SEARCH, wire);
    assert_eq!(
        ours,
        json!({"flight_item_list": {"flight_item": [{
            "solution_id": "S1", "adt_build_fee": 50, "supply_source_type": "2", "seller_nick": "shop",
        }]}})
    );
    // TOP may send a single element without the list, and an empty list as an empty object.
    let single = json!({"items": {"item_key": "S1"}});
    assert_eq!(
        overrides.answer_from_wire(SEARCH, single),
        json!({"flight_item_list": {"flight_item": [{"solution_id": "S1", "seller_nick": "shop"}]}})
    );
    assert_eq!(
        overrides.answer_from_wire(SEARCH, json!({"items": {}})),
        json!({"flight_item_list": {}})
    );
}

#[test]
fn two_fields_may_swap_names() {
    let overrides = build_from(json!([
        {"method": PAY, "side": "answer", "path": "trade_no", "rename": "alipay_trade_no"},
        {"method": PAY, "side": "answer", "path": "alipay_trade_no", "rename": "trade_no"},
    ]))
    .unwrap();
    let wire = json!({"trade_no": "alipay", "alipay_trade_no": "ours"});
    let ours = overrides.answer_from_wire(PAY, wire.clone());
    assert_eq!(
        ours,
        json!({"alipay_trade_no": "alipay", "trade_no": "ours"})
    );
    assert_eq!(overrides.answer_to_wire(PAY, ours), wire);
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = build_from(json!([
        {"method": "alitrip.nothing", "side": "request", "path": "a", "drop": true},
        {"method": PAY, "side": "request", "path": "order_id", "rename": "id"},
        {"method": PAY, "side": "request", "path": "pay_order_request.order_id"},
        {"method": PAY, "side": "answer", "path": "trade_no", "rename": "a", "move": "b"},
        {"method": PAY, "side": "answer", "path": "pay_time", "rename": "order_status"},
        {"method": PAY, "side": "answer", "path": "order_id", "wrapper": "id"},
        {"method": SEARCH, "side": "answer", "path": "flight_item_list.solution_id", "move": "solution"},
        {"method": SEARCH, "side": "answer", "path": "flight_item_list.cabin", "drop": true},
        {"method": SEARCH, "side": "request", "path": "search_flight_info_req.cabin_class", "values": {"Y": "E", "F": "E"}},
        {"method": SEARCH, "side": "request", "path": "search_flight_info_req.trip_type", "move": "search_flight_info_req.cabin_class"},
    ]))
    .unwrap_err();
    for expected in [
        "alitrip.nothing request a: the contract has no such method",
        "did you mean pay_order_request.order_id?",
        "pay_order_request.order_id: the override has no action",
        "exclude each other",
        "two fields would be named \"order_status\" on the wire",
        "only a list has a wrapper",
        "move must stay within flight_item_list",
        "has no field \"cabin\" at this path",
        "two of our values to the same wire value",
        "already at \"search_flight_info_req.cabin_class\"",
    ] {
        assert!(
            problems.iter().any(|p| p.contains(expected)),
            "{expected}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), 10, "{problems:#?}");
}

/// Collects every field of one side of a method: path and node.
pub(super) fn fields(nodes: &[Node], at: &str, into: &mut Vec<(String, Node)>) {
    for node in nodes {
        let path = if at.is_empty() {
            node.name.clone()
        } else {
            format!("{at}.{}", node.name)
        };
        into.push((path.clone(), node.clone()));
        fields(&node.children, &path, into);
    }
}

/// One invertible override of a field, chosen by random numbers.
fn override_of(
    method: &str,
    side: Side,
    index: usize,
    path: &str,
    node: &Node,
    draw: u8,
) -> Override {
    let mut item = Override {
        method: method.to_owned(),
        side,
        path: path.to_owned(),
        rename: None,
        move_to: None,
        wire_type: None,
        constant: None,
        values: None,
        drop: false,
        wrapper: None,
    };
    let has_list_above = path.contains('.') && draw & 1 == 0;
    match draw % 4 {
        0 if !has_list_above && !path.contains('.') => {
            item.move_to = Some(format!("moved.f{index}"))
        }
        0 | 1 => item.rename = Some(format!("renamed_{index}")),
        2 if node.list => item.wrapper = Some(format!("wrapper_{index}")),
        2 => item.rename = Some(format!("renamed_{index}")),
        _ => match node.kind {
            Kind::Number | Kind::Boolean => item.wire_type = Some(WireType::String),
            Kind::String | Kind::Date | Kind::Bytes | Kind::Object => {
                item.rename = Some(format!("renamed_{index}"));
            }
        },
    }
    item
}

proptest! {
    #[test]
    fn conversion_to_the_wire_and_back_is_lossless(
        which in 0..16_usize,
        draws in prop::collection::vec((any::<u16>(), any::<u8>()), 0..20),
    ) {
        let registry = Registry::embedded();
        let method = registry.methods().nth(which).unwrap();
        let request = sample(&method.name, "request");
        let answer = sample(&method.name, "response")[method.root()].clone();
        let mut overrides = Vec::new();
        for side in [Side::Request, Side::Answer] {
            let mut all = Vec::new();
            let nodes = match side { Side::Request => &method.request, Side::Answer => &method.response };
            fields(nodes, "", &mut all);
            let mut chosen = std::collections::BTreeMap::new();
            for (at, draw) in &draws {
                chosen.insert(usize::from(*at) % all.len(), *draw);
            }
            for (index, draw) in chosen {
                let (path, node) = &all[index];
                overrides.push(override_of(&method.name, side, index, path, node, draw));
            }
        }
        let overrides = Overrides::build(registry, &overrides).unwrap();
        let wire = overrides.request_to_wire(&method.name, request.clone());
        prop_assert_eq!(overrides.request_from_wire(&method.name, wire), request);
        let wire = overrides.answer_to_wire(&method.name, answer.clone());
        prop_assert_eq!(overrides.answer_from_wire(&method.name, wire), answer);
    }
}
