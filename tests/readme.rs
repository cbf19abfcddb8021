//! What README.md and the deployment files say is so: the tour works word for word, every key, call
//! and command is there, every file that is named exists, and the example configuration is valid.

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

/// The dotted paths of all keys; a table without keys counts as one.
fn keys(table: &toml::Table, path: &str, all: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match value {
            // Its keys are Fliggy's phrases.
            toml::Value::Table(_) if path == "status_map" => {
                all.insert(path);
            }
            // Their keys are our words for what Fliggy numbers.
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

/// `accounts.default.channel` is told of as `accounts.<name>.channel`.
fn with_placeholders(key: &str) -> String {
    let parts: Vec<_> = key.split('.').collect();
    match parts.as_slice() {
        ["accounts", _, rest] => format!("accounts.<name>.{rest}"),
        ["auth", "keys", _, rest] => format!("auth.keys.<name>.{rest}"),
        _ => key.to_owned(),
    }
}

#[test]
fn every_configuration_key_is_in_the_table() {
    let mut all = BTreeSet::new();
    for text in [DEFAULTS, EXAMPLE] {
        keys(&toml::from_str(text).unwrap(), "", &mut all);
    }
    // What is shown of a running configuration, secrets and optional keys included.
    let shown = run(&["check-config", "--sandbox"]);
    keys(
        &toml::from_str(&String::from_utf8(shown.stdout).unwrap()).unwrap(),
        "",
        &mut all,
    );
    assert!(all.len() > 40, "{all:?}");
    let missing: Vec<_> = all
        .iter()
        .map(|key| with_placeholders(key))
        .filter(|key| !README.contains(&format!("`{key}`")))
        .collect();
    assert!(missing.is_empty(), "README.md lacks {missing:?}");
}

#[test]
fn the_table_tells_the_real_defaults() {
    let defaults: toml::Table = toml::from_str(DEFAULTS).unwrap();
    let mut checked = 0;
    for (section, key, told) in README.lines().filter_map(row) {
        let mut value = defaults.get(section);
        for part in key.split('.') {
            value = value.and_then(|table| table.get(part));
        }
        let Some(value) = value else { continue };
        let value = match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(told, value, "{section}.{key}");
        checked += 1;
    }
    assert!(checked > 30, "only {checked} rows were read");
}

/// Section, key and default of a row of the table of keys.
fn row(line: &str) -> Option<(&str, &str, &str)> {
    let mut cells = line.strip_prefix("| `")?.split(" | ");
    let (section, key) = cells.next()?.strip_suffix('`')?.split_once('.')?;
    let told = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    Some((section, key, told))
}

#[test]
fn every_call_and_every_command_is_there() {
    let document: serde_json::Value = serde_json::from_slice(&run(&["openapi"]).stdout).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(!paths.is_empty());
    for (path, calls) in paths {
        for method in calls.as_object().unwrap().keys() {
            let call = format!("`{} {path}`", method.to_uppercase());
            assert!(README.contains(&call), "README.md lacks {call}");
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
fn every_file_that_is_named_exists() {
    for page in ["README.md", "CHANGELOG.md", "deploy/README.md"]
        .into_iter()
        .map(PathBuf::from)
        .chain(pages("docs"))
        .chain(pages("docs/adr"))
    {
        let text = std::fs::read_to_string(root().join(&page)).unwrap();
        let folder = page.parent().unwrap();
        for link in between(&text, "](", ")") {
            let file = link.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") {
                let target = root().join(folder).join(file);
                assert!(target.exists(), "{}: {link}", page.display());
            }
        }
        for file in between(&text, "-d @", " ") {
            let file = file.split_whitespace().next().unwrap();
            assert!(root().join(file).exists(), "{}: {file}", page.display());
        }
    }
}

fn pages(folder: &str) -> Vec<PathBuf> {
    std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| Path::new(folder).join(entry.unwrap().file_name()))
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect()
}

fn between<'a>(text: &'a str, from: &'a str, to: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(from)
        .skip(1)
        .filter_map(move |rest| rest.split(to).next())
}

/// The toolchain of `rust-toolchain.toml` is the one that the package and the image name, and the image
/// does not see the file: rustup would download its components there.
#[test]
fn one_toolchain_is_named_everywhere() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let pinned: toml::Table = toml::from_str(&read("rust-toolchain.toml")).unwrap();
    let channel = pinned["toolchain"]["channel"].as_str().unwrap();
    let minor = env!("CARGO_PKG_RUST_VERSION");
    assert!(channel.starts_with(&format!("{minor}.")), "{channel}");
    let image = format!("\nFROM rust:{minor}-slim AS build\n");
    assert!(read("Dockerfile").contains(&image));
    assert!(README.contains(&format!("Rust {minor} ")));
    let context = read(".dockerignore");
    let mut taken = context.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(
        taken.next(),
        Some("*"),
        "the list names what the build takes"
    );
    assert!(!taken.any(|line| line.contains("rust-toolchain")));
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
fn the_overrides_of_the_readme_are_valid() {
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
    let text: String = between(README, "```toml\n", "```").collect();
    assert!(text.contains("top.contract.overrides"));
    let checked = check(&text);
    assert!(checked.status.success(), "{checked:?}");

    let wrong = text.replace(
        "pay_order_request.order_id",
        "pay_order_request.order_number",
    );
    let checked = check(&wrong);
    let told = String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(2), "{told}");
    assert!(told.contains("top.contract.overrides"), "{told}");
    assert!(told.contains("order_number"), "{told}");
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
        // It may have ended by itself, which the test has seen then.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_tour_works_word_for_word() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path());
    let steps: Vec<(&str, &str)> = between(README, "<!-- tour -->\n```sh\n", "<!--")
        .map(|step| {
            let (commands, rest) = step.split_once("```\n```text\n").unwrap();
            (commands, rest.split_once("```").unwrap().0)
        })
        .collect();
    assert!(steps.len() >= 7);

    const MARK: &str = "=== next step";
    let script = steps
        .iter()
        .map(|(commands, _)| format!("{commands}\necho\necho '{MARK}'\n"))
        .collect::<String>()
        .replace("127.0.0.1:8080", &sandbox.gateway)
        .replace("127.0.0.1:8090", &sandbox.top);
    // The files of the tour are read where the project is, and written elsewhere.
    let script = script.replace("@openapi/", &format!("@{}/openapi/", root().display()));
    let ran = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let output = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{output}");

    for ((commands, told), seen) in steps.iter().zip(output.split(MARK)) {
        for promise in promises(told) {
            assert!(
                seen.contains(promise),
                "after\n{commands}README.md promises {promise}, but there was\n{seen}"
            );
        }
    }
}

/// The parts of a shown output that are the same on every run: status lines, and what stands between
/// the signs of omission and has no time or number of its own.
fn promises(told: &str) -> impl Iterator<Item = &str> {
    told.lines()
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
                && !part.contains("look ")
                && !part.contains("location:")
                && !part.contains("operation-id:")
                && !part.contains("\"id\":\"")
        })
}
