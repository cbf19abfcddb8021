//! Reads one table of the raw configuration key by key. Problems are collected rather than returned, so
//! that an operator sees all of them after one start.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use config::{Value, ValueKind};
use secrecy::SecretString;

use super::value::{self, Parse, kind_of};
use crate::secret_file;

/// Collects the problems found.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: RefCell<Vec<String>>,
    rules: RefCell<Vec<String>>,
    broken: RefCell<Vec<String>>,
}

impl Problems {
    pub(crate) fn add(&self, problem: impl Into<String>) {
        self.found.borrow_mut().push(problem.into());
    }

    /// Adds the problem `what` unless `fine`. The text names the keys of the rule in backticks. The
    /// problem is dropped if one of these keys is missing or invalid, because the rule then checked a default.
    pub(crate) fn unless(&self, fine: bool, what: impl FnOnce() -> String) {
        if !fine {
            self.rules.borrow_mut().push(what());
        }
    }

    /// Records a key whose value is missing or invalid.
    fn note_broken(&self, path: &str) {
        self.broken.borrow_mut().push(format!("`{path}`"));
    }

    /// Whether the value of a key is missing or invalid.
    pub(crate) fn is_broken(&self, path: &str) -> bool {
        self.broken.borrow().contains(&format!("`{path}`"))
    }

    pub(crate) fn into_vec(self) -> Vec<String> {
        let (mut found, broken) = (self.found.into_inner(), self.broken.into_inner());
        let applies = |rule: &String| !broken.iter().any(|key| rule.contains(key));
        found.extend(self.rules.into_inner().into_iter().filter(applies));
        found
    }
}

/// One table, its path, and the keys read so far.
#[derive(Debug)]
pub(crate) struct Table<'p> {
    path: String,
    entries: BTreeMap<String, Value>,
    /// Values for keys that are missing or invalid, so that the remaining rules can still be checked.
    fallback: BTreeMap<String, Value>,
    /// The value is not a table: do not also report its keys as missing.
    broken: bool,
    known: Vec<&'static str>,
    problems: &'p Problems,
}

impl<'p> Table<'p> {
    /// The table at `path`. A value that is not a table is a problem and is read as an empty table.
    /// `fallback` provides values for keys that are missing or invalid.
    pub(crate) fn new(
        path: String,
        value: Option<Value>,
        fallback: Option<Value>,
        problems: &'p Problems,
    ) -> Self {
        let mut broken = false;
        let entries = match value.map(|value| (kind_of(&value), value.kind)) {
            Some((_, ValueKind::Table(table))) => table.into_iter().collect(),
            None | Some((_, ValueKind::Nil)) => BTreeMap::new(),
            Some((kind, _)) => {
                problems.add(format!("`{path}` must be a table, but is {kind}"));
                broken = true;
                BTreeMap::new()
            }
        };
        let fallback = match fallback.map(|value| value.kind) {
            Some(ValueKind::Table(table)) => table.into_iter().collect(),
            Some(_) | None => BTreeMap::new(),
        };
        Self {
            path,
            entries,
            fallback,
            broken,
            known: Vec::new(),
            problems,
        }
    }

    /// Whether the table contains the key, with any value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub(crate) fn problems(&self) -> &'p Problems {
        self.problems
    }

    /// The full path of a key of this table.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn take_raw(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.entries
            .remove(key)
            .filter(|value| value.kind != ValueKind::Nil)
    }

    /// Reads an optional key.
    pub(crate) fn optional<T>(&mut self, key: &'static str, parse: Parse<T>) -> Option<T> {
        let value = self.take_raw(key)?;
        self.parsed(key, &value, parse)
    }

    /// Reads a required key. If it is missing or invalid, the configuration is refused; the fallback is
    /// returned, if there is one, so that the remaining checks can run.
    pub(crate) fn required<T>(&mut self, key: &'static str, parse: Parse<T>) -> Option<T> {
        let found = match self.take_raw(key) {
            Some(value) => self.parsed(key, &value, parse),
            None => {
                self.missing(key, "in the file");
                None
            }
        };
        found.or_else(|| self.fallback_value(key, parse))
    }

    fn fallback_value<T>(&self, key: &str, parse: Parse<T>) -> Option<T> {
        self.fallback.get(key).and_then(|value| parse(value).ok())
    }

    fn parsed<T>(&self, key: &str, value: &Value, parse: Parse<T>) -> Option<T> {
        parse(value)
            .map_err(|why| {
                let path = self.path_of(key);
                self.problems.note_broken(&path);
                self.problems
                    .add(format!("`{path}`{}: {why}", origin(value)));
            })
            .ok()
    }

    fn missing(&self, key: &str, place: &str) {
        let path = self.path_of(key);
        self.problems.note_broken(&path);
        if !self.broken {
            let name = environment_name(&path);
            self.problems
                .add(format!("`{path}` is missing; set it {place} or as {name}"));
        }
    }

    /// Reads a secret: the value of `key`, or the trimmed content of the file named by `key_file`.
    /// Setting both is a problem.
    pub(crate) fn secret(
        &mut self,
        key: &'static str,
        key_file: &'static str,
    ) -> Option<SecretString> {
        let value = self.take_raw(key);
        let file = self.take_raw(key_file);
        match (value, file) {
            (Some(_), Some(_)) => {
                self.problems.note_broken(&self.path_of(key));
                self.problems.add(format!(
                    "`{}` and `{}` are both set; keep one of them",
                    self.path_of(key),
                    self.path_of(key_file)
                ));
                None
            }
            (Some(value), None) => self.parsed(key, &value, value::secret),
            (None, Some(value)) => {
                let file = self.parsed(key_file, &value, value::text)?;
                secret_file::read(Path::new(&file))
                    .map_err(|why| {
                        self.problems.note_broken(&self.path_of(key));
                        self.problems
                            .add(format!("`{}`: {why}", self.path_of(key_file)));
                    })
                    .ok()
            }
            (None, None) => None,
        }
    }

    /// The text of a key that is read later; none if it is missing or not text.
    pub(crate) fn peek(&self, key: &str) -> Option<String> {
        value::text(self.entries.get(key)?).ok()
    }

    /// Reads a required secret.
    pub(crate) fn required_secret(
        &mut self,
        key: &'static str,
        key_file: &'static str,
    ) -> Option<SecretString> {
        let found = if self.has(key) || self.has(key_file) {
            self.secret(key, key_file)
        } else {
            self.known.extend([key, key_file]);
            self.missing(key, &format!("or `{key_file}` in the file,"));
            None
        };
        found.or_else(|| self.fallback_value(key, value::secret))
    }

    /// A nested table; empty if it is missing.
    pub(crate) fn table(&mut self, key: &'static str) -> Table<'p> {
        let value = self.take_raw(key);
        let fallback = self.fallback.get(key).cloned();
        let mut table = Table::new(self.path_of(key), value, fallback, self.problems);
        table.broken |= self.broken;
        table
    }

    /// The entries of a table whose keys are names that the operator chose.
    pub(crate) fn named(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.entries).into_iter().collect()
    }

    /// A table under a name that the operator chose. The first table of the fallback is its fallback.
    pub(crate) fn at(&self, name: &str, value: Value) -> Table<'p> {
        let fallback = self.fallback.values().next().cloned();
        Table::new(self.path_of(name), Some(value), fallback, self.problems)
    }

    /// Reports every key that was not read: a typo must not silently fall back to a default.
    pub(crate) fn finish(self) {
        for (key, value) in &self.entries {
            let guess = closest(key, &self.known)
                .map(|known| format!("; did you mean `{known}`?"))
                .unwrap_or_default();
            self.problems.add(format!(
                "unknown key `{}`{}{guess}",
                self.path_of(key),
                origin(value)
            ));
        }
    }
}

/// The origin of a value, if it is not the file.
fn origin(value: &Value) -> &'static str {
    match value.origin() {
        Some("the environment") => " (from the environment)",
        _ => "",
    }
}

/// The environment variable of a key.
pub(crate) fn environment_name(path: &str) -> String {
    format!("GATEWAY__{}", path.to_uppercase().replace('.', "__"))
}

/// The known key that was probably meant: at most a third of its letters differ.
fn closest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    known
        .iter()
        .map(|candidate| (strsim::osa_distance(key, candidate), *candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len().max(3))
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_suggests_the_known_key_and_an_unrelated_word_suggests_nothing() {
        let known = ["deadline", "connect_timeout", "app_key"];
        assert_eq!(closest("deadlne", &known), Some("deadline"));
        assert_eq!(closest("ulr", &["url", "queue"]), Some("url"));
        assert_eq!(closest("connect-timeout", &known), Some("connect_timeout"));
        assert_eq!(closest("appkey", &known), Some("app_key"));
        assert_eq!(closest("colour", &known), None);
    }

    #[test]
    fn environment_names_are_upper_case_with_double_underscores() {
        assert_eq!(
            environment_name("accounts.default.session"),
            "GATEWAY__ACCOUNTS__DEFAULT__SESSION"
        );
    }
}
