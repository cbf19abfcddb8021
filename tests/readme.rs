//! Checks that the documentation is correct: the tour works word for word; exactly the existing keys,
//! calls, commands and problems are documented; links and paths resolve; the example configuration is
//! valid; the toolchain version is the same everywhere.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fliggy-gateway");
const README: &str = include_str!("../README.md");
const TOUR: &str = include_str!("../docs/tour.md");
const API: &str = include_str!("../docs/api.md");
const CONFIGURATION: &str = include_str!("../docs/configuration.md");
const PROBLEMS: &str = include_str!("../openapi/problems.md");
const DEFAULTS: &str = include_str!("../src/config/defaults.toml");
const EXAMPLE: &str = include_str!("../deploy/gateway.example.toml");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(args)
        .env_clear()
        .output()
        .unwrap()
}

/// The dotted paths of all keys; an empty table counts as one key.
fn keys(table: &toml::Table, path: &str, all: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match value {
            // The keys of this table are Fliggy's phrases.
            toml::Value::Table(_) if path == "status_map" => {
                all.insert(path);
            }
            // The keys of this table are the gateway's words for Fliggy's numbers.
            toml::Value::Table(_) if path.ends_with(".kinds") => {
                all.insert(format!("{path}.<kind>"));
            }
            toml::Value::Table(table) => keys(table, &path, all),
            _ => {
                all.insert(path);
            }
        }
    }
}

/// `accounts.default.channel` is documented as `accounts.<name>.channel`.
fn with_placeholders(key: &str) -> String {
    let parts: Vec<_> = key.split('.').collect();
    match parts.as_slice() {
        ["accounts", _, rest] => format!("accounts.<name>.{rest}"),
        ["auth", "keys", _, rest] => format!("auth.keys.<name>.{rest}"),
        _ => key.to_owned(),
    }
}

/// A row of a table of configuration keys.
struct Row<'a> {
    keys: Vec<&'a str>,
    kind: &'a str,
    default: &'a str,
    meaning: &'a str,
}

/// The rows of the configuration reference: key, type, default, meaning.
fn rows() -> Vec<Row<'static>> {
    let row = |line: &'static str| {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<_> = line.split(" | ").collect();
        let [keys, kind, default, meaning] = *cells else {
            return None;
        };
        let keys: Vec<_> = code(keys).collect();
        keys.first()?.contains('.').then_some(Row {
            keys,
            kind,
            default,
            meaning,
        })
    };
    CONFIGURATION.lines().filter_map(row).collect()
}

#[test]
fn every_configuration_key_has_a_row() {
    let mut all = BTreeSet::new();
    for text in [DEFAULTS, EXAMPLE] {
        keys(&toml::from_str(text).unwrap(), "", &mut all);
    }
    // The printed configuration, including secrets and optional keys.
    let shown = run(&["check-config", "--sandbox"]);
    keys(
        &toml::from_str(&String::from_utf8(shown.stdout).unwrap()).unwrap(),
        "",
        &mut all,
    );
    assert!(all.len() > 40, "{all:?}");
    let rows = rows();
    let documented: BTreeSet<_> = rows.iter().flat_map(|row| &row.keys).copied().collect();
    let missing: Vec<_> = all
        .iter()
        .map(|key| with_placeholders(key))
        .filter(|key| !documented.contains(key.as_str()))
        // These two keys have their own sections and tables.
        .filter(|key| !["error_map", "status_map"].contains(&key.split('.').next().unwrap()))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/configuration.md lacks {missing:?}"
    );
    for row in rows {
        let kind = row.kind.trim_end_matches(" or 0");
        let explained = CONFIGURATION.contains(&format!("\n| {kind} | "));
        assert!(explained, "{:?} has no known type", row.keys);
        let complete = !row.default.is_empty() && !row.meaning.is_empty();
        assert!(complete, "{:?}", row.keys);
    }
}

/// Keys without a default, example or sandbox value are found where the code reads them.
#[test]
fn every_key_that_the_code_reads_is_documented() {
    let documented: BTreeSet<&str> = code(CONFIGURATION)
        .flat_map(|name| name.split('.'))
        .collect();
    let mut read = 0;
    let sections = std::fs::read_dir(root().join("src/config")).unwrap();
    let sections = sections.map(|entry| entry.unwrap().path());
    for path in sections.filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&path).unwrap();
        for call in [".required(", ".optional(", ".required_secret(", ".secret("] {
            for arguments in between(&text, call, ")") {
                for key in arguments.split('"').skip(1).step_by(2) {
                    assert!(documented.contains(key), "{}: {key}", path.display());
                    read += 1;
                }
            }
        }
    }
    assert!(read > 60, "only {read} keys were found");
}

#[test]
fn every_documented_key_exists() {
    let rows = rows();
    let variables = rows.iter().flat_map(|row| &row.keys).map(|key| {
        let key = key.replace("<name>", "main").replace("<kind>", "voluntary");
        format!("GATEWAY__{}", key.to_uppercase().replace('.', "__"))
    });
    let checked = Command::new(PROGRAM)
        .arg("check-config")
        .env_clear()
        .envs(variables.map(|variable| (variable, "-")))
        .env("GATEWAY__SERVER__NO_SUCH_KEY", "-")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&checked.stderr);
    let unknown: Vec<_> = stderr
        .lines()
        .filter(|l| l.contains("unknown key"))
        .collect();
    assert_eq!(unknown.len(), 1, "{stderr}");
    assert!(unknown[0].contains("server.no_such_key"), "{stderr}");
}

#[test]
fn the_rows_have_the_real_defaults() {
    let defaults: toml::Table = toml::from_str(DEFAULTS).unwrap();
    let mut checked = 0;
    for row in rows() {
        let (section, key) = row.keys[0].split_once('.').unwrap();
        let mut value = defaults.get(section);
        for part in key.split('.') {
            value = value.and_then(|table| table.get(part));
        }
        let Some(value) = value else { continue };
        let value = match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(row.default, format!("`{value}`"), "{section}.{key}");
        checked += 1;
    }
    assert!(checked > 30, "only {checked} rows were read");
}

#[test]
fn every_call_and_every_command_is_documented() {
    let document: serde_json::Value = serde_json::from_slice(&run(&["openapi"]).stdout).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(!paths.is_empty());
    let table: String = API.lines().filter(|line| line.starts_with("| `")).collect();
    for (path, calls) in paths {
        for method in calls.as_object().unwrap().keys() {
            let call = format!("`{} {path}`", method.to_uppercase());
            assert!(
                table.contains(&call),
                "the table of docs/api.md lacks {call}"
            );
        }
    }
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let commands: Vec<_> = help
        .split("Commands:\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        let named = format!("`fliggy-gateway {command}");
        assert!(README.contains(&named), "README.md lacks {named}`");
    }
}

#[test]
fn every_problem_is_documented_correctly() {
    let document: serde_json::Value = serde_json::from_slice(&run(&["openapi"]).stdout).unwrap();
    let schema = &document["components"]["schemas"]["ProblemCode"];
    let codes = schema["enum"].as_array().unwrap();
    let codes: Vec<_> = codes.iter().map(|code| code.as_str().unwrap()).collect();
    assert!(codes.len() > 50, "{codes:?}");
    for code in &codes {
        let heading = format!("## `{code}`\n");
        assert!(PROBLEMS.contains(&heading), "problems.md lacks {code}");
    }

    // A page refers to a problem by status and code: 409 `already_done`.
    let mut named = 0;
    for (page, text) in pages() {
        let parts: Vec<_> = text.split('`').collect();
        for pair in parts.windows(2) {
            let Some(status) = status_before(pair[0]) else {
                continue;
            };
            if !codes.contains(&pair[1]) {
                continue;
            }
            let row = format!("| [`{0}`](#{0}) | {status} |", pair[1]);
            assert!(
                PROBLEMS.contains(&row),
                "{}: {status} {}",
                page.display(),
                pair[1]
            );
            named += 1;
        }
    }
    assert!(named > 20, "only {named} problems were found");
}

/// The status directly before a code.
fn status_before(text: &str) -> Option<&str> {
    let status = text.strip_suffix(' ')?.rsplit(' ').next()?;
    let is_status = status.len() == 3 && status.starts_with(['4', '5']);
    (is_status && status.bytes().all(|byte| byte.is_ascii_digit())).then_some(status)
}

#[test]
fn the_readme_is_short() {
    let lines = README.lines().count();
    assert!(
        lines <= 200,
        "README.md has {lines} lines; move a part to docs/"
    );
}

#[test]
fn every_link_and_every_path_resolves() {
    let pages = pages();
    assert!(pages.len() > 20);
    for (page, text) in &pages {
        let prose = without_blocks(text);
        for link in between(&prose, "](", ")") {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => root().join(page),
                file => root().join(page.parent().unwrap()).join(file),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let target = without_blocks(&std::fs::read_to_string(&target).unwrap());
                let mut anchors = target.lines().filter_map(anchor_of);
                let found = anchors.any(|heading| heading == anchor);
                assert!(found, "{}: {link}", page.display());
            }
        }
        for path in code(&prose).filter(|path| is_path(path)) {
            assert!(root().join(path).exists(), "{}: {path}", page.display());
        }
        for file in between(text, "-d @", " ") {
            let file = file.split_whitespace().next().unwrap();
            assert!(root().join(file).exists(), "{}: {file}", page.display());
        }
    }
}

/// In files other than pages, the names of pages are relative to the root of the project.
#[test]
fn forms_and_deployment_files_name_pages_that_exist() {
    let folders = [
        ".github",
        ".github/ISSUE_TEMPLATE",
        ".github/workflows",
        "deploy",
    ];
    let mut files: Vec<_> = folders.into_iter().flat_map(files).collect();
    files.extend(["Dockerfile", "justfile"].map(PathBuf::from));
    let mut named = 0;
    for file in files.iter().filter(|file| !file.ends_with("README.md")) {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"./_-".contains(c));
        for name in words
            .map(|word| word.trim_matches('.'))
            .filter(|word| word.ends_with(".md"))
        {
            assert!(root().join(name).exists(), "{}: {name}", file.display());
            named += 1;
        }
    }
    assert!(named > 5, "only {named} names were found");
}

/// The package and the image name the toolchain of `rust-toolchain.toml`. `rust-toolchain.toml` is
/// not copied to the image, because rustup would download its components there.
#[test]
fn one_toolchain_is_used_everywhere() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let pinned: toml::Table = toml::from_str(&read("rust-toolchain.toml")).unwrap();
    let channel = pinned["toolchain"]["channel"].as_str().unwrap();
    let minor = env!("CARGO_PKG_RUST_VERSION");
    assert!(channel.starts_with(&format!("{minor}.")), "{channel}");
    let image = format!("\nFROM rust:{minor}-slim AS build\n");
    assert!(read("Dockerfile").contains(&image));
    assert!(README.contains(&format!("Rust {minor} ")));
    let context = read(".dockerignore");
    let mut patterns = context.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(
        patterns.next(),
        Some("*"),
        ".dockerignore must exclude everything by default"
    );
    assert!(!patterns.any(|line| line.contains("rust-toolchain")));
}

/// All pages with their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let folders = ["", "benches", "deploy", "docs", "docs/adr", "openapi"];
    let pages = folders.into_iter().flat_map(files);
    pages
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| {
            let text = std::fs::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
        .collect()
}

/// The files directly in a folder.
fn files(folder: &str) -> Vec<PathBuf> {
    std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| Path::new(folder).join(entry.unwrap().file_name()))
        .filter(|path| root().join(path).is_file())
        .collect()
}

/// The text without its code blocks.
fn without_blocks(text: &str) -> String {
    text.split("\n```")
        .step_by(2)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The text between backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether the name is a path of this project without a placeholder.
fn is_path(name: &str) -> bool {
    const FOLDERS: [&str; 8] = [
        "src/", "tests/", "docs/", "deploy/", "openapi/", "benches/", ".ci/", ".github/",
    ];
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    FOLDERS.iter().any(|folder| name.starts_with(folder)) && name.chars().all(plain)
}

/// The anchor that GitHub generates for a heading.
fn anchor_of(line: &str) -> Option<String> {
    let heading = line
        .strip_prefix('#')?
        .trim_start_matches('#')
        .strip_prefix(' ')?;
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    let anchor = heading
        .to_lowercase()
        .chars()
        .filter(kept)
        .collect::<String>();
    Some(anchor.replace(' ', "-"))
}

fn between<'a>(text: &'a str, from: &'a str, to: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(from)
        .skip(1)
        .filter_map(move |rest| rest.split(to).next())
}

#[test]
fn the_example_configuration_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    for secret in between(EXAMPLE, "/run/secrets/", "\"") {
        let dummy = hex::encode(format!("{secret:_<32}").as_bytes());
        std::fs::write(folder.path().join(secret), &dummy[..64]).unwrap();
    }
    let file = folder.path().join("gateway.toml");
    let example = EXAMPLE.replace("/run/secrets", folder.path().to_str().unwrap());
    std::fs::write(&file, example).unwrap();
    let checked = run(&["check-config", "--config", file.to_str().unwrap()]);
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn the_examples_of_the_configuration_reference_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        run(&[
            "check-config",
            "--sandbox",
            "--config",
            file.to_str().unwrap(),
        ])
    };
    let text: String = between(CONFIGURATION, "```toml\n", "```").collect();
    assert!(text.contains("top.contract.overrides"));
    let checked = check(&text);
    assert!(checked.status.success(), "{checked:?}");

    let wrong = text.replace(
        "pay_order_request.order_id",
        "pay_order_request.order_number",
    );
    let checked = check(&wrong);
    let stderr = String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("top.contract.overrides"), "{stderr}");
    assert!(stderr.contains("order_number"), "{stderr}");
}

/// A sandbox on free ports that ends with the test.
struct Sandbox {
    process: Child,
    gateway: String,
    top: String,
}

impl Sandbox {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["sandbox", "--simulator-listen", "127.0.0.1:0"])
            .env_clear()
            .env("GATEWAY__SERVER__LISTEN", "127.0.0.1:0")
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut welcome = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut address = |end: &str| {
            loop {
                let line = welcome.next().expect("the sandbox has ended").unwrap();
                if let Some((address, _)) = line
                    .split_once("http://")
                    .and_then(|(_, rest)| rest.split_once(end))
                {
                    return address.to_owned();
                }
            }
        };
        let gateway = address("/swagger-ui/");
        let top = address("/_simulator/");
        Self {
            process,
            gateway,
            top,
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The process may have ended by itself; the test has noticed that by now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_tour_works_word_for_word() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path());
    let steps: Vec<(&str, &str)> = [README, TOUR]
        .into_iter()
        .flat_map(|page| between(page, "<!-- tour -->\n```sh\n", "<!--"))
        .map(|step| {
            let (commands, rest) = step.split_once("```\n```text\n").unwrap();
            (commands, rest.split_once("```").unwrap().0)
        })
        .collect();
    assert!(steps.len() >= 11);

    const MARK: &str = "=== next step";
    let script = steps
        .iter()
        .map(|(commands, _)| format!("{commands}\necho\necho '{MARK}'\n"))
        .collect::<String>()
        .replace("127.0.0.1:8080", &sandbox.gateway)
        .replace("127.0.0.1:8090", &sandbox.top);
    // The tour reads files of the repository, but writes its own files to the temporary folder.
    let script = script.replace("@openapi/", &format!("@{}/openapi/", root().display()));
    let ran = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let output = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{output}");

    for ((commands, shown), seen) in steps.iter().zip(output.split(MARK)) {
        for promise in promises(shown) {
            assert!(
                seen.contains(promise),
                "after\n{commands}the tour shows {promise}, but the output was\n{seen}"
            );
        }
    }
}

/// The parts of a shown output that are the same on every run: status lines, and texts between
/// ellipses that contain no time or id.
fn promises(shown: &str) -> impl Iterator<Item = &str> {
    shown
        .lines()
        .flat_map(|line| line.split('…'))
        .flat_map(|part| {
            if part.starts_with("HTTP/") {
                vec![part]
            } else {
                part.trim().split(',').collect()
            }
        })
        .map(|part| part.trim_matches(|c: char| " {}[],".contains(c)))
        .filter(|part| !part.is_empty())
        .filter(|part| {
            let longest = part
                .split(|c: char| !c.is_ascii_digit())
                .map(str::len)
                .max();
            // Ids and times have long numbers; amounts and counts have short ones.
            longest < Some(5)
                && !part.contains("\"at\":")
                && !part.contains("lookup ")
                && !part.contains("location:")
                && !part.contains("operation-id:")
                && !part.contains("\"id\":\"")
        })
}
