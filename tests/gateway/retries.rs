//! The value of `retry` for requests without an `Idempotency-Key`.

use serde_json::json;

use crate::ticket::problem;
use crate::world::World;

#[tokio::test]
async fn a_refused_read_mentions_no_key() {
    for (fault, code, retry) in [
        ("refuse_unlisted", (422, "upstream_rejected"), "never"),
        ("timeout_nothing", (504, "upstream_timeout"), "later"),
        ("invalid_session", (502, "session_invalid"), "later"),
    ] {
        let world = World::start().await;
        let order = world.booked("READ-1").await;
        let path = format!("/v1/orders/{}", order["order_id"].as_str().unwrap());
        // As many times as the gateway attempts a read.
        world
            .fault(json!({"method": "detail", "fault": fault, "times": null}))
            .await;
        let refused = world.get(&path).await;
        assert_eq!(problem(&refused), code, "{refused:?}");
        assert_eq!(refused.body["retry"], retry, "{refused:?}");
    }
}
