//! Keeps imports in one direction, as drawn in [`PICTURE`].
//!
//! Reads the sources token by token, with the lexer of procedural macros. Every path counts: in
//! `use` trees, in code, in attributes and in the bodies of macros, also under `#[cfg(test)]`.
//! Names in doc comments and string literals do not count.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// The layers. A layer may import itself and everything to its right on a line; `a::b` stands for only
/// that part of `a`. `↛` lists the crates that a layer must not use.
const PICTURE: &str = "
    api, console → operations → translate → top → domain
    api → access, notifications
    notifications → operations
    operations, notifications, access → store
    simulator → top::sign, top::contract, top::tmc
    cli → simulator

    top, store, operations ↛ axum, axum_core, axum_extra, utoipa_axum
    api ↛ reqwest, sqlx, secrecy

    access, store, notifications → domain
    notifications → translate, top
    config → operations::classify, top::sign, top::contract, domain
    config → notifications::receiver, notifications::webhooks::address
    telemetry, api, access → config
    main → cli
    cli → server, gateway → api → config
    cli → telemetry, top, access, store, domain, secret_file
    gateway → access, notifications, operations, store, translate, top, domain

    api, console, access, notifications → telemetry::metrics, telemetry::handles → clock
    operations, store, top → telemetry::metrics, telemetry::handles → clock
    operations, store, notifications → kill_point
    config, operations → secret_file
    api, simulator → html
    cli, gateway, server, simulator, notifications, domain → clock
    lib
";
// The first two paragraphs are those of the design. `api` must not use `secrecy`, so it can pass a
// session on but not read it. The third paragraph contains what the design does not draw:
// configuration, and the places that assemble the parts. The last paragraph contains what all other
// layers build on.

/// Current exceptions to the picture.
const EXCEPTIONS: &[Exception] = &[Exception {
    from: "src/api/",
    to: "crate::problem_answers",
    reason: "a macro of the API itself, which `#[macro_export]` puts at the root of the crate",
}];

/// Imports that are accepted although the picture does not allow them.
struct Exception {
    /// The file, or the folder with a trailing `/`.
    from: &'static str,
    /// The path, or a prefix of it.
    to: &'static str,
    reason: &'static str,
}

#[test]
fn imports_follow_the_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    let sources: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let name = file.strip_prefix(root).unwrap().to_str().unwrap();
            (
                name.replace('\\', "/"),
                std::fs::read_to_string(file).unwrap(),
            )
        })
        .collect();
    assert!(sources.len() > 200, "only {} sources", sources.len());
    let complaints = check(&Picture::parse(PICTURE), EXCEPTIONS, &sources);
    assert!(
        complaints.is_empty(),
        "{} breaches of the layers (see PICTURE in {}):\n{}",
        complaints.len(),
        file!(),
        complaints.join("\n")
    );
}

#[test]
fn modules_of_operations_have_no_import_cycles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src/operations"), &mut files);
    let sources = files.iter().map(|file| {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        (name.replace('\\', "/"), text)
    });
    // Tests may import everything around them.
    let sources: Vec<_> = sources
        .filter(|(file, _)| !file.ends_with("/tests.rs"))
        .collect();
    assert!(sources.len() > 25, "only {} sources", sources.len());
    assert_eq!(cycles(&sources), Vec::<String>::new());
}

/// The imports between these files that are part of a cycle, or lead from one cycle to another.
fn cycles(sources: &[(String, String)]) -> Vec<String> {
    let modules: BTreeSet<String> = sources
        .iter()
        .map(|(file, _)| format!("crate::{}", module_of(file).join("::")))
        .collect();
    let module_of_path = |path: &str| {
        let inside = modules.iter().filter(|module| covers(module, path));
        inside.max_by_key(|module| module.len())
    };
    let mut edges: BTreeSet<(&String, &String)> = BTreeSet::new();
    for ((file, text), from) in sources.iter().map(|source| {
        let module = format!("crate::{}", module_of(&source.0).join("::"));
        (source, modules.get(&module).unwrap())
    }) {
        let imports = imports(&module_of(file), text);
        let to = imports.iter().filter_map(|import| {
            // A path that starts with a child of the module needs no `self`.
            let of_child = format!("{from}::{}", import.path);
            let child = module_of_path(&of_child).filter(|to| *to != from);
            child.or_else(|| module_of_path(&import.path))
        });
        edges.extend(to.filter(|to| *to != from).map(|to| (from, to)));
    }
    loop {
        let before = edges.len();
        for end in [
            |edge: &(&String, &String)| edge.0.clone(),
            |edge: &(&String, &String)| edge.1.clone(),
        ] {
            let having: BTreeSet<String> = edges.iter().map(end).collect();
            edges.retain(|(from, to)| having.contains(*from) && having.contains(*to));
        }
        if edges.len() == before {
            return edges
                .iter()
                .map(|(from, to)| format!("{from} imports {to}"))
                .collect();
        }
    }
}

#[test]
fn a_cycle_is_found_and_a_chain_is_not() {
    let source = |name: &str, text: &str| (format!("src/{name}.rs"), text.to_owned());
    let chain = [
        source("a", "use crate::b::X;"),
        source("b", "use crate::c::d::Y; use super::c;"),
        source("c", "mod d; use std::fmt;"),
        source("c/d", ""),
    ];
    assert_eq!(cycles(&chain), Vec::<String>::new());
    let cycle = [
        source("a", "use crate::b::X;"),
        source("b", "fn f() { crate::c::g() }"),
        source("c", "use super::b::f; use super::d;"),
        source("d", ""),
    ];
    assert_eq!(
        cycles(&cycle),
        ["crate::b imports crate::c", "crate::c imports crate::b"]
    );
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn check(picture: &Picture, exceptions: &[Exception], sources: &[(String, String)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut used = BTreeSet::new();
    for (file, text) in sources {
        let module = module_of(file);
        let Some(layer) = picture.layer_of(&module) else {
            complaints.push(format!("{file}: the picture has no layer for this file"));
            continue;
        };
        for import in imports(&module, text) {
            let Some(why) = picture.objection(layer, &import.path) else {
                continue;
            };
            let exception = exceptions.iter().position(|exception| {
                file.starts_with(exception.from) && covers(exception.to, &import.path)
            });
            match exception {
                Some(exception) => _ = used.insert(exception),
                None => complaints.push(format!(
                    "{file}:{}: `{layer}` imports `{}`; {why}",
                    import.line, import.path
                )),
            }
        }
    }
    for (index, exception) in exceptions.iter().enumerate() {
        if !used.contains(&index) {
            complaints.push(format!(
                "the exception of {} for `{}` ({}) is no longer needed: remove it",
                exception.from, exception.to, exception.reason
            ));
        }
    }
    complaints
}

/// Whether `path` is `whole` or a part of it.
fn covers(whole: &str, path: &str) -> bool {
    path.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

// === the picture ===

struct Picture {
    /// For each line with arrows, its columns from left to right.
    lines: Vec<Vec<Vec<String>>>,
    /// A layer, and a crate that it must not use.
    barred: Vec<(String, String)>,
    layers: BTreeSet<String>,
}

impl Picture {
    fn parse(text: &str) -> Self {
        let names = |list: &str| -> Vec<String> {
            list.split(',').map(|name| name.trim().to_owned()).collect()
        };
        let (mut lines, mut barred, mut layers) = (Vec::new(), Vec::new(), BTreeSet::new());
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            if let Some((left, right)) = line.split_once('↛') {
                for layer in names(left) {
                    barred.extend(names(right).into_iter().map(|to| (layer.clone(), to)));
                }
                continue;
            }
            let columns: Vec<_> = line.split('→').map(names).collect();
            for (at, name) in columns
                .iter()
                .enumerate()
                .flat_map(|(at, names)| names.iter().map(move |name| (at, name)))
            {
                // `top::sign`, on the right only, narrows an arrow; it is not a layer.
                if !name.contains("::") || at + 1 < columns.len() {
                    layers.insert(name.clone());
                }
            }
            lines.push(columns);
        }
        Self {
            lines,
            barred,
            layers,
        }
    }

    /// The innermost layer that contains a module.
    fn layer_of(&self, module: &[String]) -> Option<&str> {
        let module = module.join("::");
        let layers = self.layers.iter().filter(|layer| covers(layer, &module));
        layers.max_by_key(|layer| layer.len()).map(String::as_str)
    }

    fn allowed(&self, layer: &str) -> BTreeSet<&str> {
        let right_of_it = |columns: &'_ Vec<Vec<String>>| {
            columns
                .iter()
                .position(|names| names.iter().any(|name| name == layer))
        };
        self.lines
            .iter()
            .filter_map(|columns| Some(&columns[right_of_it(columns)? + 1..]))
            .flatten()
            .flatten()
            .map(String::as_str)
            .collect()
    }

    /// The reason why a layer must not import the path, if there is one.
    fn objection(&self, layer: &str, path: &str) -> Option<String> {
        let Some(inside) = path.strip_prefix("crate::") else {
            let barred = self.barred.iter();
            return barred
                .filter(|(from, to)| from == layer && covers(to, path))
                .map(|(_, to)| format!("it must not use `{to}`"))
                .next();
        };
        let allowed = self.allowed(layer);
        let is_allowed = covers(layer, inside) || allowed.iter().any(|to| covers(to, inside));
        (!is_allowed).then(|| {
            let allowed: Vec<_> = allowed.into_iter().collect();
            format!("allowed: {}", allowed.join(", "))
        })
    }
}

// === the sources ===

/// A path in a source text.
#[derive(Debug, PartialEq)]
struct Import {
    /// Starts with `crate::` for this crate, else with the name of the other crate.
    path: String,
    line: usize,
}

/// `src/top/wire/pay.rs` is `top::wire::pay`.
fn module_of(file: &str) -> Vec<String> {
    let path = file.strip_prefix("src/").unwrap_or(file);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    path.split('/').map(ToOwned::to_owned).collect()
}

fn imports(module: &[String], text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    walk(module, text.parse().unwrap(), &mut found);
    found
}

fn walk(module: &[String], tokens: TokenStream, found: &mut Vec<Import>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            TokenTree::Ident(word) if word == "use" => tree(module, &[], after, found),
            TokenTree::Ident(word) if word == "mod" => match after {
                [TokenTree::Ident(name), TokenTree::Group(body), after @ ..] => {
                    let inner = [module, &[name.to_string()]].concat();
                    walk(&inner, body.stream(), found);
                    after
                }
                _ => after,
            },
            TokenTree::Ident(word) if word == "extern" => match after {
                [TokenTree::Ident(keyword), name, ..] if keyword == "crate" => {
                    record(module, &[name.to_string()], name, found);
                    &after[1..]
                }
                _ => after,
            },
            TokenTree::Ident(word) => {
                let mut path = vec![word.to_string()];
                let mut after = after;
                while let Some([TokenTree::Ident(next), ..]) = after_colons(after) {
                    path.push(next.to_string());
                    after = &after[3..];
                }
                if path.len() > 1 {
                    record(module, &path, first, found);
                }
                after
            }
            TokenTree::Group(group) => {
                walk(module, group.stream(), found);
                after
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => after,
        };
    }
}

/// The tokens after a `::`.
fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [TokenTree::Punct(one), TokenTree::Punct(two), after @ ..]
            if one.as_char() == ':' && one.spacing() == Spacing::Joint && two.as_char() == ':' =>
        {
            Some(after)
        }
        _ => None,
    }
}

/// Parses one tree of a `use`, up to its `,` or `;`.
fn tree<'t>(
    module: &[String],
    prefix: &[String],
    tokens: &'t [TokenTree],
    found: &mut Vec<Import>,
) -> &'t [TokenTree] {
    let mut path = prefix.to_vec();
    let mut rest = after_colons(tokens).unwrap_or(tokens);
    while let Some((first, after)) = rest.split_first() {
        match first {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut inner = inner.as_slice();
                while !inner.is_empty() {
                    inner = tree(module, &path, inner, found);
                    inner = inner.get(1..).unwrap_or_default();
                }
                return after;
            }
            TokenTree::Ident(_) => path.push(first.to_string()),
            TokenTree::Punct(star) if star.as_char() == '*' => path.push("*".to_owned()),
            _ => return rest,
        }
        let Some(next) = after_colons(after) else {
            record(module, &path, first, found);
            return match after {
                [TokenTree::Ident(word), _, after @ ..] if word == "as" => after,
                _ => after,
            };
        };
        rest = next;
    }
    rest
}

/// Records a path, with `super`, `self` and the crate's own name resolved.
fn record(module: &[String], path: &[String], at: &TokenTree, found: &mut Vec<Import>) {
    let mut whole: Vec<&str> = match path[0].as_str() {
        "crate" | "fliggy_gateway" => vec!["crate"],
        "self" | "super" => ["crate"]
            .into_iter()
            .chain(module.iter().map(String::as_str))
            .collect(),
        other => vec![other],
    };
    // The first name is already in `whole`, or it is `self` or `super`, which is handled below.
    let below = usize::from(!matches!(path[0].as_str(), "self" | "super"));
    for name in &path[below..] {
        match name.as_str() {
            "self" => {}
            "super" => _ = whole.pop(),
            name => whole.push(name),
        }
    }
    found.push(Import {
        path: whole.join("::"),
        line: at.span().start().line,
    });
}

// === tests of the check ===

fn found_in(module: &str, text: &str) -> Vec<(usize, String)> {
    let module: Vec<_> = module.split("::").map(ToOwned::to_owned).collect();
    imports(&module, text)
        .into_iter()
        .map(|import| (import.line, import.path))
        .collect()
}

#[test]
fn paths_are_found_in_every_form() {
    let text = "
use crate::top::{self, call::{Call, Lost as Gone}, wire::*};
use super::super::domain::ids;
use axum;
pub(in crate::api) use ::reqwest::Url as Address;
extern crate sqlx;
fn f(a: crate::config::Config) -> impl Future + use<> { <A as crate::api::B>::c(a) as u8 }
mod inner {
    use super::x;
    fn g() { super::super::super::clock::now(); tokio::select! { a = crate::simulator::run() => a } }
}
macro_rules! m { () => { $crate::server::start() } }
#[derive(axum::extract::FromRef)]
/// Not crate::cli, nor \"crate::cli\".
struct S(Vec::<fliggy_gateway::telemetry::T>);
";
    let found = found_in("operations::pay", text);
    let expected = [
        (2, "crate::top"),
        (2, "crate::top::call::Call"),
        (2, "crate::top::call::Lost"),
        (2, "crate::top::wire::*"),
        (3, "crate::domain::ids"),
        (4, "axum"),
        (5, "crate::api"),
        (5, "reqwest::Url"),
        (6, "sqlx"),
        (7, "crate::config::Config"),
        (7, "crate::api::B"),
        (9, "crate::operations::pay::x"),
        (10, "crate::clock::now"),
        (10, "tokio::select"),
        (10, "crate::simulator::run"),
        (12, "crate::server::start"),
        (13, "axum::extract::FromRef"),
        (15, "crate::telemetry::T"),
    ];
    let expected: Vec<_> = expected.map(|(line, path)| (line, path.to_owned())).into();
    assert_eq!(found, expected);
}

const SMALL: &str = "
    api → operations → top → domain
    simulator → top::sign
    domain → clock
    api, top → clock::names → domain
    api ↛ reqwest
";

fn complaints(exceptions: &[Exception], file: &str, text: &str) -> Vec<String> {
    let sources = [(file.to_owned(), text.to_owned())];
    check(&Picture::parse(SMALL), exceptions, &sources)
}

#[test]
fn a_forbidden_import_is_reported_with_the_allowed_ones() {
    for (file, text, complaint) in [
        ("src/api/pay.rs", "use crate::{domain::a, top::b};", None),
        ("src/top/sign.rs", "use super::call;", None),
        (
            "src/top/sign.rs",
            "\nuse crate::{\n    domain::ids,\n    operations::pay,\n};",
            Some(
                "src/top/sign.rs:4: `top` imports `crate::operations::pay`; \
                 allowed: clock::names, domain",
            ),
        ),
        (
            "src/simulator.rs",
            "use crate::top::sign::verify;\nfn f() { crate::top::signal() }",
            Some(
                "src/simulator.rs:2: `simulator` imports `crate::top::signal`; allowed: top::sign",
            ),
        ),
        (
            "src/api.rs",
            "fn f(_: reqwest::Url, _: reqwest_like::Url) {}",
            Some("src/api.rs:1: `api` imports `reqwest::Url`; it must not use `reqwest`"),
        ),
        (
            "src/clock/names.rs",
            "use super::Clock;",
            Some(
                "src/clock/names.rs:1: `clock::names` imports `crate::clock::Clock`; \
                 allowed: domain",
            ),
        ),
        (
            "src/domain.rs",
            "use crate::*;",
            Some("src/domain.rs:1: `domain` imports `crate::*`; allowed: clock"),
        ),
        (
            "src/attic/old.rs",
            "",
            Some("src/attic/old.rs: the picture has no layer for this file"),
        ),
    ] {
        let expected: Vec<_> = complaint.into_iter().collect();
        assert_eq!(complaints(&[], file, text), expected, "{file}: {text}");
    }
}

#[test]
fn an_exception_covers_one_import_and_must_still_be_needed() {
    let exceptions = [Exception {
        from: "src/domain/",
        to: "crate::top::sign",
        reason: "it signs",
    }];
    let now = |text| complaints(&exceptions, "src/domain/ids.rs", text);
    assert_eq!(now("use crate::top::sign::sign;"), [""; 0]);
    assert_eq!(
        now("use crate::top::{sign, call};"),
        ["src/domain/ids.rs:1: `domain` imports `crate::top::call`; allowed: clock"]
    );
    assert_eq!(
        now("use crate::clock;"),
        [
            "the exception of src/domain/ for `crate::top::sign` (it signs) is no longer needed: \
             remove it"
        ]
    );
}
