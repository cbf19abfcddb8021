//! The feed of events: filters, long polls and streams.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{CHIEF, COSTS, KEYS, TRIPS, World};

/// An open stream of events.
struct Stream {
    response: reqwest::Response,
    unread: String,
}

impl Stream {
    async fn open(world: &World, query: &str, headers: &[(&str, &str)]) -> Self {
        let address = format!("{}/v1/events/stream{query}", world.gateway);
        let mut request = reqwest::Client::new().get(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut stream = Self {
            response,
            unread: String::new(),
        };
        let retry = stream.block().await.unwrap();
        let retry: u32 = retry.strip_prefix("retry: ").unwrap().parse().unwrap();
        assert!((2_000..6_000).contains(&retry), "{retry}");
        stream
    }

    /// The text up to the next blank line; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let block = block.to_owned();
                self.unread = rest.to_owned();
                return Some(block);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.response.chunk());
            let chunk = chunk.await.expect("the stream sends something").unwrap()?;
            self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event, after a check that its parts agree.
    async fn event(&mut self) -> Value {
        loop {
            let block = self.block().await.unwrap();
            if block.starts_with(':') {
                continue;
            }
            let field = |name: &str| {
                let mut lines = block.lines();
                lines
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap()
                    .trim()
                    .to_owned()
            };
            let event: Value = serde_json::from_str(&field("data:")).unwrap();
            assert_eq!(field("id:"), event["sequence"].to_string());
            assert_eq!(field("event:"), event["type"].as_str().unwrap());
            return event;
        }
    }
}

async fn page(world: &World, query: &str, headers: &[(&str, &str)]) -> Value {
    let page = world
        .get_with(&format!("/v1/events?{query}"), headers)
        .await;
    assert_eq!(page.status, 200, "{page:?}");
    page.body
}

fn types(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

/// Books an order as this caller.
async fn booked(world: &World, out_order_no: &str, caller: (&str, &str)) -> Value {
    let search = world
        .post_with(
            "/v1/flights/search",
            &[caller],
            &crate::world::search("BJS", "XMN"),
        )
        .await;
    let body = crate::world::booking(&search.body["items"][0], out_order_no);
    let headers = [caller, ("Idempotency-Key", out_order_no)];
    let booked = world.post_with("/v1/orders", &headers, &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    booked.created().clone()
}

#[tokio::test]
async fn events_are_selected_by_type_and_subject() {
    let world = World::start().await;
    let first = world.booked("FEED-1").await;
    let second = world.booked("FEED-2").await;
    assert_eq!(world.pay(&first, "pay", 20).await.status, 200);
    let all = page(&world, "limit=200", &[]).await;
    let end = all["next_after"].as_i64().unwrap();
    // On a busy machine an outcome may be unknown at first.
    let mut settled = types(&all);
    settled.retain(|kind| *kind != "operation.unknown");
    assert_eq!(
        settled,
        [
            "operation.settled",
            "order.booked",
            "operation.settled",
            "order.booked",
            "operation.settled",
            "order.paid"
        ]
    );

    let orders = page(&world, "types=order.booked,order.paid,order.paid", &[]).await;
    assert_eq!(
        types(&orders),
        ["order.booked", "order.booked", "order.paid"]
    );
    // The rest of the feed holds no such event, so a reader continues at its end.
    assert_eq!(orders["next_after"], end);
    let full = page(&world, "types=order.booked,order.paid&limit=2", &[]).await;
    assert_eq!(full["items"][1]["sequence"], full["next_after"]);
    let next = format!(
        "types=order.booked,order.paid&limit=2&after={}",
        full["next_after"]
    );
    assert_eq!(types(&page(&world, &next, &[]).await), ["order.paid"]);

    let id = second["order_id"].as_str().unwrap();
    let about = page(&world, &format!("subject={id}"), &[]).await;
    assert_eq!(types(&about), ["order.booked"]);
    assert_eq!(about["items"][0]["subject"], id);
    let none = page(&world, &format!("subject={id}&types=order.paid"), &[]).await;
    assert_eq!((types(&none).len(), &none["next_after"]), (0, &json!(end)));
}

#[tokio::test]
async fn a_query_that_is_not_understood_says_what_is_expected() {
    let world = World::start().await;
    for (path, pointer) in [
        ("/v1/events?types=order.lost", "query/types"),
        ("/v1/events?types=", "query/types"),
        ("/v1/events?types=order.paid,,", "query/types"),
        ("/v1/events?subject=", "query/subject"),
        ("/v1/events?subject=%E5%BC%A0", "query/subject"),
        ("/v1/events?wait=61s", "query/wait"),
        ("/v1/events/stream?wait=1s", "query"),
        ("/v1/events/stream?after=-1", "query/after"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        let error = &answer.body["errors"][0];
        assert!(
            error["pointer"].as_str().unwrap().starts_with(pointer),
            "{path}: {error}"
        );
        assert!(error["message"].as_str().unwrap().contains("expected") || pointer == "query");
    }
    for id in ["x", "-1", "9007199254740992"] {
        let answer = world
            .get_with("/v1/events/stream", &[("Last-Event-ID", id)])
            .await;
        assert_eq!(answer.status, 400, "{id}: {answer:?}");
        assert_eq!(answer.body["errors"][0]["pointer"], "header/Last-Event-ID");
    }
}

#[tokio::test]
async fn a_long_poll_returns_with_the_event_that_it_waits_for() {
    let world = World::start_with(KEYS, |_| {}).await;
    let order = booked(&world, "POLL-1", TRIPS).await;
    let path = format!("/v1/orders/{}/payment", order["order_id"].as_str().unwrap());
    let total = json!({"total_price": order["total_price"]});
    let end = page(&world, "", &[CHIEF]).await["next_after"].clone();
    let query = format!("after={end}&types=order.paid&wait=60s");
    let callers = [TRIPS];
    let paid = page(&world, &query, &callers);
    let work = async {
        // An order of another caller, and events of another type, do not end the wait.
        booked(&world, "POLL-2", COSTS).await;
        let headers = [TRIPS, ("Idempotency-Key", "pay")];
        assert_eq!(world.post_with(&path, &headers, &total).await.status, 200);
    };
    let (paid, ()) = tokio::join!(paid, work);
    assert_eq!(types(&paid), ["order.paid"]);
    // Without an event the page is empty once the time is over.
    let end = page(&world, "", &[CHIEF]).await["next_after"].clone();
    let nothing = page(&world, &format!("after={end}&wait=1s"), &[TRIPS]).await;
    assert_eq!((types(&nothing).len(), &nothing["next_after"]), (0, &end));
}

#[tokio::test]
async fn a_stream_sends_past_and_new_events_and_resumes_after_the_last_one() {
    let mut env = KEYS.to_vec();
    // A short heartbeat.
    env.push(("GATEWAY__SERVER__IDLE_TIMEOUT", "3s"));
    let world = World::start_with(&env, |_| {}).await;
    let order = booked(&world, "STREAM-1", TRIPS).await;
    let mut stream = Stream::open(&world, "?types=order.booked,order.paid", &[TRIPS]).await;
    assert_eq!(
        stream.response.headers()["content-type"],
        "text/event-stream"
    );
    assert_eq!(stream.response.headers()["x-accel-buffering"], "no");
    assert_eq!(stream.response.headers()["cache-control"], "no-store");
    let past = stream.event().await;
    assert_eq!(
        (&past["type"], &past["subject"]),
        (&json!("order.booked"), &order["order_id"])
    );
    booked(&world, "STREAM-2", COSTS).await;
    let path = format!("/v1/orders/{}/payment", order["order_id"].as_str().unwrap());
    let total = json!({"total_price": order["total_price"]});
    let headers = [TRIPS, ("Idempotency-Key", "pay")];
    assert_eq!(world.post_with(&path, &headers, &total).await.status, 200);
    let new = stream.event().await;
    assert_eq!(
        (&new["type"], &new["subject"]),
        (&json!("order.paid"), &order["order_id"])
    );
    drop(stream);

    // A client that has seen the first event gets only the second one, whatever `after` was.
    let id = past["sequence"].to_string();
    let headers = [TRIPS, ("Last-Event-ID", &*id)];
    let query = "?types=order.booked,order.paid&after=0";
    let mut resumed = Stream::open(&world, query, &headers).await;
    assert_eq!(resumed.event().await, new);
    // A quiet stream moves the position of its client on, so that it does not begin in the past again. An empty header
    // counts as none.
    let mut quiet = Stream::open(
        &world,
        "?types=refund.created",
        &[TRIPS, ("Last-Event-ID", "")],
    )
    .await;
    let end = page(&world, "", &[CHIEF]).await["next_after"].clone();
    assert_eq!(
        quiet.block().await.unwrap(),
        format!(": waiting\nid: {end}")
    );
    // The other caller sees its own events, an operator all.
    let mut theirs = Stream::open(&world, "?types=order.booked", &[COSTS]).await;
    assert_ne!(theirs.event().await["subject"], order["order_id"]);
    let mut all = Stream::open(&world, "", &[CHIEF]).await;
    let listed = page(&world, "", &[CHIEF]).await;
    for event in listed["items"].as_array().unwrap() {
        assert_eq!(all.event().await, *event);
    }
}

#[tokio::test]
async fn an_idle_stream_sends_comments_and_the_number_of_streams_is_limited() {
    let world = World::start_with(
        &[
            ("GATEWAY__SERVER__MAX_LISTENERS", "1"),
            ("GATEWAY__SERVER__IDLE_TIMEOUT", "300ms"),
        ],
        |_| {},
    )
    .await;
    let mut stream = Stream::open(&world, "", &[]).await;
    for _ in 0..3 {
        assert_eq!(stream.block().await.unwrap(), ": waiting\nid: 0");
    }
    // Streams do not take the places of other requests, but long polls count as listeners.
    let poll = world.get("/v1/events?wait=1s").await;
    assert_eq!(
        (poll.status, &poll.body["code"]),
        (503, &json!("overloaded"))
    );
    assert_eq!(world.get("/v1/events").await.status, 200);
    let refused = world.get("/v1/events/stream").await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (503, &json!("overloaded"))
    );
    drop(stream);
    // The gateway notices the end of the first stream when it next writes.
    let limit = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let address = format!("{}/v1/events/stream", world.gateway);
        let answer = reqwest::Client::new().get(address).send().await.unwrap();
        if answer.status() == 200 {
            break;
        }
        assert!(
            tokio::time::Instant::now() < limit,
            "the permit is not free again"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
