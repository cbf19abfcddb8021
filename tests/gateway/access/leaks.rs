//! API keys never leak into the log, the journal's files, metrics or other responses.

use serde_json::json;

use crate::logged::{Captured, SLOW, assert_absent, holds, passes_in_a_child};
use crate::world::{CHIEF, KEYS, World, metrics};

#[test]
fn no_api_key_leaks() {
    passes_in_a_child("access::leaks::everything_is_logged_in_a_child_process");
}

#[tokio::test]
#[ignore = "takes over the log of its process; the test above runs it in a child process"]
async fn everything_is_logged_in_a_child_process() {
    let Some(log) = Captured::in_the_child() else {
        return;
    };
    let world = World::start_with(&[KEYS, SLOW].concat(), |_| {}).await;
    let mut secrets = vec![CHIEF.1.to_owned()];
    let mut shown = Vec::new();
    let new = json!({"caller": "canary-caller", "scopes": ["orders:read", "operator"]});
    let created = world.post_with("/v1/keys", &[CHIEF], &new).await;
    assert_eq!(created.status, 201, "{created:?}");
    let key = created.body["api_key"].as_str().unwrap().to_owned();
    let path = format!("/v1/keys/{}", created.body["key"]["id"].as_str().unwrap());
    let rotate = format!("{path}/rotate-secret");
    let overlap = json!({"overlap_seconds": 60});
    // A key may rotate itself, so requests with both keys are logged.
    let rotated = world
        .post_with(&rotate, &[("X-Api-Key", &key)], &overlap)
        .await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let newer = rotated.body["api_key"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {newer}");
    for headers in [("X-Api-Key", &*key), ("Authorization", &*bearer)] {
        let listed = world.get_with("/v1/keys", &[headers]).await;
        assert_eq!(listed.status, 200, "{listed:?}");
        shown.push(listed.body.to_string());
    }
    // Keys with an error, in either header.
    let broken = format!("{}canary-tail", &key[..60]);
    let bearer = format!("Bearer {broken}");
    for headers in [("X-Api-Key", &*broken), ("Authorization", &*bearer)] {
        let refused = world.get_with("/v1/keys", &[headers]).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        shown.push(refused.body.to_string());
    }
    let third = world.post_with(&rotate, &[CHIEF], &overlap).await;
    assert_eq!(third.status, 409, "{third:?}");
    let revoked = world
        .post_with(&format!("{path}/revoke"), &[CHIEF], &json!({}))
        .await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let ended = world.get_with("/v1/keys", &[("X-Api-Key", &newer)]).await;
    assert_eq!(ended.status, 401, "{ended:?}");
    shown.extend([third, revoked, ended].map(|answer| answer.body.to_string()));

    for key in [&key, &newer] {
        secrets.push(key.clone());
        // The part after the id.
        secrets.push(key[37..].to_owned());
    }
    secrets.extend(["canary-tail", &key[37..60]].map(str::to_owned));
    let log = log.bytes();
    // The log is complete: it contains what may be logged.
    assert!(holds(&log, b"canary-caller"));
    let files = world.journal_files();
    assert!(
        files
            .iter()
            .any(|(_, bytes)| holds(bytes, b"canary-caller"))
    );
    for secret in &secrets {
        let secret = secret.as_bytes();
        assert_absent("the log", &log, secret);
        for (path, bytes) in &files {
            assert_absent(&path.display().to_string(), bytes, secret);
        }
        assert_absent("the metrics", metrics().render().as_bytes(), secret);
        for answer in &shown {
            assert_absent("a response", answer.as_bytes(), secret);
        }
    }
}
