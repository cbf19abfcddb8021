//! The configuration as an operator sees it: layers, messages, secrets.

mod webhooks;

use std::io::Write as _;

use secrecy::ExposeSecret;

use super::*;
use crate::domain::access::Scopes;
use crate::domain::change::ChangeKind;
use crate::domain::refund::{EmptyFee, RefundKind};
use crate::operations::classify::RowVerdict;

const CANARY: &str = "canary-5f1c7e0b9a";

fn load(text: &str, env: &[(&str, &str)], profile: Profile) -> Result<Config, ConfigError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(file.path()), env, profile)
}

fn problems(text: &str, env: &[(&str, &str)]) -> Vec<String> {
    load(text, env, Profile::Serve).unwrap_err().problems
}

const WHOLE: &str = r#"
    [top]
    app_key = 12345678
    app_secret = "canary-5f1c7e0b9a-secret"
    proxy = "http://user:canary-5f1c7e0b9a-proxy@proxy.corp:3128"

    [accounts.corp]
    session = "canary-5f1c7e0b9a-session"
    channel = "CORP"

    [store]
    hash_key = "5f1c7e0b9a5f1c7e0b9a5f1c7e0b9a5f1c7e0b9a5f1c7e0b9a5f1c7e0b9a0000"

    [auth.keys.booking-app]
    key = "canary-5f1c7e0b9a-key"
    accounts = ["corp"]

    [status_map]
    "预订成功" = "booked"

    [[error_map]]
    code = 15
    sub_code = "isv.*"
    text = "已支付"
    verdict = "rejected"
"#;

#[test]
fn defaults_complete_a_configuration_file() {
    let config = load(WHOLE, &[], Profile::Serve).unwrap();
    assert_eq!(config.top.app_key, "12345678");
    assert_eq!(config.top.deadline, Duration::from_millis(5500));
    assert_eq!(config.server.max_body, 1 << 20);
    assert_eq!(config.auth.keys["booking-app"].scopes, Scopes::APP);
    assert_eq!(config.error_map[0].code.as_deref(), Some("15"));
    assert_eq!(config.status_map.len(), 1);
    assert_eq!(
        config.default_account().map(ToString::to_string).as_deref(),
        Some("corp")
    );
    assert_eq!(config.store.hash_key_bytes().unwrap()[0], 0x5f);
}

#[test]
fn the_sandbox_needs_no_configuration() {
    let config = Config::load(None, std::iter::empty(), Profile::Sandbox).unwrap();
    assert!(config.server.listen.ip().is_loopback());
    assert_eq!(config.auth.mode, AuthMode::None);
    assert_eq!(config.reconcile.settle_window, Duration::from_secs(10));
}

#[test]
fn the_environment_overrides_the_file_including_named_tables() {
    let env = [
        ("GATEWAY__TOP__DEADLINE", "7s"),
        ("GATEWAY__ACCOUNTS__CORP__SESSION", "from-the-environment"),
        ("GATEWAY__ACCOUNTS__OTHER__SESSION", "o"),
        ("GATEWAY__ACCOUNTS__OTHER__CHANNEL", "O"),
        ("GATEWAY__AUTH__KEYS__REPORTS__KEY", "0123456789abcdef"),
        ("GATEWAY__AUTH__KEYS__REPORTS__ACCOUNTS", "corp, other"),
        (
            "GATEWAY__ERROR_MAP",
            r#"[{"code": "X", "verdict": "unknown"}]"#,
        ),
        ("GATEWAY__TOP__QUOTA__BURST", "12"),
        ("UNRELATED", "x"),
    ];
    let config = load(WHOLE, &env, Profile::Serve).unwrap();
    assert_eq!(config.top.deadline, Duration::from_secs(7));
    assert_eq!(config.top.quota.burst, 12);
    let session = |account: &str| {
        let found = config
            .accounts
            .iter()
            .find(|(name, _)| name.to_string() == account);
        found
            .unwrap()
            .1
            .session
            .as_ref()
            .unwrap()
            .expose_secret()
            .to_owned()
    };
    assert_eq!(session("corp"), "from-the-environment");
    assert_eq!(session("other"), "o");
    assert_eq!(
        config.auth.keys["reports"].accounts.as_ref().unwrap().len(),
        2
    );
    assert_eq!(config.error_map[0].verdict, RowVerdict::Unknown);
    assert!(
        config.default_account().is_none(),
        "two accounts, none called default"
    );
}

#[test]
fn two_accounts_with_one_session_are_refused() {
    let env = [
        (
            "GATEWAY__ACCOUNTS__TWIN__SESSION",
            "canary-5f1c7e0b9a-session",
        ),
        ("GATEWAY__ACCOUNTS__TWIN__CHANNEL", "TWIN"),
    ];
    let found = load(WHOLE, &env, Profile::Serve).unwrap_err().problems;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("`accounts.corp` and `accounts.twin`"),
        "{found:?}"
    );
    assert!(!found[0].contains("canary"), "{found:?}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = r#"
        colour = "blue"
        [server]
        listen = "0.0.0.0"
        header_timeout = 10
        [top]
        deadlne = "6s"
        deadline = "2s"
        connect_timeout = "3s"
        quota = { looks_per_second = 50 }
        [accounts.Corp]
        session = "s"
        [auth]
        mode = "none"
        [reconcile]
        min_looks = 0
        first_look = "3s"
        [status_map]
        "出票中" = "tickets"
        [[error_map]]
        verdict = "maybe"
    "#;
    let problems = problems(
        text,
        &[("GATEWAY__TOP__APP_KEY", "1"), ("GATEWAY__STORE__ULR", "x")],
    );
    let expected = [
        "unknown key `colour`",
        "`server.listen`: expected an IP address and a port",
        "`server.header_timeout`: expected a duration with a unit",
        "unknown key `top.deadlne`; did you mean `deadline`?",
        "`top.app_secret` is missing; set it or `app_secret_file` in the file, or as \
         GATEWAY__TOP__APP_SECRET",
        "`accounts.Corp.channel` is missing",
        "`accounts.Corp`: an account name has",
        "`reconcile.min_looks`: must be at least 1",
        "`status_map.出票中`: expected `creating`, `booked`",
        "`error_map[0].verdict`: expected `rejected`",
        "`error_map[0]` has none of",
        "unknown key `store.ulr` (from the environment); did you mean `url`?",
        // A missing or invalid key does not hide violations of rules about other keys.
        "`top.connect_timeout` must be shorter than `top.deadline`",
        "`top.deadline` must be at least 5s",
        "`top.quota.looks_per_second` is a share",
        "`reconcile.first_look` must be at most 2s",
    ];
    for part in expected {
        assert!(
            problems.iter().any(|problem| problem.starts_with(part)),
            "{part}\n{problems:#?}"
        );
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn rules_about_missing_or_invalid_keys_are_not_reported() {
    let text = r#"
        server = 7
        [top]
        deadline = "soon"
        connect_timeout = "50s"
        [top.contract]
        overrides = [{ method = "nonsense", side = "answer", path = "x", drop = true }]
        [accounts.a]
        channel = "A"
        [accounts.b]
        channel = "B"
        [auth]
        mode = "keys"
        [auth.keys.app]
        key = "0123456789abcdef"
        accounts = ["c"]
        [auth.keys.other]
    "#;
    let found = load(text, &[], Profile::Sandbox).unwrap_err().problems;
    let expected = [
        "`auth.keys.app.accounts` names the unknown account `c`",
        "`auth.keys.other.key` is missing",
        "`server` must be a table, but is an integer",
        "`top.contract.overrides`",
        "`top.deadline`: expected a duration",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn contradictions_are_refused() {
    let cases = [
        (
            "[server]\nlisten = '0.0.0.0:1'\n[auth]\nmode = 'none'",
            "`auth.mode` is `none`, but",
        ),
        (
            "[top]\ndeadline = '4s'",
            "`top.deadline` must be at least 5s",
        ),
        (
            "[top]\nconnect_timeout = '6s'",
            "`top.connect_timeout` must be shorter",
        ),
        (
            "[top.quota]\nlooks_per_second = 50",
            "`top.quota.looks_per_second` is a share",
        ),
        (
            "[reconcile]\nfirst_look = '3s'",
            "`reconcile.first_look` must be at most 2s",
        ),
        (
            "[reconcile]\nsettle_window = '5s'",
            "`reconcile.settle_window` must not be shorter than",
        ),
        (
            "[reconcile]\nsettle_window_pay = '5s'",
            "`reconcile.settle_window_pay` must not be",
        ),
        (
            "[reconcile]\nattention_after = '15s'",
            "`reconcile.attention_after` must be longer",
        ),
        (
            "[reconcile]\ninline_wait = '61s'",
            "`reconcile.inline_wait` must be at most 60s",
        ),
        (
            "[server]\nshutdown_grace = '6s'",
            "`server.shutdown_grace` must be more than",
        ),
        (
            "[auth.keys.a]\nkey = '0123456789abcdef'",
            "`auth.keys` is set, but",
        ),
        (
            "[auth]\nmode = 'keys'\n[auth.keys.a]\nkey = '0123456789abcdef'\naccounts = ['b']",
            "`auth.keys.a.accounts` names the unknown account `b`",
        ),
        (
            "[auth]\nmode = 'keys'\n[auth.keys.a]\nkey = '0123456789abcdef'\n\
             [auth.keys.b]\nkey = '0123456789abcdef'",
            "`auth.keys.a` and `auth.keys.b` have the same key",
        ),
        (
            "[auth]\nmode = 'keys'\n[auth.keys.a]\nkey = '0123456789abcdef'\nscopes = ['pay', 'admin']",
            "`auth.keys.a.scopes`: expected a list of `search`, `orders:read`, `orders:write`, `pay`",
        ),
        (
            "[auth]\nmode = 'keys'\n[auth.keys.a]\nkey = '0123456789abcdef'\nscopes = []",
            "`auth.keys.a.scopes`: expected a list of",
        ),
        (
            "[auth]\nmode = 'keys'\n[auth.keys.a]\nkey = '0123456789abcdef'\nscopes = ['pay']\nrole = 'caller'",
            "`auth.keys.a.scopes` and `role` are both set",
        ),
        (
            "[auth]\nmode = 'keys'\n[auth.keys.a]\nkey = 'short'",
            "`auth.keys.a.key` must have at least 16 characters",
        ),
        (
            "[top]\napp_secret = 'x'\napp_secret_file = '/nowhere'",
            "`top.app_secret` and `top.app_secret_file` are both set",
        ),
        (
            "[store]\nurl = 'mysql://x/y'",
            "`store.url`: expected a URL such as \"sqlite://",
        ),
        (
            "[store]\nhash_key = 'abc'",
            "`store.hash_key`: expected 64 hexadecimal digits",
        ),
        (
            "[telemetry]\nlog_filter = 'a=b=c'",
            "`telemetry.log_filter`: expected a filter",
        ),
        ("server = 3", "`server` must be a table, but is an integer"),
    ];
    for (text, expected) in cases {
        let error = load(text, &[], Profile::Sandbox).unwrap_err();
        assert!(
            error
                .problems
                .iter()
                .any(|problem| problem.starts_with(expected)),
            "{text}\n{error}"
        );
    }
}

#[test]
fn a_store_url_with_more_than_a_path_is_refused() {
    let urls = [
        ("sqlite://data/j.db?mode=rwc", "options"),
        ("sqlite://data/j.db?mode=memory&cache=shared", "options"),
        ("sqlite://data/j.db?", "options"),
        ("sqlite://data/j.db#journal", "options"),
        ("sqlite://my%20data/j.db", "percent escapes"),
        ("sqlite://:memory:", "in memory"),
        ("sqlite://file:data/j.db", "`file:`"),
        ("sqlite://data/\tj.db", "control character"),
        ("sqlite://data/", "directory"),
        ("sqlite://", "missing"),
        ("sqlite::memory:", "expected"),
        ("sqlite:data/j.db", "expected"),
        ("data/j.db", "expected"),
        ("postgres://user:password@host/j", "expected"),
    ];
    for (url, why) in urls {
        let env = [("GATEWAY__STORE__URL", url)];
        let error = load("", &env, Profile::Sandbox).unwrap_err();
        let [problem] = &error.problems[..] else {
            panic!("{url}: {error}");
        };
        assert!(problem.starts_with("`store.url`"), "{problem}");
        assert!(problem.contains(why), "{url}: {problem}");
        assert!(problem.contains("sqlite://data/journal.db"), "{problem}");
        assert!(!problem.contains("password"), "{problem}");
    }
    for (url, path) in [
        ("sqlite://data/journal.db", "data/journal.db"),
        ("sqlite:///data/100% ours.db", "/data/100% ours.db"),
    ] {
        let config = load("", &[("GATEWAY__STORE__URL", url)], Profile::Sandbox).unwrap();
        assert_eq!(config.store.path(), Path::new(path));
    }
}

#[test]
fn a_loopback_endpoint_may_have_a_short_deadline() {
    let text = "[top]\nendpoint = 'http://127.0.0.1:9/router/rest'\ndeadline = '2s'";
    assert!(load(text, &[], Profile::Sandbox).is_ok());
}

#[test]
fn secrets_are_read_from_files_and_trimmed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    std::fs::write(&file, "  hush\n").unwrap();
    let text = format!("[top]\napp_secret_file = '{}'", file.display());
    let config = load(&text, &[], Profile::Sandbox).unwrap();
    assert_eq!(config.top.app_secret.expose_secret(), "hush");

    std::fs::write(&file, "\n").unwrap();
    let error = load(&text, &[], Profile::Sandbox).unwrap_err();
    assert!(error.to_string().contains("is empty"), "{error}");

    std::fs::remove_file(&file).unwrap();
    let error = load(&text, &[], Profile::Sandbox).unwrap_err();
    assert!(
        error.problems[0].starts_with("`top.app_secret_file`: cannot read"),
        "{error}"
    );
}

#[test]
fn no_secret_appears_in_debug_redacted_or_problem_output() {
    let config = load(WHOLE, &[], Profile::Serve).unwrap();
    let redacted = config.redacted().unwrap();
    for shown in [
        redacted.clone(),
        format!("{config:?}"),
        format!("{config:#?}"),
    ] {
        assert!(!shown.contains(CANARY), "{shown}");
        assert!(!shown.contains("5f1c7e0b9a5f1c7e"), "{shown}");
    }
    assert!(redacted.contains("app_secret = \"***\""), "{redacted}");
    assert!(redacted.contains("proxy.corp:3128"), "{redacted}");

    // A secret under a wrong key, of a wrong type, or in a line that is not valid TOML.
    for text in [
        "[top]\napp_secrt = 'canary-5f1c7e0b9a'",
        "[top]\ndeadline = 'canary-5f1c7e0b9a'\nendpoint = 'canary-5f1c7e0b9a'",
        "[store]\nhash_key = 'canary-5f1c7e0b9a'\nurl = 'canary-5f1c7e0b9a'",
        "[top]\nproxy = 'canary-5f1c7e0b9a'\nsign_method = 'canary-5f1c7e0b9a'",
        "[top]\napp_secret = 'canary-5f1c7e0b9a",
        "[top]\napp_secret = canary-5f1c7e0b9a",
        "[auth.keys.a]\nkey_sha256 = 'canary-5f1c7e0b9a'",
        "accounts = 'canary-5f1c7e0b9a'",
    ] {
        let error = load(text, &[], Profile::Serve).unwrap_err();
        assert!(!error.to_string().contains(CANARY), "{text}\n{error}");
        assert!(!format!("{error:?}").contains(CANARY), "{text}\n{error:?}");
    }
}

#[test]
fn the_output_of_check_config_has_no_unknown_key() {
    let config = load(WHOLE, &[], Profile::Serve).unwrap();
    let error = load(&config.redacted().unwrap(), &[], Profile::Serve).unwrap_err();
    // Masked digests cannot be read back; there must be no other problem.
    assert!(
        error
            .problems
            .iter()
            .all(|problem| problem.contains("hexadecimal digits")),
        "{error}"
    );
}

// --- after-sales and attachments

#[test]
fn after_sales_keys_have_defaults_and_are_printed() {
    let config = load(WHOLE, &[], Profile::Serve).unwrap();
    assert_eq!(config.top.refund.empty_fee, EmptyFee::Absent);
    assert_eq!(config.top.refund.quote_ttl, Duration::from_secs(15 * 60));
    // No default number that only the simulator knows.
    assert!(config.top.refund.kinds.is_empty() && config.top.change.kinds.is_empty());
    assert_eq!(config.server.max_attachment, 5 << 20);
    assert_eq!(config.server.max_uploads, 8);
    let shown = config.redacted().unwrap();
    for line in [
        "empty_fee = \"absent\"",
        "quote_ttl = \"15m\"",
        "max_attachment = 5242880",
        "max_uploads = 8",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let sandbox = Config::load(None, std::iter::empty(), Profile::Sandbox).unwrap();
    assert_eq!(
        sandbox.top.refund.kinds,
        [(RefundKind::Voluntary, 1)].into()
    );
}

#[test]
fn after_sales_keys_are_read_from_file_and_environment() {
    let text = format!(
        "{WHOLE}\n[server]\nmax_attachment = '1MiB'\nmax_uploads = 2\n\
         [top.refund]\nempty_fee = ''\nquote_ttl = '5m'\n\
         [top.refund.kinds]\nvoluntary = 3\nillness = '6'\n[top.change.kinds]\nepidemic = 9"
    );
    let config = load(&text, &[], Profile::Serve).unwrap();
    let refund = &config.top.refund;
    assert_eq!(refund.empty_fee, EmptyFee::Empty);
    assert_eq!(refund.quote_ttl, Duration::from_secs(300));
    let kinds = [(RefundKind::Voluntary, 3), (RefundKind::Illness, 6)];
    assert_eq!(refund.kinds, kinds.into());
    assert_eq!(config.top.change.kinds, [(ChangeKind::Epidemic, 9)].into());
    assert_eq!(
        (config.server.max_attachment, config.server.max_uploads),
        (1 << 20, 2)
    );
    // The printed values can be read back.
    let shown = config.redacted().unwrap();
    for line in ["empty_fee = \"\"", "illness = 6", "epidemic = 9"] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }

    let env = [
        ("GATEWAY__TOP__REFUND__EMPTY_FEE", "null"),
        ("GATEWAY__TOP__REFUND__QUOTE_TTL", "1h"),
        ("GATEWAY__TOP__REFUND__KINDS__VOLUNTARY", "4"),
        ("GATEWAY__TOP__REFUND__KINDS__DENIED_BOARDING", "5"),
        ("GATEWAY__TOP__CHANGE__KINDS__FLIGHT_CHANGED", "0"),
        ("GATEWAY__SERVER__MAX_ATTACHMENT", "64KiB"),
        ("GATEWAY__SERVER__MAX_UPLOADS", "1"),
    ];
    let config = load(&text, &env, Profile::Serve).unwrap();
    let refund = &config.top.refund;
    assert_eq!(refund.empty_fee, EmptyFee::Null);
    assert_eq!(refund.quote_ttl, Duration::from_secs(3600));
    let kinds = [
        (RefundKind::Voluntary, 4),
        (RefundKind::Illness, 6),
        (RefundKind::DeniedBoarding, 5),
    ];
    assert_eq!(refund.kinds, kinds.into());
    let kinds = [(ChangeKind::FlightChanged, 0), (ChangeKind::Epidemic, 9)];
    assert_eq!(config.top.change.kinds, kinds.into());
    assert_eq!(
        (config.server.max_attachment, config.server.max_uploads),
        (64 << 10, 1)
    );
    let env = [("GATEWAY__TOP__REFUND__EMPTY_FEE", "")];
    let config = load(WHOLE, &env, Profile::Serve).unwrap();
    assert_eq!(config.top.refund.empty_fee, EmptyFee::Empty);
}

#[test]
fn invalid_after_sales_keys_are_reported() {
    for (text, expected) in [
        (
            "[top.refund]\nempty_fee = 'none'",
            "`top.refund.empty_fee`: expected `absent`, `null` or an empty string",
        ),
        (
            "[top.refund]\nempty_fee = 0",
            "`top.refund.empty_fee`: expected `absent`",
        ),
        (
            "[top.refund]\nquote_ttl = 15",
            "`top.refund.quote_ttl`: expected a duration with a unit",
        ),
        (
            "[top.refund.kinds]\nilness = 6",
            "unknown key `top.refund.kinds.ilness`; did you mean `illness`?",
        ),
        (
            "[top.refund.kinds]\nillness = -1",
            "`top.refund.kinds.illness`: expected Fliggy's number",
        ),
        (
            "[top.refund.kinds]\nillness = 'six'",
            "`top.refund.kinds.illness`: expected Fliggy's number",
        ),
        (
            "[top.refund]\nkinds = 'voluntary'",
            "`top.refund.kinds` must be a table",
        ),
        (
            "[top.change.kinds]\nillness = 1",
            "unknown key `top.change.kinds.illness`",
        ),
        (
            "[top.change.kinds]\nvoluntary = 1.5",
            "`top.change.kinds.voluntary`: expected Fliggy's number",
        ),
        (
            "[server]\nmax_attachment = 'big'",
            "`server.max_attachment`: expected a size in bytes",
        ),
        (
            "[server]\nmax_attachment = 0",
            "`server.max_attachment`: must be at least 1 byte",
        ),
        (
            "[server]\nmax_uploads = 0",
            "`server.max_uploads`: must be at least 1",
        ),
        (
            "[notifications]\nmode = 'on'",
            "`notifications.mode`: expected `tmc`, `http` or `off`",
        ),
        (
            "[notifications]\nurl = 'http://mc.api.taobao.com/'",
            "`notifications.url`: expected a URL such as \"ws://",
        ),
        (
            "[notifications]\ngroup = ['a', 'a']",
            "`notifications.group`: expected the name of a group",
        ),
        (
            "[notifications]\nquarantine = 'drop'",
            "`notifications.quarantine`: expected `confirm` or `hold`",
        ),
        (
            "[notifications.http]\ninterval = '0s'",
            "`notifications.http.interval`: must be longer than zero",
        ),
        (
            "[accounts.default]\nuser_id = 0",
            "`accounts.default.user_id`: expected the id of a Taobao user",
        ),
    ] {
        let error = load(text, &[], Profile::Sandbox).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{text}\n{error}");
        assert!(
            error.problems[0].starts_with(expected),
            "{expected}\n{error}"
        );
    }
}

#[test]
fn against_the_real_top_the_settle_windows_have_the_minimum_of_law_5() {
    let stand_in = [("GATEWAY__TOP__ENDPOINT", "http://127.0.0.1:9/router/rest")];
    for (key, too_little, enough) in [
        ("settle_window", "'119s'", "'2m'"),
        ("settle_window_pay", "'599s'", "'10m'"),
        ("min_looks", "4", "5"),
    ] {
        let with = |value: &str| format!("{WHOLE}\n[reconcile]\n{key} = {value}");
        let found = problems(&with(too_little), &[]);
        assert_eq!(found.len(), 1, "{found:#?}");
        let expected = format!("`reconcile.{key}` must be at least ");
        assert!(found[0].starts_with(&expected), "{found:#?}");
        assert!(load(&with(enough), &[], Profile::Serve).is_ok(), "{key}");
        let on_stand_in = load(&with(too_little), &stand_in, Profile::Serve);
        assert!(on_stand_in.is_ok(), "{key}");
    }
}

#[test]
fn messages_for_several_accounts_need_their_user_ids() {
    let text = |mode: &str| {
        format!(
            "{WHOLE}\n[accounts.second]\nsession = 'another'\nchannel = 'C'\n[notifications]\nmode = '{mode}'"
        )
    };
    let first = [("GATEWAY__ACCOUNTS__CORP__USER_ID", "1")];
    let both = [first[0], ("GATEWAY__ACCOUNTS__SECOND__USER_ID", "2")];
    let same = [first[0], ("GATEWAY__ACCOUNTS__SECOND__USER_ID", "1")];
    assert!(load(&text("off"), &[], Profile::Serve).is_ok());
    let found = problems(&text("tmc"), &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].contains("one of several accounts has no `user_id`"),
        "{found:#?}"
    );
    for (env, fine) in [(&first[..], false), (&both[..], true), (&same[..], false)] {
        assert_eq!(
            load(&text("tmc"), env, Profile::Serve).is_ok(),
            fine,
            "{env:?}"
        );
    }
}
