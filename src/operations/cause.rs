//! Why an operation did not do what was asked, in words that the API turns into problems.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::domain::personal::Personal;
use crate::top::call::{CallError, NotSent};
use crate::top::envelope::ErrorResponse;
use crate::top::method::BusinessVerdict;

/// Why. A closed list: the API has one problem code for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The gateway was stopping before the send.
    Stopping,
    /// No connection to TOP.
    Unreachable,
    /// The quota of TOP calls is used up.
    RateLimited,
    /// The process was held up between the intent and the send, so it did not send.
    TooLate,
    /// The process ended before the send.
    Interrupted,
    /// The request could not be written down.
    NotEncodable,
    /// The journal did not acknowledge that the send may start.
    JournalUnavailable,
    /// What had to be read before the send could not be read.
    ReadFailed,
    /// Upstream did not answer in time (远程调用服务超时, or silence).
    UpstreamTimeout,
    /// Upstream could not serve the call.
    UpstreamUnavailable,
    /// Upstream's answer cannot be read.
    UpstreamUnreadable,
    /// The order does not exist on this account.
    OrderNotFound,
    /// The order's total is another than the agreed one.
    PriceChanged,
    /// The order cannot be paid as it stands.
    OrderNotPayable,
    /// The order cannot be closed as it stands.
    OrderNotClosable,
    /// The order, or the change, is paid already.
    AlreadyPaid,
    /// The change is closed already.
    AlreadyClosed,
    /// There is no such refund on this account.
    RefundNotFound,
    /// There is no such change on this account.
    ChangeNotFound,
    /// The order cannot be refunded as it stands.
    OrderNotRefundable,
    /// The order cannot be changed as it stands.
    OrderNotChangeable,
    /// The order has no such passenger.
    PassengerNotInOrder,
    /// The order has no such segment.
    SegmentNotInOrder,
    /// The fee is another than the one that the caller accepted (退票手续费发生变化).
    RefundFeeChanged,
    /// Fliggy could not compute the fee, and the caller did not accept that.
    RefundFeeUnknown,
    /// The quote is too old.
    QuoteExpired,
    /// Fliggy does not take an application on this ground (退票规则有更新).
    RefundKindRefused,
    /// Fliggy's number for this ground is not configured.
    KindNotMapped,
    /// The change cannot be paid as it stands.
    ChangeNotPayable,
    /// The change cannot be cancelled as it stands.
    ChangeNotCancellable,
    /// The earlier operation that this one repeats has happened after all.
    EarlierHappened,
    /// TOP refused the call before it reached the business service.
    RefusedByTop,
    /// The channel is not assigned (请求参数错误).
    ChannelNotAssigned,
    /// No session was sent.
    SessionMissing,
    /// The session is not valid.
    SessionInvalid,
    /// The gateway's address is not on the app's white list.
    IpNotAllowed,
    /// The app lacks a permission.
    PermissionDenied,
    /// The gateway's clock is off.
    ClockSkew,
    /// The business service refused.
    Refused,
    /// Upstream was asked over the whole settle window and has never heard of it.
    Absent,
}

/// Upstream's own words, cleaned of what could be personal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// TOP's name of the method.
    pub method: String,
    /// Platform code, or business code.
    pub code: Option<String>,
    /// Platform sub code.
    pub sub_code: Option<String>,
    /// Upstream's text.
    pub message: Option<String>,
    /// Upstream's id of the call, for support cases.
    pub request_id: Option<String>,
}

/// Why, with what upstream said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// What upstream said, if it said anything.
    pub upstream: Option<Box<Upstream>>,
    /// More for the reader: an amount, a status. Never personal data.
    pub detail: Option<String>,
    /// What the operator of the gateway wants the caller to be told (`error_map`).
    #[serde(default)]
    pub hint: Option<String>,
    /// When it makes sense to come back, in seconds.
    pub retry_after: Option<u64>,
}

// === impl Failure ===

impl Failure {
    /// A failure of which upstream said nothing.
    #[must_use]
    pub fn of(cause: Cause) -> Self {
        Self {
            cause,
            upstream: None,
            detail: None,
            hint: None,
            retry_after: None,
        }
    }

    /// The same with a sentence for the reader.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// The same with the operator's hint.
    #[must_use]
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The same without these values where upstream repeats them: they were not known yet to whoever
    /// noted its words.
    #[must_use]
    pub(super) fn masking(mut self, personal: &[Personal<String>]) -> Self {
        if let Some(upstream) = &mut self.upstream {
            let values: Vec<&str> = personal.iter().map(|v| v.expose().as_str()).collect();
            let message = upstream.message.take();
            upstream.message = message.map(|text| masked(&text, &values));
        }
        self
    }

    /// The same with upstream's words.
    #[must_use]
    pub fn with_upstream(self, upstream: Option<Upstream>) -> Self {
        Self {
            upstream: upstream.map(Box::new),
            ..self
        }
    }
}

impl From<&NotSent> for Failure {
    fn from(why: &NotSent) -> Self {
        match why {
            NotSent::Connect => Self::of(Cause::Unreachable),
            NotSent::Quota { retry_after } => Self {
                retry_after: Some(retry_after.as_secs().max(1)),
                ..Self::of(Cause::RateLimited)
            },
            NotSent::Encode => Self::of(Cause::NotEncodable),
            NotSent::TooLate => Self::of(Cause::TooLate),
            NotSent::Stopping => Self::of(Cause::Stopping),
        }
    }
}

impl Upstream {
    /// The words of an `error_response`. `personal` are values of the request that upstream might
    /// repeat.
    #[must_use]
    pub fn of_error(method: &str, error: &ErrorResponse, personal: &[&str]) -> Self {
        let text = error.sub_msg.as_deref().or(error.msg.as_deref());
        Self {
            method: method.to_owned(),
            code: error.code.map(|code| code.to_string()),
            sub_code: error.sub_code.as_deref().map(|text| clean(text, personal)),
            message: text.map(|text| clean(text, personal)),
            request_id: error.request_id.clone(),
        }
    }

    /// The words of a business answer, likewise.
    #[must_use]
    pub fn of_business(method: &str, verdict: &BusinessVerdict<'_>, personal: &[&str]) -> Self {
        Self {
            method: method.to_owned(),
            code: verdict.code.map(|text| clean(text, personal)),
            sub_code: None,
            message: verdict.message.map(|text| clean(text, personal)),
            request_id: verdict.request_id.map(ToOwned::to_owned),
        }
    }

    /// What upstream said, if the call was answered.
    #[must_use]
    pub fn of_call_error(method: &str, error: &CallError, personal: &[&str]) -> Option<Self> {
        match error {
            CallError::Refused(refused) => Some(Self::of_error(method, refused, personal)),
            CallError::NotSent(_) | CallError::Lost(_) => None,
        }
    }
}

/// The longest upstream text that is kept.
const LONGEST: usize = 300;

/// Words beside which a person's name stands. Where the names are not known, because the request
/// had none, a text with such a word is not kept.
const OF_PERSONS: [&str; 9] = [
    "乘客",
    "旅客",
    "乘机人",
    "联系人",
    "购买人",
    "姓名",
    "证件",
    "身份证",
    "护照",
];

/// What is told instead.
const WITHHELD: &str = "(not kept: the text speaks of a person)";

/// Upstream's text as it may be kept.
fn clean(text: &str, personal: &[&str]) -> String {
    if personal.is_empty() && OF_PERSONS.iter().any(|word| text.contains(word)) {
        return WITHHELD.to_owned();
    }
    masked(text, personal)
}

/// Masks the request's own personal values, e-mail addresses, and every run of digits that could be a
/// document or a phone; upstream's texts, and a person's, may repeat them.
pub(super) fn masked(text: &str, personal: &[&str]) -> String {
    let mut text = text.to_owned();
    for value in personal.iter().filter(|v| v.chars().count() > 1) {
        text = text.replace(value, "***");
        text = without_name(&text, &latin_words(value));
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, cleaned: &mut String| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        let personal = digits >= 7 || run.contains('@');
        cleaned.push_str(if personal { "***" } else { run });
        run.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-_.@+".contains(c) {
            run.push(c);
        } else {
            flush(&mut run, &mut cleaned);
            cleaned.push(c);
        }
    }
    flush(&mut run, &mut cleaned);
    cleaned.chars().take(LONGEST).collect()
}

/// What stands between the words of a name.
const BETWEEN: &str = "/ -.,'·";
/// Shorter words of a name are words of other things too, and are masked beside another one only.
const TELLING: usize = 3;
/// What has more words is a sentence.
const LONGEST_NAME: usize = 6;

/// The words of a name in Latin letters, such as `LI/SI`; none where the value is no such name.
fn latin_words(value: &str) -> Vec<&str> {
    if value
        .chars()
        .any(|c| !c.is_ascii_alphabetic() && !BETWEEN.contains(c))
    {
        return Vec::new();
    }
    let words = value.split(|c: char| !c.is_ascii_alphabetic());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    if words.len() > LONGEST_NAME {
        return Vec::new();
    }
    words
}

/// Masks a name in whatever way upstream writes it: `Li Si`, `SI, LI`, `LISI`, or one word of it.
fn without_name(text: &str, name: &[&str]) -> String {
    if name.is_empty() {
        return text.to_owned();
    }
    let found = words(text);
    let of_name =
        |at: usize, number: usize| text[found[at].clone()].eq_ignore_ascii_case(name[number]);
    // Several of its words written as one, in order or the first of them last.
    let joined: Vec<String> = (0..name.len())
        .flat_map(|first| (2..=name.len()).map(move |count| (first, count)))
        .map(|(first, count)| {
            name.iter()
                .cycle()
                .skip(first)
                .take(count)
                .copied()
                .collect()
        })
        .filter(|whole: &String| whole.len() >= TELLING)
        .collect();
    let joined = |at: usize| {
        let word = &text[found[at].clone()];
        joined.iter().any(|whole| word.eq_ignore_ascii_case(whole))
    };
    let beside = |at: usize| {
        let between = &text[found[at].end..found[at + 1].start];
        between.chars().all(|c| BETWEEN.contains(c))
            && (0..name.len()).any(|one| {
                of_name(at, one)
                    && (0..name.len()).any(|other| other != one && of_name(at + 1, other))
            })
    };
    let mut hidden = vec![false; found.len()];
    for at in 0..found.len() {
        let telling = |number: usize| name[number].len() >= TELLING && of_name(at, number);
        hidden[at] |= joined(at) || (0..name.len()).any(telling);
        if at + 1 < found.len() && beside(at) {
            hidden[at] = true;
            hidden[at + 1] = true;
        }
    }
    let mut kept = String::with_capacity(text.len());
    let mut until = 0;
    for (word, _) in found.iter().zip(hidden).filter(|(_, hidden)| *hidden) {
        kept.push_str(&text[until..word.start]);
        kept.push_str("***");
        until = word.end;
    }
    kept.push_str(&text[until..]);
    kept
}

/// Where the runs of Latin letters are.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices(|c: char| c.is_ascii_alphabetic()) {
        match words.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            Some(_) | None => words.push(at..at + 1),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn upstream_texts_are_cleaned_of_what_could_be_personal() {
        for (text, personal, cleaned) in [
            (
                "乘客张三证件110101199003070038有误",
                &["张三"][..],
                "乘客***证件***有误",
            ),
            ("手机 13800138000", &[], "手机 ***"),
            ("手机 138-0013-8000, a.b@c.com", &[], "手机 ***, ***"),
            ("号码E12345678X不可用", &[], "号码***不可用"),
            ("护照E12345678X不可用", &["张三"], "护照***不可用"),
            (
                "乘客李四有误",
                &[],
                "(not kept: the text speaks of a person)",
            ),
            ("写信给 a.b-c@example.net,谢谢", &[], "写信给 ***,谢谢"),
            ("账户余额不足,支付失败", &[], "账户余额不足,支付失败"),
            (
                "This ban will last for 30 more seconds",
                &[],
                "This ban will last for 30 more seconds",
            ),
            ("航班CZ8957已售完", &[], "航班CZ8957已售完"),
            // A name in Latin letters, as upstream may write it.
            ("乘客LI/SI有误", &["LI/SI"], "乘客***有误"),
            ("乘客LI SI有误", &["LI/SI"], "乘客*** ***有误"),
            (
                "passenger Si, Li is wrong",
                &["LI/SI"],
                "passenger ***, *** is wrong",
            ),
            ("乘客LISI有误", &["LI/SI"], "乘客***有误"),
            ("乘客sili有误", &["LI/SI"], "乘客***有误"),
            ("Mr. Zhang", &["ZHANG/SAN FENG"], "Mr. ***"),
            ("ZHANG/SANFENG", &["ZHANG/SAN FENG"], "***/***"),
            ("ZHANG/SAN-FENG", &["ZHANG/SAN FENG"], "***/***-***"),
            ("O'Neil, J.", &["O'NEIL/J"], "***'***, ***."),
            // Words that only contain its words, or are short and alone, are not the name.
            (
                "THOUSAND; Li is lithium",
                &["LI/SAN"],
                "THOUSAND; Li is lithium",
            ),
            (
                "the flight is full",
                &["we cannot fly because the flight is late"],
                "the flight is full",
            ),
            (
                "example.com is down",
                &["a@example.com"],
                "example.com is down",
            ),
        ] {
            assert_eq!(clean(text, personal), cleaned);
        }
    }
}
