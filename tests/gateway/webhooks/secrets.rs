//! Secrets of webhooks and their rotation.

use jiff::SignedDuration;
use serde_json::json;

use super::receiver::{Message, Receiver};
use super::{Hook, hook_of, order, until_delivered};
use crate::ticket::problem;
use crate::world::World;

/// A test message of the webhook.
async fn pinged(world: &World, hook: &Hook, receiver: &Receiver) -> Message {
    let before = receiver.messages().len();
    let ping = hook.post(world, "/ping", 200, &json!({})).await;
    assert_eq!(ping["outcome"], "delivered", "{ping}");
    assert_eq!(ping["status"], 200);
    let messages = receiver.messages();
    assert_eq!(messages.len(), before + 1);
    let message = messages[before].clone();
    assert_eq!(message.kind(), "webhook.ping");
    assert_eq!(message.event()["webhook_id"], json!(hook.id));
    message
}

async fn rotated(world: &World, hook: &Hook, body: serde_json::Value) -> String {
    let rotated = hook.post(world, "/rotate-secret", 200, &body).await;
    rotated["secret"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn during_the_overlap_both_secrets_sign_and_then_the_new_one_only() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let first = &hook.secret;
    pinged(&world, &hook, &receiver).await.verify(first);
    let second = rotated(&world, &hook, json!({"overlap_seconds": 3600})).await;
    assert_ne!(*first, second);
    let message = pinged(&world, &hook, &receiver).await;
    message.verify(first);
    message.verify(&second);
    assert_eq!(message.signatures().len(), 2);

    world.clock.jump_wall(SignedDuration::from_secs(3601));
    let message = pinged(&world, &hook, &receiver).await;
    assert!(message.is_signed_with(&second) && !message.is_signed_with(first));
    assert_eq!(message.signatures().len(), 1);

    // Events are signed like test messages.
    order(&world, "ROTATED-1").await;
    let messages = receiver.messages().len();
    let mut all = receiver.until(|all| all.len() >= messages.max(4)).await;
    all.retain(|message| message.kind() != "webhook.ping");
    assert!(!all.is_empty());
    for message in all {
        assert!(message.is_signed_with(&second) && !message.is_signed_with(first));
    }
}

#[tokio::test]
async fn a_rotation_without_overlap_ends_all_earlier_secrets() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let second = rotated(&world, &hook, json!({})).await;
    let third = rotated(&world, &hook, json!({"overlap_seconds": 0})).await;
    let message = pinged(&world, &hook, &receiver).await;
    message.verify(&third);
    assert!(!message.is_signed_with(&second) && !message.is_signed_with(&hook.secret));
    assert_eq!(message.signatures().len(), 1);
}

#[tokio::test]
async fn at_most_4_secrets_are_in_force() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let mut secrets = vec![hook.secret.clone()];
    for _ in 0..3 {
        secrets.push(rotated(&world, &hook, json!({"overlap_seconds": 600})).await);
    }
    let message = pinged(&world, &hook, &receiver).await;
    assert_eq!(message.signatures().len(), 4);
    assert!(secrets.iter().all(|secret| message.is_signed_with(secret)));
    let path = hook.path("/rotate-secret");
    let version = hook.get(&world).await["version"].clone();
    let refused = world.post_with(&path, &[], &json!({})).await;
    assert_eq!(problem(&refused), (409, "webhook_limit"), "{refused:?}");
    assert_eq!(hook.get(&world).await["version"], version);
    for body in [
        json!({"overlap_seconds": 604_801}),
        json!({"overlap_seconds": -1}),
        json!({"overlap": 1}),
    ] {
        let refused = world.post_with(&path, &[], &body).await;
        assert_eq!(refused.status, 400, "{refused:?}");
    }
    world.clock.jump_wall(SignedDuration::from_secs(601));
    let newest = rotated(&world, &hook, json!({"overlap_seconds": 600})).await;
    let message = pinged(&world, &hook, &receiver).await;
    assert_eq!(message.signatures().len(), 2);
    assert!(message.is_signed_with(&newest) && message.is_signed_with(&secrets[3]));
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let second = rotated(&world, &hook, json!({})).await;
    order(&world, "SECRET-1").await;
    until_delivered(&world, &hook, &receiver).await;
    for path in ["", "/deliveries", "/attempts"] {
        let shown = world.get(&hook.path(path)).await;
        let text = shown.body.to_string();
        assert!(!text.contains("whsec_"), "{text}");
        assert!(!text.contains(&hook.secret[6..]) && !text.contains(&second[6..]));
    }
    let listed = world.get("/v1/webhooks").await.body.to_string();
    assert!(listed.contains(&hook.id) && !listed.contains("whsec_"));
}
