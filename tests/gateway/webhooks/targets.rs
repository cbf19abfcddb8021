//! Addresses to which the gateway must not connect.

use serde_json::json;

use super::receiver::{Receiver, Reply};
use super::{create, hook_of, order, try_create};
use crate::ticket::{field_errors, problem};
use crate::world::World;

#[tokio::test]
async fn an_address_that_is_never_a_target_is_refused_and_not_stored() {
    let world = World::start_with(&[("GATEWAY__WEBHOOKS__ALLOW", "127.0.0.0/8")], |_| {}).await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let before = hook.get(&world).await;
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "http://2852039166/latest/meta-data/",
        "http://0xa9fea9fe/",
        "http://100.100.100.200/",
        "http://[::ffff:169.254.169.254]/",
        "https://[::ffff:a9fe:a9fe]/",
        "http://[fe80::1]/",
        "http://10.1.2.3/",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://[::1]/",
        "http://0.0.0.0/",
        "https://user:pw@host.example/",
        "http://user@127.0.0.1/",
        "https://host.example/#fragment",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "/relative",
        "no address",
    ] {
        let refused = try_create(&world, &[], url, &json!({})).await;
        assert_eq!(
            problem(&refused),
            (422, "target_not_allowed"),
            "{url}: {refused:?}"
        );
        assert_eq!(field_errors(&refused)[0].0, "/url", "{url}: {refused:?}");
        // The text does not repeat the address.
        assert!(!refused.body.to_string().contains(url), "{refused:?}");
        let settings = json!({"url": url});
        let refused = hook.put(&world, &before["version"], &settings).await;
        assert_eq!(problem(&refused), (422, "target_not_allowed"), "{url}");
    }
    let listed = world.get("/v1/webhooks").await;
    assert_eq!(listed.body["items"], json!([before]));
}

#[tokio::test]
async fn plain_http_is_for_listed_targets_only() {
    let world = World::start_with(
        &[("GATEWAY__WEBHOOKS__ALLOW", "*.internal.example")],
        |_| {},
    )
    .await;
    for url in [
        "http://example.com/",
        "http://127.0.0.1/",
        "http://8.8.8.8/",
    ] {
        let refused = try_create(&world, &[], url, &json!({})).await;
        assert_eq!(
            problem(&refused),
            (422, "target_not_allowed"),
            "{url}: {refused:?}"
        );
        assert_eq!(field_errors(&refused)[0].0, "/url");
    }
    for url in [
        "https://example.com/hook",
        "http://apps.internal.example/hook",
    ] {
        create(&world, &[], url, &json!({})).await;
    }
}

#[tokio::test]
async fn a_name_of_this_machine_is_not_reached_unless_its_network_is_listed() {
    for (allow, outcome) in [("localhost", "not_allowed"), ("127.0.0.0/8", "delivered")] {
        let more = [("GATEWAY__WEBHOOKS__ALLOW", allow)];
        let world = World::start_with(&more, |_| {}).await;
        let receiver = Receiver::accepting();
        let url = format!("http://localhost:{}/", receiver.port());
        let hook = create(&world, &[], &url, &json!({"types": ["order.booked"]})).await;
        let ping = hook.post(&world, "/ping", 200, &json!({})).await;
        assert_eq!(ping["outcome"], outcome, "{ping}");
        order(&world, "TARGET-1").await;
        let attempts = hook
            .until_list(&world, "/attempts", |attempts| !attempts.is_empty())
            .await;
        assert_eq!(attempts[0]["outcome"], outcome);
        if outcome == "not_allowed" {
            assert!(ping["status"].is_null() && attempts[0]["status"].is_null());
            assert_eq!(receiver.connections(), 0);
        }
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::start().await;
    let target = Receiver::accepting();
    let receiver = Receiver::accepting();
    let hook = create(
        &world,
        &[],
        &receiver.url("/"),
        &json!({"types": ["order.booked"]}),
    )
    .await;
    for status in [301, 302, 303, 307, 308] {
        let location = target.url("/elsewhere");
        receiver.answer(move |_| Reply {
            headers: vec![("location", location.clone())],
            ..status.into()
        });
        let ping = hook.post(&world, "/ping", 200, &json!({})).await;
        assert_eq!(
            (&ping["outcome"], &ping["status"]),
            (&json!("refused"), &json!(status))
        );
    }
    order(&world, "REDIRECTED-1").await;
    let attempts = hook
        .until_list(&world, "/attempts", |attempts| !attempts.is_empty())
        .await;
    assert_eq!(
        (&attempts[0]["outcome"], &attempts[0]["status"]),
        (&json!("refused"), &json!(308))
    );
    assert_eq!(target.connections(), 0);
}
