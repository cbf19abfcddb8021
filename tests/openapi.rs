//! Checks that the generated documents in the repository are up to date, and that the OpenAPI document is
//! complete and consistent.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use fliggy_gateway::api;
use serde_json::{Value, json};

#[track_caller]
fn is_checked_in(file: &str, generated: &str, command: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    if checked_in == generated {
        return;
    }
    let same = checked_in
        .lines()
        .zip(generated.lines())
        .take_while(|(a, b)| a == b);
    let line = same.count();
    panic!(
        "{file} differs from what the code generates; from line {} on:\n- {}\n+ {}\n\
         Run `{command}` and review the difference.",
        line + 1,
        checked_in.lines().nth(line).unwrap_or("(the end)"),
        generated.lines().nth(line).unwrap_or("(the end)"),
    );
}

#[test]
fn the_openapi_document_is_up_to_date() {
    let generated = api::openapi().to_pretty_json().unwrap() + "\n";
    let command = "cargo run -- openapi > openapi/gateway.json";
    is_checked_in("openapi/gateway.json", &generated, command);
}

#[test]
fn the_catalogue_of_problems_is_up_to_date() {
    let command = "cargo run -- openapi --problems > openapi/problems.md";
    is_checked_in("openapi/problems.md", &api::problem::catalogue(), command);
}

fn document() -> Value {
    serde_json::to_value(api::openapi()).unwrap()
}

/// Visits every object below, with its path.
fn walk<'a>(at: &str, value: &'a Value, see: &mut impl FnMut(&str, &'a Value)) {
    see(at, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                walk(&format!("{at}/{name}"), member, see);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(&format!("{at}/{i}"), item, see);
            }
        }
        _ => {}
    }
}

#[test]
fn every_reference_resolves() {
    let document = document();
    walk("", &document, &mut |at, value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(
                document.pointer(&reference[1..]).is_some(),
                "{at}: {reference}"
            );
        }
    });
}

#[track_caller]
fn is_described(at: &str, value: &Value) {
    let described = value["description"].as_str().is_some_and(|t| !t.is_empty());
    assert!(described, "{at} has no description: {value}");
}

/// Each property has a description at its own level, because Swagger UI does not show a description
/// beside a `$ref` in a `oneOf`.
fn properties_are_described(at: &str, schema: &Value) {
    walk(at, schema, &mut |at, value| {
        for (name, property) in value["properties"].as_object().into_iter().flatten() {
            is_described(&format!("{at}/properties/{name}"), property);
        }
        let items = &value["items"];
        if value["type"] == "array" && items["$ref"].is_null() {
            let scalar = items["type"] == "string" || items["type"] == "integer";
            assert!(scalar, "{at}: inline items without a description");
        }
    });
}

#[test]
fn everything_in_the_document_is_described() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            is_described(&at, operation);
            for field in ["summary", "operationId"] {
                assert!(
                    operation[field].as_str().is_some_and(|t| !t.is_empty()),
                    "{at}: {field}"
                );
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                is_described(&at, parameter);
            }
            if let Some(body) = operation.get("requestBody") {
                is_described(&at, body);
                properties_are_described(&at, &body["content"]);
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let at = format!("{at} {status}");
                is_described(&at, response);
                for part in ["headers", "links"] {
                    for (name, value) in response[part].as_object().into_iter().flatten() {
                        is_described(&format!("{at} {name}"), value);
                    }
                }
                let contents = response["content"].as_object();
                assert_eq!(contents.is_none(), status == "204", "{at}");
                for content in contents.into_iter().flat_map(|all| all.values()) {
                    properties_are_described(&at, &content["schema"]);
                }
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        is_described(name, schema);
        properties_are_described(name, schema);
    }
}

#[test]
fn operations_declare_whether_they_need_a_key() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation["security"].as_array().expect(path);
            let behind_a_key = path.starts_with("/v1/");
            assert_eq!(
                security.len(),
                if behind_a_key { 2 } else { 1 },
                "{method} {path}"
            );
            assert_eq!(
                operation["responses"].get("401").is_some(),
                behind_a_key,
                "{method} {path}"
            );
        }
    }
}

/// The schema with the members of all its `allOf` parts.
fn whole(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return whole(document, document.pointer(&reference[1..]).unwrap());
    }
    let Some(parts) = schema["allOf"].as_array() else {
        return schema.clone();
    };
    let mut all = json!({"properties": {}, "required": []});
    for part in parts {
        let part = whole(document, part);
        let properties = part["properties"].as_object().cloned().unwrap_or_default();
        all["properties"]
            .as_object_mut()
            .unwrap()
            .extend(properties);
        let required = part["required"].as_array().cloned().unwrap_or_default();
        all["required"].as_array_mut().unwrap().extend(required);
    }
    all
}

/// Whether the schema has each member of the example.
fn knows(document: &Value, schema: &Value, example: &Value) -> bool {
    let schema = whole(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().any(|s| knows(document, s, example));
    }
    let members = example.as_object().into_iter().flatten();
    members
        .map(|(name, _)| name)
        .all(|name| schema["properties"].get(name).is_some())
}

/// A response example has exactly the members of its schema, at every level.
fn fits(document: &Value, at: &str, schema: &Value, example: &Value) {
    let schema = &whole(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let mut choices = choices.iter().filter(|s| s["type"] != "null").peekable();
        let first = *choices.peek().unwrap();
        let other = choices.find(|choice| knows(document, choice, example));
        return if example.is_null() {
        } else {
            fits(document, at, other.unwrap_or(first), example)
        };
    }
    match example {
        Value::Object(members) => {
            let Some(known) = schema["properties"].as_object() else {
                return;
            };
            for (name, value) in members {
                let schema = known
                    .get(name)
                    .unwrap_or_else(|| panic!("{at}/{name} is not in the schema"));
                fits(document, &format!("{at}/{name}"), schema, value);
            }
            for required in schema["required"].as_array().into_iter().flatten() {
                let name = required.as_str().unwrap();
                assert!(members.contains_key(name), "{at} lacks {name}");
            }
        }
        Value::Array(items) => {
            for item in items {
                fits(document, at, &schema["items"], item);
            }
        }
        Value::String(word) => {
            if let Some(words) = schema["enum"].as_array() {
                assert!(words.contains(example), "{at}: {word} is not listed");
            }
        }
        Value::Null => {
            let nullable = schema["type"]
                .as_array()
                .is_some_and(|t| t.contains(&"null".into()));
            assert!(nullable, "{at} is null");
        }
        Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn example_responses_match_their_schemas() {
    let document = document();
    let mut seen = 0;
    walk("", &document["paths"], &mut |at, value| {
        let json = &value["content"]["application/json"];
        if at.contains("/responses/") && !json["example"].is_null() {
            fits(&document, at, &json["schema"], &json["example"]);
            seen += 1;
        }
    });
    assert!(seen >= 12, "{seen} examples");
}

#[test]
fn an_example_of_a_list_in_the_query_is_an_array() {
    let document = document();
    let mut seen = 0;
    walk("", &document["paths"], &mut |at, parameter| {
        if parameter["in"] == "query" && parameter["schema"]["type"] == "array" {
            assert!(parameter["example"].is_array(), "{at}: {parameter}");
            fits(&document, at, &parameter["schema"], &parameter["example"]);
            seen += 1;
        }
    });
    assert_eq!(
        seen, 4,
        "include of the two reads of an order, types of the two reads of the feed"
    );
}

/// The codes are listed twice: for people in the description, with links to the pages of the codes, and for
/// programs in an extension.
#[test]
fn every_problem_response_lists_its_codes_and_shows_one() {
    let document = document();
    let known = document["components"]["schemas"]["ProblemCode"]["enum"]
        .as_array()
        .unwrap();
    let mut seen = 0;
    walk("", &document["paths"], &mut |at, response| {
        let problem = &response["content"]["application/problem+json"];
        if !at.contains("/responses/") || problem.is_null() {
            return;
        }
        seen += 1;
        assert_eq!(
            problem["schema"]["$ref"], "#/components/schemas/Problem",
            "{at}"
        );
        assert!(problem["examples"].is_null(), "{at}");
        let codes = response["x-problem-codes"].as_array().expect(at);
        let lines = response["description"].as_str().unwrap().lines();
        assert_eq!(lines.clone().count(), codes.len(), "{at}: {response}");
        for (line, code) in lines.zip(codes) {
            assert!(known.contains(code), "{at}: {code}");
            let code = code.as_str().unwrap();
            let entry = format!("- [`{code}`](/problems/{code}): ");
            assert!(line.starts_with(&entry), "{at}: {line}");
        }
        let example = &problem["example"];
        fits(&document, at, &problem["schema"], example);
        assert_eq!(Some(&example["code"]), codes.first(), "{at}");
        let status = at.rsplit('/').next().unwrap();
        assert_eq!(example["status"].to_string(), status, "{at}");
    });
    assert!(seen > 100, "{seen} problem responses");
}

#[test]
fn every_success_of_a_write_is_an_operation() {
    let document = document();
    let mut writes = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["post"];
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        if !parameters
            .into_iter()
            .any(|p| p["name"] == "Idempotency-Key")
        {
            continue;
        }
        writes += 1;
        let responses = operation["responses"].as_object().unwrap();
        let successes = responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'));
        let mut statuses = Vec::new();
        for (status, response) in successes {
            let schema = &response["content"]["application/json"]["schema"];
            assert_eq!(
                schema["$ref"], "#/components/schemas/Operation",
                "{path} {status}"
            );
            statuses.push(status.as_str());
        }
        assert!(
            matches!(statuses[..], ["200" | "201", "202"]),
            "{path}: {statuses:?}"
        );
    }
    assert_eq!(writes, 7);
}

/// A generated client gets one type for each member: `oneOf` only marks a reference as nullable.
#[test]
fn one_of_is_used_for_nullable_references_only() {
    walk("", &document(), &mut |at, value| {
        if let Some(choices) = value.get("oneOf").and_then(Value::as_array) {
            let nullable = choices.len() == 2
                && choices[0]["$ref"].is_string()
                && choices[1] == json!({"type": "null"});
            assert!(nullable, "{at}: {choices:?}");
        }
        assert!(value.get("anyOf").is_none(), "{at}");
    });
}
