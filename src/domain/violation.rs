//! What is wrong with a request, told all at once.

use std::fmt;

/// One thing that is wrong. Never contains personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer into the request.
    pub pointer: String,
    /// What, for programs.
    pub code: &'static str,
    /// What, for people.
    pub message: String,
}

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
        self.0.push(Violation {
            pointer: pointer.to_string(),
            code,
            message: message.into(),
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
