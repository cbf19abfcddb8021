//! What is wrong with a request, told all at once.

use std::fmt;

use serde_json::{Map, Value};

use super::text::is_invisible;

/// One thing that is wrong. Never contains personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer into the request.
    pub pointer: String,
    /// What, for programs.
    pub code: &'static str,
    /// What, for people.
    pub message: String,
    /// What it is about.
    pub about: About,
}

/// What a violation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The request: it is wrong as it is written.
    Request,
    /// The offer: the request is well-formed, and its offer cannot be booked.
    Offer,
}

impl Violation {
    /// A violation of the request.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            message: message.into(),
            about: About::Request,
        }
    }
}

/// The code of a text with an invisible character.
pub(super) const INVISIBLE: &str = "invisible_character";

/// The result of a check, with what another check of the same request found wrong.
///
/// # Errors
/// All that is wrong with it.
pub fn both<T>(
    checked: Result<T, Vec<Violation>>,
    more: Vec<Violation>,
) -> Result<T, Vec<Violation>> {
    match checked {
        Ok(value) if more.is_empty() => Ok(value),
        Ok(_) => Err(more),
        Err(mut found) => {
            found.extend(more);
            Err(found)
        }
    }
}

/// All texts with an invisible character in an object of any shape. A field's name counts as one.
#[must_use]
pub fn invisible_texts(at: &str, object: &Map<String, Value>) -> Vec<Violation> {
    let mut violations = Violations::default();
    for (name, value) in object {
        violations.require_text(name, true, at, INVISIBLE, "");
        violations.require_visible(&format!("{at}/{name}"), value);
    }
    violations.0
}

/// Collects violations.
#[derive(Debug, Default)]
pub(super) struct Violations(Vec<Violation>);

impl Violations {
    pub(super) fn add(
        &mut self,
        pointer: impl fmt::Display,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.0
            .push(Violation::new(pointer.to_string(), code, message));
    }

    /// Adds one because the offer cannot be booked.
    pub(super) fn add_about_offer(
        &mut self,
        pointer: impl fmt::Display,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.0.push(Violation {
            about: About::Offer,
            ..Violation::new(pointer.to_string(), code, message)
        });
    }

    /// Adds one where the condition does not hold.
    pub(super) fn require(
        &mut self,
        holds: bool,
        pointer: impl fmt::Display,
        code: &'static str,
        message: &str,
    ) {
        if !holds {
            self.add(pointer, code, message);
        }
    }

    /// Adds one where the text has an invisible character, with its place, or where it does not fit.
    pub(super) fn require_text(
        &mut self,
        text: &str,
        fits: bool,
        pointer: impl fmt::Display,
        code: &'static str,
        message: &str,
    ) {
        // Most texts are plain, and soon looked through.
        let found = match text.bytes().all(|b| matches!(b, b' '..=b'~')) {
            true => None,
            false => text.chars().enumerate().find(|(_, c)| is_invisible(*c)),
        };
        match found {
            Some((index, c)) => self.add(
                pointer,
                // A line break or another control character is no line of text to begin with.
                if c.is_control() { code } else { INVISIBLE },
                format!(
                    "the character at position {} (U+{:04X}) is invisible; leave it out",
                    index + 1,
                    u32::from(c)
                ),
            ),
            None => self.require(fits, pointer, code, message),
        }
    }

    fn require_visible(&mut self, at: &str, value: &Value) {
        match value {
            Value::String(text) => self.require_text(text, true, at, INVISIBLE, ""),
            Value::Object(object) => self.extend(invisible_texts(at, object)),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.require_visible(&format!("{at}/{index}"), item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub(super) fn extend(&mut self, more: Vec<Violation>) {
        self.0.extend(more);
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<Violation>> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.0)
        }
    }
}
