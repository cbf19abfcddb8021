//! Secrets, signatures and addresses of webhooks never leak into the log or the journal's files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::receiver::{Closed, Receiver};
use super::{create, order};
use crate::logged::{Captured, SLOW, assert_absent, holds, passes_in_a_child};
use crate::world::{World, metrics};

const PATH: &str = "canary-path-5f1c7e0b9a";
const QUERY: &str = "canary-query-77aa01d2c3";
const SEAL_KEY: &str = "c0ffee00c0ffee01c0ffee02c0ffee03c0ffee04c0ffee05c0ffee06c0ffee07";

#[test]
fn no_secret_signature_or_address_of_a_webhook_leaks() {
    passes_in_a_child("webhooks::leaks::everything_is_logged_in_a_child_process");
}

#[tokio::test]
#[ignore = "takes over the log of its process; the test above runs it in a child process"]
async fn everything_is_logged_in_a_child_process() {
    let Some(log) = Captured::in_the_child() else {
        return;
    };
    let seal_key = [("GATEWAY__STORE__SEAL_KEY", SEAL_KEY)];
    let world = World::start_with(&[&seal_key, SLOW].concat(), |_| {}).await;
    let path = format!("/{PATH}?token={QUERY}");
    let receiver = Receiver::accepting();
    let refusing = Receiver::answering(|_| 503.into());
    let closed = Closed::new();
    let mut secrets = Vec::new();
    let hook = create(&world, &[], &receiver.url(&path), &json!({})).await;
    let refused = create(&world, &[], &refusing.url(&path), &json!({})).await;
    let unreachable = create(&world, &[], &closed.url(&path), &json!({})).await;
    let name = format!("http://localhost:{}{path}", receiver.port());
    let by_name = create(&world, &[], &name, &json!({})).await;
    // A listed host without an address.
    let unknown = create(
        &world,
        &[],
        &format!("https://nothing.invalid{path}"),
        &json!({}),
    )
    .await;
    let hooks = [&hook, &refused, &unreachable, &by_name, &unknown];
    for hook in hooks {
        secrets.push(hook.secret.clone());
        let rotated = hook.post(&world, "/rotate-secret", 200, &json!({})).await;
        secrets.push(rotated["secret"].as_str().unwrap().to_owned());
        hook.post(&world, "/ping", 200, &json!({})).await;
        hook.wake(&world).await;
    }
    order(&world, "LEAK-1").await;
    receiver.until_count(8).await;
    refusing.until_count(3).await;
    for hook in [&refused, &unreachable, &unknown] {
        hook.until_list(&world, "/attempts", |attempts| !attempts.is_empty())
            .await;
    }
    // Refused requests, too.
    for url in [
        format!("http://user:{QUERY}@127.0.0.1/{PATH}"),
        format!("ftp://127.0.0.1/{PATH}?{QUERY}"),
        format!("http://169.254.169.254/{PATH}?{QUERY}"),
        receiver.url(&path),
    ] {
        let answer = super::try_create(&world, &[], &url, &json!({})).await;
        assert!(answer.status >= 400, "{answer:?}");
        let text = answer.body.to_string();
        assert!(!text.contains(PATH) && !text.contains(QUERY), "{text}");
    }
    until_delivered_to_each(&world, &hook, &receiver).await;

    let mut canaries: Vec<Vec<u8>> = vec![PATH.into(), QUERY.into(), SEAL_KEY.into()];
    let mut keys = Vec::new();
    for secret in &secrets {
        let base64 = secret.strip_prefix("whsec_").unwrap();
        let key = STANDARD.decode(base64).unwrap();
        canaries.extend([
            base64.as_bytes().to_vec(),
            key.clone(),
            format!("{key:?}").into_bytes(),
        ]);
        keys.extend([base64.as_bytes().to_vec(), key]);
    }
    let mut signatures = 0;
    for message in receiver.messages().iter().chain(&refusing.messages()) {
        for signature in message.signatures() {
            canaries.push(signature.strip_prefix("v1,").unwrap().into());
            signatures += 1;
        }
    }
    assert!(signatures > 10 && secrets.len() == 10);

    let log = log.bytes();
    let text = String::from_utf8_lossy(&log);
    for crate_name in ["fliggy_gateway", "hyper", "reqwest", "sqlx"] {
        assert!(text.contains(crate_name), "{crate_name} logged nothing");
    }
    assert!(text.contains("an event was sent to a webhook"));
    assert!(text.contains("no connection to the endpoint of a webhook"));
    for canary in &canaries {
        assert_absent("log", &log, canary);
        assert!(!holds(metrics().render().as_bytes(), canary), "metrics");
    }

    // The journal's files, byte by byte, including the latest writes. They hold the addresses, which is what they are for.
    let files = world.journal_files().into_iter();
    let stored = files.flat_map(|(_, bytes)| bytes).collect::<Vec<_>>();
    assert!(
        holds(&stored, PATH.as_bytes()),
        "the search must find text that is there"
    );
    assert!(!holds(&stored, b"whsec_"));
    for key in keys {
        assert!(!holds(&stored, &key));
    }
}

/// Two webhooks share the endpoint.
async fn until_delivered_to_each(world: &World, hook: &super::Hook, receiver: &Receiver) {
    let events = super::feed(world, hook).await;
    receiver
        .until(|all| {
            let is_event = |message: &&super::Message| message.kind() != "webhook.ping";
            all.iter().filter(is_event).count() >= 2 * events.len()
        })
        .await;
}
