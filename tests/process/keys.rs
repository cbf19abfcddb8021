//! The command `keys`: on the journal of a gateway that does not run, and through a running one.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::world::{Gateway, World, binary, read};

const JOURNAL: &str = "keys.db";
const WITH_KEYS: (&str, &str) = ("GATEWAY__AUTH__MODE", "keys");

/// What a command printed, and its exit status.
#[derive(Debug)]
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    /// The JSON that a command printed.
    fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    fn failed(&self, status: i32, parts: &[&str]) {
        assert_eq!((self.status, &*self.stdout), (status, ""), "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "{part}: {self:?}");
        }
    }
}

impl World {
    /// Runs `keys` with the configuration of a gateway.
    async fn keys(&self, args: &[&str], env: &[(&str, &str)]) -> Ran {
        self.keys_into(args, env, Stdio::piped()).await
    }

    /// Like [`World::keys`], with this standard output.
    async fn keys_into(&self, args: &[&str], env: &[(&str, &str)], stdout: Stdio) -> Ran {
        let mut command: Command = binary();
        command.arg("keys").args(args);
        self.on_journal(&mut command, JOURNAL, &[&[WITH_KEYS], env].concat());
        command.stdout(stdout).stderr(Stdio::piped());
        let ran = command.spawn().unwrap().wait_with_output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            status: ran.status.code().unwrap(),
            stdout: text(ran.stdout),
            stderr: text(ran.stderr),
        }
    }

    async fn key_gateway(&self) -> Gateway {
        self.gateway(JOURNAL, &[WITH_KEYS]).await
    }

    /// The status of a request with this key.
    async fn status(&self, gateway: &Gateway, path: &str, key: &str) -> u16 {
        let http = reqwest::Client::new();
        let request = http.get(format!("{}{path}", gateway.address));
        read(request.bearer_auth(key)).await.unwrap().status
    }
}

fn api_key(created: &Value) -> &str {
    created["api_key"].as_str().unwrap()
}

#[tokio::test]
async fn keys_are_created_before_the_gateway_runs_and_managed_while_it_runs() {
    let world = World::start().await;
    let first = [
        "create",
        "ops",
        "--scopes",
        "operator,orders:read",
        "--json",
    ];
    let created = world.keys(&first, &[]).await.json();
    let chief = api_key(&created);
    assert_eq!(created["key"]["created_by"], "command line");
    assert_eq!(created["key"]["scopes"], json!(["orders:read", "operator"]));
    let listed = world.keys(&["list"], &[]).await;
    assert_eq!(listed.status, 0, "{listed:?}");
    let id = created["key"]["id"].as_str().unwrap();
    assert!(listed.stdout.contains(id), "{listed:?}");

    let mut gateway = world.key_gateway().await;
    assert_eq!(world.status(&gateway, "/v1/orders", "").await, 401);
    assert_eq!(world.status(&gateway, "/v1/keys", chief).await, 200);
    // The journal is in use, and the message names the other way.
    let refused = world.keys(&["list"], &[]).await;
    refused.failed(1, &["another process holds", "--url"]);

    let url = ["--url", &*gateway.address];
    let by_chief = [("GATEWAY_API_KEY", chief)];
    let through = async |args: &[&str]| world.keys(&[args, &url].concat(), &by_chief).await;
    let app = ["create", "app", "--scopes", "orders:read", "--json"];
    let app = through(&app).await.json();
    assert_eq!(app["key"]["created_by"], "ops");
    assert_eq!(
        world
            .status(&gateway, "/v1/operations", api_key(&app))
            .await,
        200
    );
    assert_eq!(
        world.status(&gateway, "/v1/events", api_key(&app)).await,
        403
    );

    // What an update does not name stays as it is.
    let described = [
        "update",
        "app",
        "--description",
        "the booking app",
        "--json",
    ];
    through(&described).await.json();
    let more = ["update", "app", "--scopes", "orders:read,events", "--json"];
    let more = through(&more).await.json();
    assert_eq!(more["description"], "the booking app");
    assert_eq!(
        world.status(&gateway, "/v1/events", api_key(&app)).await,
        200
    );

    let rotated = through(&["rotate", "app", "--overlap", "0", "--json"]).await;
    let rotated = rotated.json();
    for (key, status) in [(api_key(&app), 401), (api_key(&rotated), 200)] {
        assert_eq!(world.status(&gateway, "/v1/operations", key).await, status);
    }
    // The key that was just returned survives a kill.
    gateway.process.kill().await;
    let mut gateway = world.key_gateway().await;
    let key = api_key(&rotated);
    assert_eq!(world.status(&gateway, "/v1/operations", key).await, 200);

    let file = world.path("chief.key");
    std::fs::write(&file, format!("{chief}\n")).unwrap();
    let app_id = app["key"]["id"].as_str().unwrap();
    let by_file = ["--api-key-file", file.to_str().unwrap()];
    let url = ["--url", &*gateway.address];
    let revoke = [&["revoke", app_id, "--json"][..], &url, &by_file].concat();
    let revoked = world.keys(&revoke, &[]).await.json();
    assert_eq!(revoked["state"], "revoked");
    assert_eq!(world.status(&gateway, "/v1/operations", key).await, 401);

    gateway.stop().await;
    let output = gateway.process.whole_output().await;
    for secret in [chief, api_key(&app), key] {
        assert!(!output.contains(secret), "{output}");
    }
    let listed = world.keys(&["list", "--json"], &[]).await.json();
    let listed = listed.as_array().unwrap();
    let states = listed
        .iter()
        .map(|key| ["caller", "state"].map(|name| &key[name]));
    let expected = [["ops", "active"], ["app", "revoked"]];
    assert_eq!(states.collect::<Vec<_>>(), expected);
    // The last uses were stored when the gateway stopped.
    let mut secrets = listed.iter().map(|key| &key["secrets"][0]);
    assert!(secrets.all(|secret| secret["last_used_at"].is_string()));
}

#[tokio::test]
async fn a_refused_command_says_what_to_do() {
    let world = World::start().await;
    let created = world
        .keys(&["create", "app", "--scopes", "search", "--json"], &[])
        .await
        .json();
    let id = created["key"]["id"].as_str().unwrap();
    let past = "2020-01-01T00:00:00Z";
    for (args, status, parts) in [
        (&["create", "app"][..], 2, &["--scopes"][..]),
        (
            &["create", "app", "--scopes", "buy"],
            2,
            &["buy", "after_sales"],
        ),
        (&["create", "a b", "--scopes", "search"], 2, &["a b"]),
        (&["create", "app", "--scopes", "search"], 1, &[id]),
        (&["revoke", "nobody"], 1, &["nobody"]),
        (&["update", "app", "--expires", past], 2, &["past"]),
        (
            &["update", "app", "--expires", "tomorrow"],
            2,
            &["2030-05-20T08:45:00+08:00", "never"],
        ),
        (
            &["update", "app", "--accounts", "other"],
            2,
            &["--accounts contains"],
        ),
        (&["update", "app"], 2, &["nothing to change", "--scopes"]),
        (&["rotate", "app", "--overlap", "8d"], 2, &["7 days"]),
        (
            &["list", "--url", "http://127.0.0.1:9"],
            1,
            &["http://127.0.0.1:9"],
        ),
    ] {
        world.keys(args, &[]).await.failed(status, parts);
    }
    let ops = ["create", "ops", "--scopes", "operator", "--json"];
    let ops = world.keys(&ops, &[]).await.json();
    let gateway = world.key_gateway().await;
    let list = &["list"][..];
    let base = &*gateway.address;
    let below = format!("{base}/v1");
    let name_key = &["requires an API key", "GATEWAY_API_KEY", "--api-key-file"][..];
    for (args, url, key, parts) in [
        (
            list,
            base,
            Some("nonsense"),
            &["401", "unauthorized", "GATEWAY_API_KEY"][..],
        ),
        (list, base, Some(api_key(&created)), &["403"]),
        (list, base, None, name_key),
        (list, base, Some(""), name_key),
        (list, &below, Some(api_key(&ops)), &["404", "--url", "/v1"]),
        (
            &["update", "app", "--accounts", "other"],
            base,
            Some(api_key(&ops)),
            &["400", "--accounts contains"],
        ),
        (
            &["revoke", "019755e0-0000-7000-8000-000000000000"],
            base,
            Some(api_key(&ops)),
            &["no key"],
        ),
    ] {
        let env: Vec<_> = key
            .map(|key| ("GATEWAY_API_KEY", key))
            .into_iter()
            .collect();
        let refused = world.keys(&[args, &["--url", url]].concat(), &env).await;
        refused.failed(1, parts);
        assert!(!refused.stderr.contains(".."), "{refused:?}");
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
    }
}

#[tokio::test]
async fn all_and_none_are_words_of_the_accounts_options() {
    let world = World::start().await;
    let create = ["create", "app", "--scopes", "search", "--json"];
    world.keys(&create, &[]).await.json();
    for (args, accounts, default) in [
        (
            ["--accounts", "default", "--default-account", "default"],
            json!(["default"]),
            json!("default"),
        ),
        (
            ["--accounts", "all", "--default-account", "none"],
            Value::Null,
            Value::Null,
        ),
    ] {
        let update = [&["update", "app", "--json"][..], &args].concat();
        let updated = world.keys(&update, &[]).await.json();
        assert_eq!(updated["accounts"], accounts);
        assert_eq!(updated["default_account"], default);
    }
}

#[tokio::test]
async fn only_create_creates_the_journal_and_every_command_names_it() {
    let world = World::start().await;
    let journal = world.path(JOURNAL);
    let path = journal.to_str().unwrap();
    for args in [
        &["list"][..],
        &["update", "app", "--scopes", "pay"],
        &["rotate", "app"],
        &["revoke", "app"],
    ] {
        let refused = world.keys(args, &[]).await;
        refused.failed(1, &["no journal", path, "store.url"]);
        assert!(!journal.exists(), "{args:?}");
    }
    let past = ["--expires", "2020-01-01T00:00:00Z"];
    let create = ["create", "app", "--scopes", "search", "--json"];
    let refused = world.keys(&[&create[..], &past].concat(), &[]).await;
    refused.failed(2, &["--expires is in the past"]);
    assert!(!journal.exists());

    let created = world.keys(&create, &[]).await;
    created.json();
    assert!(
        created.stderr.contains("created the journal"),
        "{created:?}"
    );
    // A relative path is shown as an absolute one.
    let mut command = binary();
    command.args(["keys", "list", "--json"]);
    world.on_journal(&mut command, JOURNAL, &[WITH_KEYS]);
    command.env("GATEWAY__STORE__URL", format!("sqlite://{JOURNAL}"));
    command.current_dir(world.dir.path());
    let listed = command.output().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&listed.stdout).is_ok());
    let named = String::from_utf8(listed.stderr).unwrap();
    assert_eq!(named, format!("fliggy-gateway: the journal is {path}\n"));

    let back = "DROP TABLE api_keys; DROP TABLE api_key_secrets; PRAGMA user_version = 9;";
    world.sql(JOURNAL, back).await;
    let converted = world.keys(&["list", "--json"], &[]).await;
    assert_eq!(converted.json(), json!([]));
    for part in [path, "converted from version 9"] {
        assert!(converted.stderr.contains(part), "{converted:?}");
    }

    // The command removes the mark of the unclean stop, so it must warn in place of the next start.
    let mut gateway = world.key_gateway().await;
    gateway.process.kill().await;
    std::fs::remove_file(world.path("keys.db-wal")).unwrap();
    let copied = world.keys(&["list", "--json"], &[]).await;
    assert_eq!(copied.json(), json!([]));
    let warning = "its -wal file is missing";
    assert!(copied.stderr.contains(warning), "{copied:?}");
    let closed = world.keys(&["list"], &[]).await;
    assert!(!closed.stderr.contains(warning), "{closed:?}");
}

#[tokio::test]
async fn a_secret_that_was_not_printed_is_an_error() {
    let world = World::start().await;
    let create = &["create", "app", "--scopes", "search"][..];
    let id = async || {
        let listed = world.keys(&["list", "--json"], &[]).await.json();
        listed[0]["id"].as_str().unwrap().to_owned()
    };
    // Nobody reads from the pipe.
    let closed = || Stdio::from(std::io::pipe().unwrap().1);
    let lost = world.keys_into(create, &[], closed()).await;
    lost.failed(1, &[&id().await, "rotate", "--replace-newest", "revoke"]);
    let rotate = ["rotate", "app", "--json"];
    let lost = world.keys_into(&rotate, &[], closed()).await;
    lost.failed(1, &[&id().await, "rotate", "--replace-newest", "revoke"]);
    // A list has no secret, and its reader may end early.
    let listed = world.keys_into(&["list"], &[], closed()).await;
    assert_eq!(listed.status, 0, "{listed:?}");
}

#[tokio::test]
async fn a_rotation_says_until_when_the_earlier_secret_is_accepted() {
    let world = World::start().await;
    let create = ["create", "app", "--scopes", "search"];
    let created = world.keys(&create, &[]).await;
    assert!(!created.stdout.contains("earlier"), "{created:?}");
    let rotated = world.keys(&["rotate", "app"], &[]).await;
    let listed = world.keys(&["list", "--json"], &[]).await.json();
    let until = listed[0]["secrets"][1]["expires_at"].as_str().unwrap();
    let accepted = format!("The earlier secret is accepted until {until}");
    assert!(rotated.stdout.contains(&accepted), "{rotated:?}");
    let refused = world.keys(&["rotate", "app"], &[]).await;
    refused.failed(1, &["two secrets", until, "--overlap 0"]);
    let rotated = world.keys(&["rotate", "app", "--overlap", "0"], &[]).await;
    let ended = "No earlier secret is accepted any more";
    assert!(rotated.stdout.contains(ended), "{rotated:?}");
}

#[tokio::test]
async fn the_keys_are_not_sent_through_a_proxy() {
    let world = World::start().await;
    let create = ["create", "ops", "--scopes", "operator", "--json"];
    let created = world.keys(&create, &[]).await.json();
    let gateway = world.key_gateway().await;
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let mut env = vec![("GATEWAY_API_KEY", api_key(&created))];
    let names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    env.extend(names.map(|name| (name, &*proxy_url)));
    let list = ["list", "--json", "--url", &gateway.address];
    let listed = world.keys(&list, &env).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    proxy.set_nonblocking(true).unwrap();
    let received = proxy.accept().unwrap_err();
    assert_eq!(received.kind(), std::io::ErrorKind::WouldBlock);
}
