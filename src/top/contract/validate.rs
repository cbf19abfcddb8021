//! Checks a value against the contract of a method.

use std::fmt;

use serde_json::{Map, Value};

use super::registry::{Kind, MethodContract, Node, find};

/// One deviation of a value from the contract. Contains field names and types, never values, which may be personal
/// data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The dotted path of the field, with list elements by index: `passenger_list.0.name`.
    pub path: String,
    /// The kind of deviation.
    pub kind: FindingKind,
}

/// The kind of deviation of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// The contract has no such field.
    UnknownField,
    /// The field is required but is absent, null or empty text.
    MissingRequired,
    /// The value does not have the named type.
    WrongType(&'static str),
    /// The set of values is closed and does not contain this value.
    ValueNotListed,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match self.kind {
            FindingKind::UnknownField => write!(f, "{path} is not a field of the contract"),
            FindingKind::MissingRequired => write!(f, "{path} is required"),
            FindingKind::WrongType(expected) => write!(f, "{path} must be {expected}"),
            FindingKind::ValueNotListed => write!(f, "{path} has an unlisted value"),
        }
    }
}

/// Checks the application parameters of a call: an object with one member per parameter, object parameters parsed.
/// Lists are plain arrays.
#[must_use]
pub fn validate_request(contract: &MethodContract, params: &Value) -> Vec<Finding> {
    validate(&contract.request, params)
}

/// Checks the members of a response's root, with lists wrapped as TOP wraps them. An empty list may be `{}`, absent, or
/// an empty array in its wrapper.
#[must_use]
pub fn validate_answer(contract: &MethodContract, answer: &Value) -> Vec<Finding> {
    validate(&contract.response, answer)
}

fn validate(nodes: &[Node], value: &Value) -> Vec<Finding> {
    let mut checker = Checker::default();
    match value {
        Value::Object(map) => checker.object(nodes, map),
        _ => checker.report(FindingKind::WrongType("an object")),
    }
    checker.findings
}

#[derive(Default)]
struct Checker {
    path: Vec<String>,
    findings: Vec<Finding>,
}

impl Checker {
    fn report(&mut self, kind: FindingKind) {
        let path = self.path.join(".");
        self.findings.push(Finding { path, kind });
    }

    fn within(&mut self, segment: &str, check: impl FnOnce(&mut Self)) {
        self.path.push(segment.to_owned());
        check(self);
        self.path.pop();
    }

    fn object(&mut self, nodes: &[Node], map: &Map<String, Value>) {
        for node in nodes.iter().filter(|node| node.required) {
            if map.get(&node.name).is_none_or(is_absent) {
                self.within(&node.name, |c| c.report(FindingKind::MissingRequired));
            }
        }
        for (name, value) in map {
            self.within(name, |c| match find(nodes, name) {
                Some(_) if is_absent(value) => {}
                Some(node) if node.list => c.list(node, value),
                Some(node) => c.single(node, value),
                None => c.report(FindingKind::UnknownField),
            });
        }
    }

    fn list(&mut self, node: &Node, value: &Value) {
        let Some(wrapper) = &node.wrapper else {
            return match value {
                Value::Array(items) => self.items(node, items),
                _ => self.report(FindingKind::WrongType("a list")),
            };
        };
        match value {
            Value::Object(map) if map.is_empty() => {}
            Value::Object(map) if map.len() == 1 => match map.get(wrapper) {
                Some(Value::Array(items)) => self.within(wrapper, |c| c.items(node, items)),
                Some(_) => self.report(FindingKind::WrongType("a list in its wrapper")),
                None => self.report(FindingKind::WrongType("a list in the contract's wrapper")),
            },
            _ => self.report(FindingKind::WrongType("a wrapped list")),
        }
    }

    fn items(&mut self, node: &Node, items: &[Value]) {
        if node.required && node.wrapper.is_none() && items.is_empty() {
            self.report(FindingKind::MissingRequired);
        }
        for (index, item) in items.iter().enumerate() {
            self.within(&index.to_string(), |c| c.single(node, item));
        }
    }

    fn single(&mut self, node: &Node, value: &Value) {
        let (right, expected) = match (&node.kind, value) {
            (Kind::Object, Value::Object(map)) => return self.object(&node.children, map),
            (Kind::Object, _) => (false, "an object"),
            (Kind::String, value) => (value.is_string(), "a string"),
            (Kind::Number, value) => (value.is_number(), "a number"),
            (Kind::Boolean, value) => (value.is_boolean(), "true or false"),
            (Kind::Date, value) => (
                value.as_str().is_some_and(is_wire_time),
                "a time in the form yyyy-MM-dd HH:mm:ss",
            ),
            (Kind::Bytes, value) => (value.is_string(), "a file"),
        };
        if !right {
            self.report(FindingKind::WrongType(expected));
        } else if !node.values.is_empty() && !node.values.contains(value) {
            self.report(FindingKind::ValueNotListed);
        }
    }
}

fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn is_wire_time(text: &str) -> bool {
    jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S", text)
        .and_then(|time| time.to_datetime())
        .is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::registry::Registry;
    use super::*;

    fn sample(name: &str) -> Value {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/top/samples");
        serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
    }

    #[test]
    fn every_sample_matches_its_contract() {
        for method in Registry::embedded().methods() {
            let request = sample(&format!("{}.request.json", method.name));
            let findings = validate_request(method, &request);
            assert!(findings.is_empty(), "{}: {findings:?}", method.name);
            let answer = sample(&format!("{}.response.json", method.name));
            let findings = validate_answer(method, &answer[method.root()]);
            assert!(findings.is_empty(), "{}: {findings:?}", method.name);
        }
    }

    #[test]
    fn every_kind_of_deviation_is_reported_with_its_path() {
        let contract = Registry::embedded()
            .method("alitrip.flight.service.search")
            .unwrap();
        let request = json!({"search_flight_info_req": {
            "external_agent_name": " ",
            "search_mode": 1,
            "trip_type": "1",
            "colour": "blue",
            "search_od_info_list": [{"dep_city_code": "BJS", "arr_city_code": 7}],
        }});
        let mut findings: Vec<String> = validate_request(contract, &request)
            .iter()
            .map(ToString::to_string)
            .collect();
        findings.sort();
        assert_eq!(
            findings,
            [
                "search_flight_info_req.colour is not a field of the contract",
                "search_flight_info_req.external_agent_name is required",
                "search_flight_info_req.search_mode has an unlisted value",
                "search_flight_info_req.search_od_info_list.0.arr_city_code must be a string",
                "search_flight_info_req.search_od_info_list.0.dep_date is required",
                "search_flight_info_req.trip_type must be a number",
            ]
        );
    }

    #[test]
    fn a_response_list_must_be_in_its_wrapper() {
        let contract = Registry::embedded()
            .method("alitrip.flight.service.queryorderlist")
            .unwrap();
        for (list, right) in [
            (json!({}), true),
            (json!({"flight_book_order": []}), true),
            (json!([]), false),
            (json!({"order": []}), false),
        ] {
            let answer = json!({"is_success": true, "flight_book_order_list": list});
            assert_eq!(validate_answer(contract, &answer).is_empty(), right);
        }
    }
}
