//! `POST /v1/orders`

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::ApiState;
use crate::api::extract::Json;
use crate::api::include::Include;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, BODY, Code, Problem, RESTRICTED, WRITE};
use crate::api::write::{WriteContext, canonical};
use crate::domain::booking::{Booking, check};
use crate::domain::ids::{OperationId, OutOrderNo};
use crate::domain::money::Money;
use crate::domain::offer::Offer;
use crate::domain::passenger::{Contact, MemberBuyer, Passenger};
use crate::domain::time::LocalTime;
use crate::operations::writes::kinds::book::Book;
use crate::problem_answers;
use axum::extract::State;

/// A booking: an offer, the passengers and a contact.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(super::super::examples::booking()))]
pub struct BookRequest {
    /// The caller's own order number, a new one for every order.
    out_order_no: OutOrderNo,
    /// The offer, exactly as the search returned it: every field, even if it is null.
    offer: Offer,
    /// The passengers, at most nine.
    #[schema(min_items = 1, max_items = 9)]
    passengers: Vec<Passenger>,
    /// The contact for the order.
    contact: Contact,
    /// The total of the order (yuan): the sum of `fare` and `taxes_total` over the passengers.
    total_price: Money,
    /// Allows Fliggy to look up the membership with the airline, and to register the passenger there
    /// if there is none. A member fare requires `true`; the gateway never sets it by itself.
    #[serde(default)]
    #[schema(required = false)]
    allow_register_or_query_member: Option<bool>,
    /// The buyer; required, with every field, if the fare is for members and the buyer must be one.
    #[serde(default)]
    #[schema(required = false, value_type = Option<MemberBuyer>)]
    member_buyer: Option<MemberBuyer>,
    /// Books even if the same passengers may already be booked on the same segments.
    #[serde(default)]
    #[schema(required = false)]
    allow_duplicate: bool,
    /// The operation that this one repeats; it must have ended `not_executed` with basis `absent`.
    #[serde(default)]
    #[schema(required = false, value_type = Option<OperationId>)]
    retry_of: Option<OperationId>,
    /// Fields that the gateway does not know, added unchanged to upstream's request object. The name of a
    /// field that the gateway knows, in upper or lower case and with or without underscores, is refused (400).
    #[serde(default)]
    #[schema(required = false, value_type = Option<Object>)]
    extra: Option<Map<String, Value>>,
}

problem_answers!(
    BookProblems = API,
    RESTRICTED,
    BODY,
    WRITE,
    &[Code::PossibleDuplicate, Code::OfferNotBookable]
);

/// Book an order
///
/// Creates and holds an order for an offer from a search. Everything that can be checked is checked
/// before anything is sent. If upstream does not respond in time, the gateway returns 202: the outcome
/// is **unknown**. The order most probably exists, and the gateway looks it up. Repeat the request with
/// the same `Idempotency-Key`, or follow `Location`; never book again under a new number.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "book_order",
    tag = "orders",
    params(Include, super::super::params::WriteHeaders),
    request_body = BookRequest,
    responses(
        (status = 201, description = "The order exists.", body = OperationView,
         headers(("Location" = String, description = "The order.")),
         links(
            ("order" = (operation_id = "get_order", description = "Read the order.",
                parameters(("order_id" = "$response.body#/order/order_id")))),
            ("payment" = (operation_id = "pay_order", description = "Pay the order.",
                parameters(("order_id" = "$response.body#/order/order_id")))),
            ("closing" = (operation_id = "close_order", description = "Close the order.",
                parameters(("order_id" = "$response.body#/order/order_id")))),
         ), example = json!(super::super::examples::done("book"))),
        (status = 202, description = "The outcome is not known yet, or a person must decide. `state` says which.", body = OperationView, example = json!(super::super::examples::open("book"))),
        BookProblems,
    ),
)]
pub async fn book_order(
    State(state): State<ApiState>,
    context: WriteContext,
    Json(request): Json<BookRequest>,
) -> Result<Response, Problem> {
    let canonical = canonical(&request)?;
    let (retry_of, allow_duplicate) = (request.retry_of, request.allow_duplicate);
    let booking = Booking {
        out_order_no: request.out_order_no,
        offer: request.offer,
        passengers: request.passengers,
        contact: request.contact,
        total_price: request.total_price,
        allow_register_or_query_member: request.allow_register_or_query_member,
        member_buyer: request.member_buyer,
    };
    let now = LocalTime::from_timestamp(state.clock.wall());
    let found = check(&booking, now).err().unwrap_or_default();
    let write = Book {
        booking,
        extra: request.extra,
    };
    context
        .perform(write, canonical, found, retry_of, allow_duplicate)
        .await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::api::examples;

    /// The same JSON with the fields of every object in another order.
    fn shuffled(value: &Value, order: &[Index]) -> Value {
        match value {
            Value::Object(map) => {
                let mut left: Vec<_> = map.iter().collect();
                let mut mixed = Map::new();
                for place in order.iter().cycle() {
                    if left.is_empty() {
                        break;
                    }
                    let (name, value) = left.remove(place.index(left.len()));
                    mixed.insert(name.clone(), shuffled(value, order));
                }
                Value::Object(mixed)
            }
            Value::Array(items) => items.iter().map(|item| shuffled(item, order)).collect(),
            other => other.clone(),
        }
    }

    fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    leaves(value, &format!("{at}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    leaves(item, &format!("{at}/{index}"), found);
                }
            }
            _ => found.push(at.to_owned()),
        }
    }

    fn example() -> Value {
        let mut body = examples::booking();
        body["extra"] = serde_json::json!({"b": {"y": 1, "x": [1, {"d": 4, "c": 3}]}, "a": "z"});
        body
    }

    fn fingerprint(text: &str) -> Option<Vec<u8>> {
        let request: BookRequest = serde_json::from_str(text).ok()?;
        canonical(&request).ok()
    }

    /// Another value of the same kind.
    fn changed(value: &Value, by: u8) -> Value {
        match value {
            Value::Null => Value::from("ZZ"),
            Value::Bool(bit) => Value::from(!bit),
            Value::Number(number) => Value::from(number.as_i64().unwrap_or(0) + 1 + i64::from(by)),
            Value::String(text) => {
                // A replacement by a character of the same class keeps dates, codes and prices readable.
                let mut chars: Vec<char> = text.chars().collect();
                let place = usize::from(by) % chars.len().max(1);
                if let Some(c) = chars.get_mut(place) {
                    *c = match *c {
                        '0'..='8' => char::from_u32(u32::from(*c) + 1).unwrap(),
                        '9' => '0',
                        'A'..='Y' | 'a'..='y' => char::from_u32(u32::from(*c) + 1).unwrap(),
                        'Z' => 'A',
                        'z' => 'a',
                        other => other,
                    };
                }
                Value::from(chars.into_iter().collect::<String>())
            }
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn the_fingerprint_ignores_whitespace_and_the_order_of_fields(
            order in proptest::collection::vec(any::<Index>(), 1..20),
        ) {
            let body = example();
            let expected = fingerprint(&body.to_string());
            prop_assert!(expected.is_some());
            let other = shuffled(&body, &order);
            prop_assert_eq!(&fingerprint(&other.to_string()), &expected);
            let spread = serde_json::to_string_pretty(&other).unwrap();
            prop_assert_eq!(&fingerprint(&spread), &expected);
        }

        #[test]
        fn the_fingerprint_depends_on_every_value(place in any::<Index>(), by in any::<u8>()) {
            let body = example();
            let mut found = Vec::new();
            leaves(&body, "", &mut found);
            let place = &found[place.index(found.len())];
            let mut other = body.clone();
            let value = other.pointer_mut(place).unwrap();
            *value = changed(value, by);
            prop_assume!(other != body);
            // A changed value that still parses is another request.
            if let Some(fingerprint) = fingerprint(&other.to_string()) {
                prop_assert_ne!(Some(fingerprint), self::fingerprint(&body.to_string()), "{}", place);
            }
        }
    }

    #[test]
    fn an_omitted_field_and_its_default_have_the_same_fingerprint() {
        let mut body = example();
        let whole = fingerprint(&body.to_string());
        for name in ["allow_duplicate", "retry_of", "member_buyer"] {
            body.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(fingerprint(&body.to_string()), whole);
    }
}
