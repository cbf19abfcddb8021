//! The requests of the load bench.

use std::error::Error;
use std::sync::Arc;

use fliggy_gateway::domain::ids::HashKey;
use fliggy_gateway::domain::vocabulary::Vocabulary;
use fliggy_gateway::top::envelope::{self, Envelope};
use fliggy_gateway::top::method::Method as _;
use fliggy_gateway::top::wire::{Search, SearchResponse};
use fliggy_gateway::translate::{self, Context};
use serde_json::{Value, json};

use crate::answers;
use crate::client::Maker;
use crate::subject::KEY;

fn post(path: &str, more: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: gateway\r\nx-api-key: {KEY}\r\n{more}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads an order.
pub(crate) fn detail() -> Maker {
    Arc::new(|_| {
        // The order of the sample: the gateway rejects a response about another order.
        format!("GET /v1/orders/1234125412 HTTP/1.1\r\nhost: gateway\r\nx-api-key: {KEY}\r\n\r\n")
            .into_bytes()
    })
}

/// Lists flights. No two concurrent searches are equal, because the gateway would serve equal
/// searches with one call to TOP.
pub(crate) fn search() -> Maker {
    Arc::new(|number| {
        let (month, day) = (number / 28 % 12 + 1, number % 28 + 1);
        let body = format!(
            r#"{{"journeys":[{{"from":"BJS","to":"SHA","date":"2030-{month:02}-{day:02}"}}],"party":{{"adults":1,"children":1}}}}"#
        );
        post("/v1/flights/search", "", &body)
    })
}

/// Books an offer, each time for another passenger. `run` distinguishes the order numbers of two runs
/// on one journal.
pub(crate) async fn book(run: &'static str) -> Result<Maker, Box<dyn Error>> {
    let body = booking(&offer().await?);
    Ok(Arc::new(move |number| {
        let number = format!("{run}{number:08}");
        let key = format!("idempotency-key: {number}\r\n");
        post("/v1/orders", &key, &body.replace(NUMBER, &number))
    }))
}

/// Placeholder for the number in the booking.
const NUMBER: &str = "#NUMBER#";

/// An offer that anybody may book.
async fn offer() -> Result<Value, Box<dyn Error>> {
    let listing = answers::listing().await?;
    let Envelope::Answer(answer) = envelope::decode::<SearchResponse>(Search::NAME, &listing)?
    else {
        return Err("the listing is an error".into());
    };
    let context = Context {
        vocabulary: &Vocabulary::default(),
        key: &HashKey::new([0; 32]),
        account: &"main".parse()?,
        now: "2030-05-01T10:00:00+08:00".parse()?,
    };
    let found = translate::search::answer(answer, &context)?;
    let mut offers = found.offers.iter();
    let plain = offers.find(|offer| offer.bookable && offer.member_fare.is_none());
    Ok(serde_json::to_value(plain.ok_or("no plain offer")?)?)
}

fn booking(offer: &Value) -> String {
    let adult = &offer["prices"]["adult"];
    let fen = |field: &str| -> u64 {
        let text = adult[field].as_str().unwrap_or_default().replace('.', "");
        text.parse().unwrap_or_default()
    };
    let total = fen("fare") + fen("taxes_total");
    json!({
        "out_order_no": NUMBER,
        "offer": offer,
        "passengers": [{
            "name": "测试旅客", "type": "adult",
            "document": {"type": "passport", "number": NUMBER, "expires_on": "2035-01-01"},
            "birth_date": "1990-03-07", "gender": "male", "nationality": "CN",
            "mobile_country_code": "86", "mobile": "13000000000",
        }],
        "contact": {
            "name": "测试联系人", "mobile_country_code": "86", "mobile": "13000000000",
            "phone": null, "email": "test@example.com", "document": null,
        },
        "total_price": format!("{}.{:02}", total / 100, total % 100),
    })
    .to_string()
}
