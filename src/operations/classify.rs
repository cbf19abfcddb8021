//! What may be concluded from the way in which the call of a write ended: one table of data, one pure function.
//!
//! No refusal of book or pay is documented, and the documented sample carries `isv.SYSTEM_ERROR`
//! beside success: neither an `isv.*` code nor `is_success` decides alone.

use crate::domain::operation::{Cause, Claim, Kind, RefusalCounts};
use crate::top::call::{CallError, NotSent};
use crate::top::envelope::ErrorResponse;
use crate::top::lenient::Field;
use crate::top::method::BusinessVerdict;
use phrases::Ruling;

mod error_row;
mod phrases;

pub use error_row::{ErrorRow, RowVerdict};
pub use phrases::Missing;

/// How a call ended.
#[derive(Debug)]
pub enum Ending<'a> {
    /// With a response of the business service.
    Answer {
        /// Upstream's own verdict.
        verdict: BusinessVerdict<'a>,
        /// Whether the response is about the requested object.
        reference: Reference,
        /// Whether the response contains everything that the result of a success needs.
        complete: bool,
    },
    /// With anything else.
    Error(&'a CallError),
}

/// Whether a response is about this operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The response contains our number, or no number.
    Ours,
    /// The response contains another number.
    Foreign,
}

impl Reference {
    /// Combines the references of two numbers in a response.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Ours, Self::Ours) => Self::Ours,
            (Self::Foreign, _) | (_, Self::Foreign) => Self::Foreign,
        }
    }

    /// Compares a number in a response with ours. A number that is missing or cannot be read counts as ours.
    #[must_use]
    pub fn of<T>(received: &Field<T>, is_ours: impl Fn(&T) -> bool) -> Self {
        match received {
            Field::Value(number) if !is_ours(number) => Self::Foreign,
            Field::Value(_) | Field::Absent | Field::Unreadable => Self::Ours,
        }
    }
}

/// What may be concluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// The write was executed.
    Succeeded,
    /// The business service refused the write and did nothing.
    Rejected(Cause),
    /// The write was not executed: nothing was sent.
    NotSent(Cause),
    /// The write was not executed: TOP's gateway refused the call.
    RefusedByGateway(Cause),
    /// The outcome is not known. Lookups must confirm the claim. The cause is present if upstream refused.
    Unknown(Claim, Option<Cause>),
}

/// The classification, with the rows that configuration added.
#[derive(Clone, Debug, Default)]
pub struct Classifier {
    added: Vec<ErrorRow>,
}

/// The parts of a response that the table matches.
struct Words<'a> {
    method: &'a str,
    platform: Option<i64>,
    code: Option<&'a str>,
    texts: [Option<&'a str>; 3],
}

// === impl Classifier ===

impl Classifier {
    /// A classifier with the built-in table and these rows.
    #[must_use]
    pub fn new(added: Vec<ErrorRow>) -> Self {
        Self { added }
    }

    /// Concludes the outcome of a write. Every ending has a conclusion; the outcome of an unlisted ending is
    /// unknown.
    #[must_use]
    pub fn conclude(&self, kind: Kind, method: &str, ending: &Ending<'_>) -> Conclusion {
        match ending {
            Ending::Error(CallError::NotSent(why)) => Conclusion::NotSent(not_sent(why)),
            Ending::Error(CallError::Lost(_)) => Conclusion::Unknown(Claim::Silence, None),
            Ending::Error(CallError::Refused(error)) => {
                self.conclude_error(kind, &Words::of_error(method, error))
            }
            Ending::Answer {
                verdict,
                reference,
                complete,
            } => self.conclude_answer(kind, method, verdict, *reference, *complete),
        }
    }

    fn conclude_error(&self, kind: Kind, words: &Words<'_>) -> Conclusion {
        match self.ruling(words) {
            Some(Ruling::Silent) => Conclusion::Unknown(Claim::Silence, None),
            Some(Ruling::Gateway(cause)) => Conclusion::RefusedByGateway(cause),
            Some(Ruling::Business(cause)) => refused(kind, cause),
            // "Remote service error" without a reason.
            None if words.platform == Some(phrases::REMOTE) && words.code.is_none() => {
                Conclusion::Unknown(Claim::Silence, None)
            }
            None => Conclusion::Unknown(Claim::RefusedUnlisted, Some(Cause::Refused)),
        }
    }

    fn conclude_answer(
        &self,
        kind: Kind,
        method: &str,
        verdict: &BusinessVerdict<'_>,
        reference: Reference,
        complete: bool,
    ) -> Conclusion {
        let words = Words::of_answer(method, verdict);
        let ruling = self.ruling(&words);
        match (verdict.is_success, reference) {
            // Upstream reported success, but for another order. A lookup must prove the success; otherwise a
            // person decides.
            (Some(true), Reference::Foreign) => return Conclusion::Unknown(Claim::Done, None),
            (Some(false) | None, Reference::Foreign) => {
                return Conclusion::Unknown(Claim::Silence, None);
            }
            (_, Reference::Ours) => {}
        }
        match verdict.is_success {
            Some(true) if !complete => Conclusion::Unknown(Claim::Done, None),
            // An error code beside success is inconclusive, and a payment needs proof: both are looked up. If
            // nothing is found, a person decides, because upstream reported success.
            Some(true)
                if kind.moves_money()
                    || ruling == Some(Ruling::Silent)
                    || words.code.is_some_and(is_error_code) =>
            {
                Conclusion::Unknown(Claim::Done, None)
            }
            Some(true) => Conclusion::Succeeded,
            Some(false) => match ruling {
                Some(Ruling::Gateway(cause)) => Conclusion::RefusedByGateway(cause),
                Some(Ruling::Business(cause)) => refused(kind, cause),
                Some(Ruling::Silent) => Conclusion::Unknown(Claim::Silence, None),
                None => Conclusion::Unknown(Claim::RefusedUnlisted, Some(Cause::Refused)),
            },
            None => Conclusion::Unknown(Claim::Silence, None),
        }
    }

    /// Whether the response to a read says that there is no such order, refund or change.
    #[must_use]
    pub fn says_not_found(&self, method: &str, ending: &Ending<'_>, what: Missing) -> bool {
        let Some(words) = Words::of(method, ending) else {
            return false;
        };
        if matches!(ending, Ending::Answer { verdict, .. } if verdict.is_success == Some(true)) {
            return false;
        }
        let added = self.added.iter().find(|row| words.match_added(row));
        match added.map(|row| row.verdict) {
            Some(RowVerdict::NotFound) => true,
            Some(RowVerdict::Rejected | RowVerdict::Unknown | RowVerdict::NotExecuted) => false,
            None => {
                let phrases::NotFound { text, word } = phrases::not_found(what);
                let code = words.code.unwrap_or_default().to_ascii_lowercase();
                // The code must name the object: that a user, a channel or a session does not exist says
                // nothing about the order.
                let code_matches = code.contains(word)
                    && phrases::NOT_FOUND_CODES
                        .iter()
                        .any(|part| code.contains(part));
                !words.is_silent() && !words.denies_access() && (words.says(text) || code_matches)
            }
        }
    }

    /// Whether a configured row for this method says that the response means an empty list: some services
    /// report an empty list as an error.
    #[must_use]
    pub fn says_empty(&self, method: &str, ending: &Ending<'_>) -> bool {
        Words::of(method, ending).is_some_and(|words| {
            let row = self.added.iter().find(|row| words.match_added(row));
            row.is_some_and(|row| row.verdict == RowVerdict::NotFound && row.method.is_some())
        })
    }

    /// Why upstream refused a read, if the refusal is listed.
    #[must_use]
    pub fn cause_of_read(&self, method: &str, ending: &Ending<'_>) -> Option<Cause> {
        let words = Words::of(method, ending)?;
        match self.ruling(&words) {
            Some(Ruling::Gateway(cause) | Ruling::Business(cause)) => Some(cause),
            Some(Ruling::Silent) | None => None,
        }
    }

    /// The cause of an unlisted refusal of a read: a timeout, an upstream that is unavailable, or a plain
    /// refusal.
    #[must_use]
    pub fn cause_of_unlisted(texts: [Option<&str>; 3]) -> Cause {
        let says = |words: &[&str]| {
            texts.iter().flatten().any(|text| {
                let text = text.to_ascii_lowercase();
                words.iter().any(|word| text.contains(word))
            })
        };
        if says(phrases::SLOW_TEXTS) {
            Cause::UpstreamTimeout
        } else if says(phrases::TROUBLE_TEXTS) {
            Cause::UpstreamUnavailable
        } else {
            Cause::Refused
        }
    }

    /// Whether a refusal of a search says that there are no offers.
    #[must_use]
    pub fn says_no_offers(message: &str) -> bool {
        message.contains(phrases::NO_OFFERS)
    }

    /// Whether the sub code says that a call came from an address that is not on the application's white list.
    #[must_use]
    pub fn is_about_the_address(sub_code: &str) -> bool {
        sub_code == phrases::WHITE_LIST
    }

    /// The hint that the gateway's operator has configured for this response.
    #[must_use]
    pub fn hint(&self, method: &str, ending: &Ending<'_>) -> Option<String> {
        let words = Words::of(method, ending)?;
        let row = self.added.iter().find(|row| words.match_added(row))?;
        row.hint.clone()
    }

    fn ruling(&self, words: &Words<'_>) -> Option<Ruling> {
        if words.is_silent() {
            return Some(Ruling::Silent);
        }
        let added = self.added.iter().find(|row| words.match_added(row));
        if let Some(row) = added {
            return match row.verdict {
                RowVerdict::Rejected => Some(Ruling::Business(Cause::Refused)),
                RowVerdict::Unknown => Some(Ruling::Silent),
                RowVerdict::NotExecuted => Some(Ruling::Gateway(Cause::RefusedByTop)),
                // Such a row applies to reads only.
                RowVerdict::NotFound => None,
            };
        }
        phrases::ROWS
            .iter()
            .find(|row| words.match_row(row))
            .map(|row| row.ruling)
    }
}

/// Whether a text says "failed, please try again" (`失败…请重试`). The text says that something went wrong, not that
/// nothing was executed.
fn asks_to_try_again(text: &str) -> bool {
    let (failed, try_again) = phrases::TRY_AGAIN;
    text.split_once(failed)
        .is_some_and(|(_, rest)| rest.contains(try_again))
}

/// The conclusion from a listed refusal. It settles the operation at once only if a wrong guess cannot cost money.
fn refused(kind: Kind, cause: Cause) -> Conclusion {
    match kind.refusal_counts() {
        RefusalCounts::AtOnce => Conclusion::Rejected(cause),
        RefusalCounts::WhenConfirmed | RefusalCounts::WhenConfirmedAfterDeadline => {
            Conclusion::Unknown(Claim::Refused, Some(cause))
        }
    }
}

/// Whether a code reports an error: some services return a code with a success too.
fn is_error_code(code: &str) -> bool {
    let code = code.trim().to_ascii_lowercase();
    !phrases::SUCCESS_CODES.contains(&code.as_str())
}

fn not_sent(why: &NotSent) -> Cause {
    crate::domain::operation::Failure::from(why).cause
}

impl<'a> Words<'a> {
    fn of(method: &'a str, ending: &'a Ending<'a>) -> Option<Self> {
        match ending {
            Ending::Answer { verdict, .. } => Some(Self::of_answer(method, verdict)),
            Ending::Error(CallError::Refused(error)) => Some(Self::of_error(method, error)),
            Ending::Error(CallError::NotSent(_) | CallError::Lost(_)) => None,
        }
    }

    fn of_error(method: &'a str, error: &'a ErrorResponse) -> Self {
        Self {
            method,
            platform: error.code,
            code: error.sub_code.as_deref(),
            texts: [
                error.msg.as_deref(),
                error.sub_msg.as_deref(),
                error.sub_code.as_deref(),
            ],
        }
    }

    fn of_answer(method: &'a str, verdict: &BusinessVerdict<'a>) -> Self {
        Self {
            method,
            platform: None,
            code: verdict.code,
            texts: [verdict.message, verdict.code, None],
        }
    }

    fn says(&self, text: &str) -> bool {
        self.texts.iter().flatten().any(|t| t.contains(text))
    }

    fn is_silent(&self) -> bool {
        self.code
            .is_some_and(|c| c.starts_with(phrases::SYSTEM_CODES))
            || self.texts.iter().flatten().any(|text| {
                let text = text.to_ascii_lowercase();
                phrases::SILENT_TEXTS
                    .iter()
                    .any(|silent| text.contains(silent))
                    || asks_to_try_again(&text)
            })
    }

    /// Whether the response denies the account access. Then the object may exist.
    fn denies_access(&self) -> bool {
        let code = self.code.map(str::to_ascii_lowercase);
        code.is_some_and(|code| {
            phrases::DENYING_CODES
                .iter()
                .any(|part| code.contains(part))
        }) || self.texts.iter().flatten().any(|text| {
            let text = text.to_ascii_lowercase();
            phrases::DENYING_TEXTS
                .iter()
                .any(|denying| text.contains(denying))
        })
    }

    fn match_row(&self, row: &phrases::Row) -> bool {
        row.code.is_none_or(|c| self.platform == Some(c))
            && row.sub_code.is_none_or(|s| self.code == Some(s))
            && row.text.is_none_or(|t| self.says(t))
    }

    fn match_added(&self, row: &ErrorRow) -> bool {
        row.method.as_deref().is_none_or(|m| glob(m, self.method))
            && row.code.as_deref().is_none_or(|c| {
                self.platform.is_some_and(|p| p.to_string() == c)
                    || (self.platform.is_none() && self.code.is_some_and(|own| glob(c, own)))
            })
            && row
                .sub_code
                .as_deref()
                .is_none_or(|s| self.code.is_some_and(|own| glob(s, own)))
            && row.text.as_deref().is_none_or(|t| self.says(t))
    }
}

/// Whether the text matches the pattern, in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<_> = parts.collect();
    for (i, part) in parts.iter().enumerate() {
        if i + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
