//! The command line, run as from a shell.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};

fn gateway(args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fliggy-gateway"));
    command.args(args).env_clear();
    for (name, value) in env {
        command.env(name, value);
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn check_config_lists_every_problem_and_exits_with_2() {
    let output = gateway(
        &["check-config"],
        &[
            ("GATEWAY__TOP__DEADLNE", "6s"),
            ("GATEWAY__SERVER__LISTEN", "everywhere"),
        ],
    );
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    let stderr = text(&output.stderr);
    for part in [
        "unknown key `top.deadlne` (from the environment); did you mean `deadline`?",
        "`server.listen` (from the environment): expected an IP address",
        "`top.app_key` is missing",
        "`accounts` is empty",
    ] {
        assert!(stderr.contains(part), "{stderr}");
    }
}

#[test]
fn check_config_prints_the_effective_configuration_with_secrets_masked() {
    let output = gateway(
        &["check-config", "--sandbox"],
        &[("GATEWAY__TOP__APP_SECRET", "canary-5f1c7e0b9a")],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.contains("app_secret = \"***\""), "{printed}");
    assert!(printed.contains("deadline = \"5s 500ms\""), "{printed}");
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn a_missing_file_is_reported() {
    let output = gateway(&["serve", "--config", "nowhere.toml"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot read nowhere.toml"));
}

#[test]
fn openapi_prints_the_document_and_the_problem_catalogue() {
    let output = gateway(&["openapi"], &[]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let output = gateway(&["openapi", "--problems"], &[]);
    assert!(text(&output.stdout).starts_with("# Problems\n"));
}

#[test]
fn sign_shows_the_signed_text_without_the_secret() {
    let args = [
        "sign",
        "--form",
        "v=2.0&sign_method=hmac&timestamp=2016-01-01+12%3A00%3A00",
    ];
    let output = gateway(&args, &[("TOP_APP_SECRET", "helloworld")]);
    let printed = text(&output.stdout);
    assert!(
        printed.contains("sign_methodhmactimestamp2016-01-01 12:00:00v2.0"),
        "{printed}"
    );
    assert!(!printed.contains("helloworld"), "{printed}");
    assert_eq!(gateway(&args, &[]).status.code(), Some(2));
}

#[test]
fn a_call_without_a_connection_reports_the_address_and_the_cause() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let refused = format!("({address}): connection refused");
    for (endpoint, why) in [
        (format!("http://{address}/canary"), refused.as_str()),
        (
            "http://no-such-host.invalid/canary".to_owned(),
            "(no-such-host.invalid:80): the host name cannot be resolved",
        ),
    ] {
        let output = gateway(
            &["top", "call", "taobao.time.get"],
            &[
                ("GATEWAY__TOP__ENDPOINT", endpoint.as_str()),
                ("GATEWAY__TOP__APP_KEY", "12345678"),
                ("GATEWAY__TOP__APP_SECRET", "canary-secret"),
                // Name resolution can be slow on a busy machine.
                ("GATEWAY__TOP__DEADLINE", "30s"),
                ("GATEWAY__TOP__CONNECT_TIMEOUT", "20s"),
                ("GATEWAY__SERVER__SHUTDOWN_GRACE", "40s"),
                ("GATEWAY__ACCOUNTS__DEFAULT__SESSION", "canary-session"),
                ("GATEWAY__ACCOUNTS__DEFAULT__CHANNEL", "X"),
                ("GATEWAY__AUTH__MODE", "none"),
                ("GATEWAY__SERVER__LISTEN", "127.0.0.1:0"),
            ],
        );
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains(&format!("no connection to TOP {why}")),
            "{stderr}"
        );
        assert!(!stderr.contains("canary"), "{stderr}");
    }
}

#[test]
fn help_shows_the_sandbox_and_every_command_has_help() {
    let output = gateway(&["--help"], &[]);
    assert!(text(&output.stdout).contains("fliggy-gateway sandbox"));
    for command in [
        "serve",
        "sandbox",
        "top-simulator",
        "openapi",
        "check-config",
        "sign",
    ] {
        assert!(gateway(&[command, "--help"], &[]).status.success());
    }
    assert!(gateway(&["top", "call", "--help"], &[]).status.success());
    for command in ["list", "create", "update", "rotate", "revoke"] {
        assert!(gateway(&["keys", command, "--help"], &[]).status.success());
    }
}

#[test]
fn keys_refuses_invalid_options_before_it_does_anything() {
    const CREATE: [&str; 4] = ["create", "app", "--scopes", "search"];
    let folder = env!("CARGO_MANIFEST_DIR");
    let create = |args: &[&'static str]| [&CREATE[..], args].concat();
    let list = |url| vec!["list", "--url", url];
    for (args, parts) in [
        (
            vec!["create", "app"],
            &["required arguments were not provided", "--scopes"][..],
        ),
        (
            create(&["--accounts", "none"]),
            &["`all`, or names", "such as default,second"],
        ),
        (
            create(&["--accounts", "default,all"]),
            &["`all` must be the only value"],
        ),
        (
            create(&["--accounts", "all,default"]),
            &["`all` must be the only value"],
        ),
        (create(&["--accounts", "A"]), &["an account name"]),
        (create(&["--accounts", ""]), &["an account name"]),
        (
            create(&["--default-account", "all"]),
            &["an account name", "or `none`"],
        ),
        (
            list("http://user:canary@127.0.0.1:9"),
            &["--url must not contain credentials", "GATEWAY_API_KEY"],
        ),
        (
            list("http://canary@127.0.0.1:9"),
            &["--url must not contain credentials"],
        ),
        (
            list("http://127.0.0.1:9/?key=canary"),
            &["--url must not contain a query"],
        ),
        (
            list("http://127.0.0.1:9/#canary"),
            &["--url must not contain a query"],
        ),
        (
            list("127.0.0.1:8080"),
            &["--url", "such as http://127.0.0.1:8080"],
        ),
        (
            list("localhost:8080"),
            &["--url", "such as http://127.0.0.1:8080"],
        ),
        (
            list("ftp://127.0.0.1"),
            &["--url", "such as http://127.0.0.1:8080"],
        ),
        (
            [
                &list("http://127.0.0.1:9")[..],
                &["--api-key-file", "nowhere"],
            ]
            .concat(),
            &["--api-key-file", "cannot read nowhere"],
        ),
        (
            [&list("http://127.0.0.1:9")[..], &["--api-key-file", folder]].concat(),
            &["--api-key-file", "is not a file"],
        ),
    ] {
        let output = gateway(&[&["keys"][..], &args].concat(), &[]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert_eq!(text(&output.stdout), "");
        assert!(!stderr.contains("canary"), "{stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{args:?}: {part}: {stderr}");
        }
    }
    let list = ["keys", "list", "--url", "http://127.0.0.1:9"];
    let output = gateway(&list, &[("GATEWAY_API_KEY", "canary\nline")]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("GATEWAY_API_KEY") && !stderr.contains("canary"));
}

/// A server that responds once with these bytes, and its address.
fn responding(response: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request: Vec<u8> = Vec::new();
        let mut buffer = [0; 4096];
        while !request.windows(4).any(|end| *end == *b"\r\n\r\n") {
            let read = stream.read(&mut buffer).unwrap();
            assert_ne!(read, 0, "the request has no end");
            request.extend(&buffer[..read]);
        }
        stream.write_all(response.as_bytes()).unwrap();
    });
    format!("http://{address}")
}

#[test]
fn keys_says_what_is_wrong_with_a_response() {
    let response = |status: &str, headers: &str, body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )
    };
    let list = &["list"][..];
    let create = &["create", "app", "--scopes", "search"][..];
    let problem = r#"{"code":"invalid_request","detail":"See it.\n\u001b[31m","errors":[{"pointer":"/expires_at","message":"is in the past."}],"hint":"Fix it."}"#;
    for (args, response, parts) in [
        (
            list,
            response("200 OK", "", "<html>"),
            &["200", "not as a gateway does", "--url"][..],
        ),
        (
            list,
            response("404 Not Found", "", "<html>"),
            &["404", "not as a gateway does", "--url"],
        ),
        (
            list,
            response("502 Bad Gateway", "", "{}"),
            &["502", "not as a gateway does", "--url"],
        ),
        (
            list,
            response(
                "308 Permanent Redirect",
                "Location: https://elsewhere/v1/keys\r\n",
                "",
            ),
            &["308", "redirects to https://elsewhere/v1/keys", "--url"],
        ),
        (
            list,
            response("302 Found", "", ""),
            &["302", "redirects", "--url"],
        ),
        (
            list,
            response("400 Bad Request", "", problem),
            &["400 invalid_request. See it. [31m. --expires is in the past. Fix it"],
        ),
        // The key may exist if the response is lost.
        (
            create,
            response("200 OK", "", "{}"),
            &[
                "200",
                "not as a gateway does",
                "may have been executed",
                "keys list",
            ],
        ),
        (
            create,
            "HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{".to_owned(),
            &["may have been executed", "keys list"],
        ),
        (
            create,
            String::new(),
            &["may have been executed", "keys list"],
        ),
    ] {
        let url = responding(response.clone());
        let args = [&["keys"][..], args, &["--url", &url]].concat();
        let output = gateway(&args, &[("GATEWAY_API_KEY", "canary")]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{response}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(!stderr.contains("canary"), "{stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{part}: {stderr}");
        }
    }
}

#[test]
fn keys_warns_before_it_sends_a_key_without_encryption() {
    for (host, warns) in [
        // This leads to this machine too, where nothing listens on the port.
        ("0.0.0.0", true),
        ("127.0.0.1", false),
        ("[::1]", false),
        ("localhost", false),
    ] {
        let url = format!("http://{host}:9");
        let args = ["keys", "list", "--url", &url];
        let output = gateway(&args, &[("GATEWAY_API_KEY", "canary")]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.contains("without encryption"), warns, "{stderr}");
        let failed = format!("no connection to {url}");
        assert!(stderr.contains(&failed), "{stderr}");
    }
}
