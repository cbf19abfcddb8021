//! `[webhooks]`.

use super::*;

#[test]
fn webhooks_keys_have_defaults_and_are_printed() {
    let config = load(WHOLE, &[], Profile::Serve).unwrap();
    let webhooks = &config.webhooks;
    assert_eq!(webhooks.timeout, Duration::from_secs(10));
    assert_eq!(webhooks.connect_timeout, Duration::from_secs(3));
    assert_eq!((webhooks.concurrency, webhooks.max_per_caller), (8, 20));
    assert!(config.store.seal_key_bytes().is_none() && webhooks.authorities().is_empty());
    let schedule = webhooks.retry.schedule();
    assert_eq!(schedule.first, Duration::from_secs(5));
    assert_eq!(schedule.longest, Duration::from_hours(1));
    assert_eq!(schedule.give_up_after, Duration::from_hours(72));
    assert_eq!(schedule.pause_after, Duration::from_hours(120));

    let sandbox = Config::load(None, std::iter::empty(), Profile::Sandbox).unwrap();
    assert_eq!(sandbox.store.seal_key_bytes(), Some([0xa5; 32]));
    assert!(sandbox.webhooks.allow.lists_host("localhost"));
    assert_eq!(sandbox.webhooks.retry.first, Duration::from_secs(1));
}

#[test]
fn webhooks_keys_are_read_from_file_and_environment_and_masked() {
    let (current, previous) = ("5f1c7e0b9a5f1c7e".repeat(4), "5f1c7e0b9a5f1c7f".repeat(4));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("seal_key");
    std::fs::write(&file, format!("{current}\n")).unwrap();
    let text = format!("{WHOLE}\n[webhooks]\nallow = ['10.0.0.0/8', '::1', 'Apps.internal']",);
    let file = file.display().to_string();
    let env = [
        ("GATEWAY__STORE__SEAL_KEY_FILE", file.as_str()),
        ("GATEWAY__STORE__PREVIOUS_SEAL_KEY", previous.as_str()),
        ("GATEWAY__WEBHOOKS__RETRY__GIVE_UP_AFTER", "48h"),
    ];
    let config = load(&text, &env, Profile::Serve).unwrap();
    assert_eq!(config.store.seal_key_bytes().unwrap()[7], 0x7e);
    assert_eq!(config.store.previous_seal_key_bytes().unwrap()[7], 0x7f);
    let shown = config.redacted().unwrap();
    for line in [
        "allow = [\"10.0.0.0/8\", \"::1/128\", \"apps.internal\"]",
        "\nseal_key = \"***\"",
        "previous_seal_key = \"***\"",
        "give_up_after = \"2days\"",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert!(!format!("{shown}{config:?}").contains("5f1c7e0b9a5f1c7"));

    let env = [("GATEWAY__WEBHOOKS__ALLOW", "*.corp.example, 10.1.2.3")];
    let config = load(WHOLE, &env, Profile::Serve).unwrap();
    assert!(config.webhooks.allow.lists_host("apps.corp.example"));
    let shown = config.redacted().unwrap();
    assert!(
        shown.contains("[\"*.corp.example\", \"10.1.2.3/32\"]"),
        "{shown}"
    );
}

#[test]
fn invalid_webhooks_keys_are_reported() {
    let key = "a5".repeat(32);
    for (text, expected) in [
        (
            "[webhooks]\nallow = ['localhost', 'https://canary-5f1c7e0b9a/']",
            "`webhooks.allow`: entry 2: expected a network such as \"10.0.0.0/8\"",
        ),
        (
            "[webhooks]\ntimeout = '61s'",
            "`webhooks.timeout` must be at most 60s",
        ),
        (
            "[webhooks]\nconnect_timeout = '10s'",
            "`webhooks.connect_timeout` must be shorter than `webhooks.timeout`",
        ),
        (
            "[webhooks]\nconcurrency = 65",
            "`webhooks.concurrency` must be at most 64",
        ),
        (
            "[webhooks]\nmax_per_caller = 0",
            "`webhooks.max_per_caller`: must be at least 1",
        ),
        (
            "[store]\nseal_key = 'canary-5f1c7e0b9a'",
            "`store.seal_key`: expected 64 hexadecimal digits (32 bytes); create one",
        ),
        (
            &format!("[store]\nprevious_seal_key = '{key}'"),
            "`store.previous_seal_key` and `store.seal_key` are the same",
        ),
        (
            "[webhooks]\nca_file = '/nowhere/ca.pem'",
            "`webhooks.ca_file`: cannot read /nowhere/ca.pem: entity not found; set",
        ),
        (
            "[webhooks.retry]\nfirst = '2h'",
            "`webhooks.retry.longest` must not be shorter than `webhooks.retry.first`",
        ),
        (
            "[webhooks.retry]\ngive_up_after = '1h'",
            "`webhooks.retry.give_up_after` must be longer than `webhooks.retry.longest`",
        ),
        (
            "[webhooks.retry]\npause_after = '59m'",
            "`webhooks.retry.pause_after` must be longer than `webhooks.retry.longest`",
        ),
    ] {
        let error = load(text, &[], Profile::Sandbox).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{text}\n{error}");
        assert!(
            error.problems[0].starts_with(expected),
            "{expected}\n{error}"
        );
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
    let found = problems(WHOLE, &[("GATEWAY__STORE__PREVIOUS_SEAL_KEY", &key)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let expected = "`store.previous_seal_key` is set, but `store.seal_key` is not";
    assert!(found[0].starts_with(expected), "{found:#?}");
}

#[test]
fn a_ca_file_must_contain_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    let text = format!("[webhooks]\nca_file = '{}'", file.display());
    let frame = |base64: &str| {
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    };
    for pem in [
        String::new(),
        "not PEM".to_owned(),
        frame("?"),
        frame("AAAA"),
    ] {
        std::fs::write(&file, &pem).unwrap();
        let error = load(&text, &[], Profile::Sandbox).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{pem}\n{error}");
        let problem = &error.problems[0];
        assert!(problem.starts_with("`webhooks.ca_file`: "), "{problem}");
        assert!(
            problem.contains("is not a list of certificates in PEM format"),
            "{problem}"
        );
    }
    let pem = include_str!("../../../tests/vectors/webhooks/tls/ca.pem");
    std::fs::write(&file, pem.repeat(2)).unwrap();
    let config = load(&text, &[], Profile::Sandbox).unwrap();
    assert_eq!(config.webhooks.authorities().len(), 2);
    let shown = config.redacted().unwrap();
    assert!(
        shown.contains(&format!("ca_file = \"{}\"", file.display())),
        "{shown}"
    );
}
