//! Violations of a request, reported all at once.

use std::fmt;

use serde_json::{Map, Value};

use super::text::is_invisible;

/// One violation. Never contains personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A JSON pointer into the request.
    pub pointer: String,
    /// Machine-readable code.
    pub code: &'static str,
    /// Human-readable message.
    pub message: String,
    /// Whether the request or the offer is at fault.
    pub about: About,
}

/// The part that is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The request is invalid.
    Request,
    /// The request is valid, but its offer cannot be booked.
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

/// Combines the results of two checks of the same request.
///
/// # Errors
/// All violations.
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

/// Finds all texts with an invisible character in an object of any shape, including field names.
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

    /// Adds a violation: the offer cannot be booked.
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

    /// Adds a violation unless the condition holds.
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

    /// Adds a violation if the text contains an invisible character (the message gives its position) or if `fits` is
    /// false.
    pub(super) fn require_text(
        &mut self,
        text: &str,
        fits: bool,
        pointer: impl fmt::Display,
        code: &'static str,
        message: &str,
    ) {
        // Fast path: most texts are ASCII.
        let found = match text.bytes().all(|b| matches!(b, b' '..=b'~')) {
            true => None,
            false => text.chars().enumerate().find(|(_, c)| is_invisible(*c)),
        };
        match found {
            Some((index, c)) => self.add(
                pointer,
                // A text with a line break or another control character does not have the expected format anyway.
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
