//! Every response of the REST API must be declared in the OpenAPI document.

use std::sync::OnceLock;

use reqwest::Method;
use serde_json::Value;

use crate::world::Answer;

/// Panics if the document does not declare the response's status or problem code for the operation,
/// or if the members of an `Operation` contradict its state.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    let document =
        DOCUMENT.get_or_init(|| serde_json::to_value(fliggy_gateway::api::openapi()).unwrap());
    // Other paths and methods are in no operation of the document.
    let Some(item) = item(document, path) else {
        return;
    };
    let operation = &item[method.as_str().to_ascii_lowercase()];
    if operation.is_null() {
        return;
    }
    if path.starts_with("/v1/") {
        let cached = answer.header("cache-control");
        assert_eq!(cached, Some("no-store"), "{method} {path}");
    }
    let declared = &operation["responses"][answer.status.to_string()];
    assert!(
        declared.is_object(),
        "{method} {path} declares no {}: {answer:?}",
        answer.status
    );
    if declared["content"]["application/json"]["schema"]["$ref"] == OPERATION {
        is_consistent(&answer.body);
    }
    if let (true, Some(code)) = (answer.status >= 400, answer.body["code"].as_str()) {
        let codes = declared["x-problem-codes"].as_array();
        assert!(
            codes.is_some_and(|codes| codes.iter().any(|listed| listed == code)),
            "{method} {path} declares no {code}: {answer:?}"
        );
    }
}

const OPERATION: &str = "#/components/schemas/Operation";

/// There is a result if and only if the operation succeeded, and a problem if and only if it was
/// refused or not executed.
fn is_consistent(operation: &Value) {
    let has = |member: &&str| !operation[member].is_null();
    let results = ["order", "refund", "change", "raw"]
        .iter()
        .filter(|m| has(m));
    let state = operation["state"].as_str().unwrap();
    assert_eq!(
        (results.count(), has(&"problem")),
        (
            usize::from(state == "succeeded"),
            matches!(state, "rejected" | "not_executed")
        ),
        "{operation:#}"
    );
    assert!(!(state == "succeeded" && has(&"found")), "{operation:#}");
}

/// The entry of the path: the one with the most literal segments in common.
fn item<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let parts: Vec<_> = path.split('/').collect();
    let fits = |template: &str| {
        let template: Vec<_> = template.split('/').collect();
        (template.len() == parts.len()).then(|| {
            let same = |(ours, theirs): (&&str, &&str)| match ours == theirs {
                true => Some(1),
                false => ours.starts_with('{').then_some(0),
            };
            template.iter().zip(&parts).map(same).sum::<Option<u32>>()
        })?
    };
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .filter_map(|(template, item)| Some((fits(template)?, item)))
        .max_by_key(|(same, _)| *same)
        .map(|(_, item)| item)
}
