//! Setup for tests of refunds and changes: ticketed orders, and requests about them.

use serde_json::{Value, json};

use crate::client::{Top, booking, json_of};

/// A ticketed order.
pub(crate) struct Ticketed {
    pub(crate) id: u64,
    pub(crate) number: String,
    /// The order's `queryorderdetail`.
    pub(crate) detail: Value,
}

/// An amount in a response, in hundredths of a yuan.
pub(crate) fn cents(amount: &Value) -> i64 {
    (amount.as_f64().unwrap() * 100.0).round() as i64
}

impl Ticketed {
    /// A passenger in the form that after-sales requests use.
    pub(crate) fn passenger(&self, index: usize) -> Value {
        let details = &self.detail["flight_book_order_detail_list"]["flight_book_order_detail"];
        let passenger = &details[index]["passenger"];
        json!({
            "name": passenger["name"],
            "type": passenger["type"],
            "credential_type": passenger["credential_type"],
            "credential_no": passenger["credential_no"],
        })
    }

    /// Ticket price and taxes of one passenger.
    pub(crate) fn price(&self) -> (i64, i64) {
        let details = &self.detail["flight_book_order_detail_list"]["flight_book_order_detail"];
        let price = &details[0]["flight_price"];
        (cents(&price["sell_price"]), cents(&price["tax"]))
    }

    pub(crate) fn segment(&self) -> Value {
        segment(&self.detail)
    }

    /// A refund of the first passenger.
    pub(crate) fn refund(&self, apply_type: u64) -> Value {
        json!({
            "order_id": self.id,
            "refund_apply_type": apply_type,
            "passenger_list": [self.passenger(0)],
        })
    }

    /// The application for that refund.
    pub(crate) fn application(&self, out_refund_no: &str, apply_type: u64, fee: &Value) -> Value {
        let mut input = self.refund(apply_type);
        input["out_refund_no"] = json!(out_refund_no);
        input["all_refund_fee"] = fee.clone();
        input
    }

    /// A change of the first passenger to the same flight a day later.
    pub(crate) fn change(&self, out_change_no: &str) -> Value {
        json!({
            "order_id": self.id,
            "out_change_no": out_change_no,
            "change_reason_type": 0,
            "passenger_list": [self.passenger(0)],
            "changed_flight_segment_list": [{
                "flight_segment_id": self.segment()["id"],
                "marketing_flight_no": "CZ8957",
                "dep_city_code": "BJS",
                "arr_city_code": "XMN",
                "dep_airport": "PKX",
                "dep_time": "2030-05-21 08:45:00",
                "cabin": "Y",
            }],
        })
    }
}

/// The first segment of an order detail.
pub(crate) fn segment(detail: &Value) -> Value {
    let journey = &detail["flight_route"]["flight_journey_list"]["flight_journey"][0];
    journey["flight_segment_list"]["flight_segment"][0].clone()
}

impl Top {
    /// A ticketed order of this many adults on the first offer.
    pub(crate) async fn ticketed(&self, number: &str, adults: usize) -> Ticketed {
        let offer = self.offers().await[0].clone();
        self.ticketed_on(&offer, number, adults).await
    }

    pub(crate) async fn ticketed_on(&self, offer: &Value, number: &str, adults: usize) -> Ticketed {
        let mut input = booking(offer, number);
        for index in 1..adults {
            let mut other = input["passenger_list"][0].clone();
            other["credential_no"] = json!(format!("11010119900307000{index}"));
            input["passenger_list"].as_array_mut().unwrap().push(other);
        }
        input["total_price"] = json!(input["total_price"].as_f64().unwrap() * adults as f64);
        self.ticketed_by(&input, number).await
    }

    /// A ticketed return order of one adult.
    pub(crate) async fn round_trip(&self, number: &str) -> Ticketed {
        let found = self
            .search(|input| {
                input["trip_type"] = json!(2);
                let back = json!({
                    "dep_city_code": "XMN", "arr_city_code": "BJS", "dep_date": "2030-05-23",
                });
                let journeys = input["search_od_info_list"].as_array_mut().unwrap();
                journeys.push(back);
            })
            .await;
        let offer = &found["flight_item_list"]["flight_item"][0];
        let mut input = booking(offer, number);
        input["trip_type"] = json!(2);
        let mut back = offer.clone();
        let journeys = &mut back["flight_route"]["flight_journey_list"]["flight_journey"];
        journeys.as_array_mut().unwrap().remove(0);
        let cabins = &mut back["flight_segment_cabin_relation"]["flight_segment_item"];
        cabins.as_array_mut().unwrap().remove(0);
        let back = booking(&back, number);
        for name in ["flight_journey_list", "flight_segment_cabin_relation"] {
            let more = back[name].as_array().unwrap().clone();
            input[name].as_array_mut().unwrap().extend(more);
        }
        self.ticketed_by(&input, number).await
    }

    async fn ticketed_by(&self, input: &Value, number: &str) -> Ticketed {
        let answer = self.call("airbook", "create_order_request", input).await;
        assert_eq!(answer["is_success"], true, "{answer}");
        let id = answer["order_id"].as_u64().unwrap();
        assert_eq!(self.pay(id).await["is_success"], true);
        self.advance(&format!("orders/{id}"), "ticketed").await;
        Ticketed {
            id,
            number: number.to_owned(),
            detail: self.detail(number).await,
        }
    }

    /// `POST /_simulator/<what>/advance`
    pub(crate) async fn advance(&self, what: &str, to: &str) -> Value {
        let url = format!("{}/_simulator/{what}/advance", self.base);
        let response = self.post(&url, &json!({"to": to})).await;
        assert_eq!(response.status(), 200);
        json_of(response).await
    }

    pub(crate) async fn render(&self, input: &Value) -> Value {
        self.call("refund.render", "render_refund_request", input)
            .await
    }

    pub(crate) async fn refund(&self, input: &Value) -> Value {
        self.call("refund.create", "create_refund_request", input)
            .await
    }

    pub(crate) async fn refund_detail(&self, number: &Value) -> Value {
        let input = json!({"refund_order_no": number});
        self.call("refund.detail", "query_refund_detail_request", &input)
            .await
    }

    /// The refunds in the list of an order.
    pub(crate) async fn refunds(&self, order_id: u64) -> Vec<Value> {
        let input = json!({"order_id": order_id});
        let answer = self
            .call("refund.list", "query_refund_list_request", &input)
            .await;
        assert_eq!(answer["is_success"], true, "{answer}");
        rows(&answer["refund_order_list"]["refund_order"])
    }

    pub(crate) async fn change(&self, input: &Value) -> Value {
        self.call("change.order.create", "create_change_order_request", input)
            .await
    }

    pub(crate) async fn pay_change(&self, number: &Value, total: &Value) -> Value {
        let input = json!({"change_order_no": number, "total_amount": total});
        self.call("change.order.pay", "pay_change_order_request", &input)
            .await
    }

    pub(crate) async fn cancel_change(&self, number: &Value) -> Value {
        let input = json!({"change_order_no": number});
        self.call("change.order.cancel", "cancel_change_order_request", &input)
            .await
    }

    /// The changes in the response.
    pub(crate) async fn changes(&self, input: Value) -> Vec<Value> {
        let answer = self
            .call("change.order.query", "query_change_order_request", &input)
            .await;
        assert_eq!(answer["is_success"], true, "{answer}");
        rows(&answer["change_order_list"]["change_order"])
    }
}

fn rows(list: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_default()
}
