//! The command line, run as from a shell.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
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
}
