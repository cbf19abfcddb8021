//! Masks personal data in upstream's texts before they are kept: names, documents, phone numbers and addresses.

mod numbers;

use std::net::Ipv4Addr;
use std::ops::Range;

use self::numbers::{digits_of, without_date, without_numbers};
use crate::domain::personal::Personal;
use crate::domain::time::LocalDate;
use crate::top::envelope::LONGEST_TEXT;

/// The personal values that a text of upstream may contain.
#[derive(Debug, Default)]
pub struct Names {
    known: Vec<Personal<String>>,
    everybody: bool,
}

impl Names {
    /// The names, documents and phone numbers of all persons that upstream's text can mention.
    #[must_use]
    pub fn everybody(known: Vec<Personal<String>>) -> Self {
        Self {
            known,
            everybody: true,
        }
    }

    /// The values of some of these persons. The text may mention others, such as the contact of the order.
    #[must_use]
    pub fn some(known: Vec<Personal<String>>) -> Self {
        Self {
            known,
            everybody: false,
        }
    }

    /// Adds more values.
    #[must_use]
    pub fn with(mut self, more: impl IntoIterator<Item = Personal<String>>) -> Self {
        self.known.extend(more);
        self
    }

    /// Upstream's text as it may be kept.
    pub(in crate::operations) fn clean(&self, text: &str) -> String {
        self.cleaned(text, Addresses::Mask)
    }

    /// Upstream's text as it may be kept, with its IP addresses: the text names the address of the gateway.
    pub(in crate::operations) fn clean_but_addresses(&self, text: &str) -> String {
        self.cleaned(text, Addresses::Keep)
    }

    /// Upstream's code as it may be kept. A value in the form of a code is kept as it is, unless it contains a
    /// known value or enough digits for a mobile number.
    pub(in crate::operations) fn clean_code(&self, code: &str) -> String {
        let is_code = code.len() <= LONGEST_CODE
            && code.bytes().all(|b| b.is_ascii_graphic() && b != b'@')
            && !has_long_number(code)
            && !self
                .known
                .iter()
                .any(|v| code.contains(v.expose().as_str()));
        if is_code {
            code.to_owned()
        } else {
            self.clean(code)
        }
    }

    /// The rule of an offer as it may be kept. Rules contain many dates and prices, so a number is masked only
    /// if it is known, at least in part, or has the form of a mobile or document number. Only a bounded part of
    /// a long rule is read.
    pub(super) fn clean_rule(&self, rule: &str) -> String {
        let known: Vec<&str> = self.known.iter().map(|v| v.expose().as_str()).collect();
        let longest = known.iter().map(|value| value.chars().count());
        let longest = longest.max().unwrap_or(0).max(LONGEST_VALUE);
        // A separator may follow each character.
        let read = rule.char_indices().nth(LONGEST_RULE + 2 * longest);
        let masked = rule_without(&rule[..read.map_or(rule.len(), |(end, _)| end)], &known);
        // The part that was read may end within a name, and half a name is not recognised.
        let whole = match read {
            Some(_) => {
                let mut seen = masked.char_indices().rev().filter(|(_, c)| !is_blank(*c));
                seen.nth(longest - 1).map_or(0, |(start, _)| start)
            }
            None => masked.len(),
        };
        let longest_kept = masked.char_indices().nth(LONGEST_RULE);
        let end = longest_kept.map_or(whole, |(end, _)| end.min(whole));
        let ending = if end < masked.len() { "…" } else { "" };
        format!("{}{ending}", &masked[..end])
    }

    fn cleaned(&self, text: &str, addresses: Addresses) -> String {
        if !self.everybody && PERSON_WORDS.iter().any(|word| text.contains(word)) {
            return withheld(text);
        }
        let known: Vec<&str> = self.known.iter().map(|v| v.expose().as_str()).collect();
        masked_but(text, &known, addresses)
    }
}

/// The longest upstream text that is kept.
const LONGEST: usize = 300;
/// The characters of a rule that are kept.
const LONGEST_RULE: usize = 2_000;
/// A longer value is not searched for with blanks between its characters.
const LONGEST_VALUE: usize = 80;

/// Words next to which the name of a person may stand. If not all names are known, a text with such a word is
/// withheld.
const PERSON_WORDS: [&str; 9] = [
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

/// The subjects of a withheld text, and the words by which they are recognised.
const CLASSES: [(&str, &[&str]); 10] = [
    ("passenger", &["乘客", "旅客", "乘机人"]),
    ("contact", &["联系人"]),
    ("buyer", &["购买人"]),
    ("name", &["姓名", "名字", "拼音"]),
    ("document", &["证件", "身份证", "护照"]),
    ("phone", &["手机", "电话", "联系方式"]),
    ("age", &["年龄", "儿童", "婴儿", "出生", "生日"]),
    ("membership", &["会员"]),
    ("duplicate", &["重复", "已存在", "已预订", "已购"]),
    ("restriction", &["黑名单", "失信", "限制", "禁止"]),
];

/// The text that replaces a withheld text: it names the subjects in the gateway's own words.
fn withheld(text: &str) -> String {
    let classes = CLASSES
        .iter()
        .filter(|(_, words)| words.iter().any(|word| text.contains(word)));
    let classes: Vec<_> = classes.map(|(class, _)| *class).collect();
    format!(
        "(withheld because the text may name a person; subjects: {})",
        classes.join(", ")
    )
}

/// The longest code that is kept as it is.
const LONGEST_CODE: usize = 64;
/// The number of digits of a mobile number.
const MOBILE_DIGITS: usize = 11;

/// Whether IP addresses are masked: their digits look like a phone number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Addresses {
    Keep,
    Mask,
}

/// A text that a person wrote, as it may be kept.
pub(in crate::operations) fn masked(text: &str) -> String {
    masked_but(text, &[], Addresses::Mask)
}

/// Masks the known values, e-mail addresses, and every run of digits that could be a document or a phone.
fn masked_but(text: &str, personal: &[&str], addresses: Addresses) -> String {
    let is_kept = |run: &str| {
        addresses == Addresses::Keep && run.trim_matches('.').parse::<Ipv4Addr>().is_ok()
    };
    let was_cut = text.chars().count() >= LONGEST_TEXT;
    let cleaned = without_runs(&without_known(text, personal), |run| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        (digits >= 7 && !is_kept(run)) || run.contains('@')
    });
    let mut kept = cleaned.chars().count();
    if was_cut {
        // The text may end within a name, and half a name is not recognised.
        kept = kept.saturating_sub(LONGEST_VALUE);
    }
    cleaned.chars().take(kept.min(LONGEST)).collect()
}

/// Masks in a rule the known values and everything in the form of a mobile number, a document number or an e-mail
/// address.
fn rule_without(rule: &str, known: &[&str]) -> String {
    let is_date = |value: &&str| value.parse::<LocalDate>().is_ok();
    let numbers = known.iter().copied().filter(|value| !is_date(value));
    let numbers: Vec<_> = numbers.filter(|value| digits_of(value).is_some()).collect();
    let digits: Vec<_> = numbers
        .iter()
        .filter_map(|value| digits_of(value))
        .collect();
    let written: Vec<_> = numbers.iter().map(|value| compact(value)).collect();
    let masked = without_numbers(&without_known(rule, known), &digits);
    without_runs(&masked, |run| {
        let run_written = compact(run);
        run.contains('@')
            || has_long_number(run)
            || written.iter().any(|number| run_written.contains(number))
    })
}

/// Masks the known values, however upstream writes them.
fn without_known(text: &str, personal: &[&str]) -> String {
    let mut text = text.to_owned();
    for value in personal.iter().filter(|v| v.chars().count() > 1) {
        if let Ok(date) = value.parse() {
            text = without_date(&text, date);
            continue;
        }
        text = text.replace(value, "***");
        let words = latin_words(value);
        text = if words.is_empty() {
            without_spaced(&text, value)
        } else {
            without_name(&text, &words)
        };
    }
    text
}

/// Masks the runs of letters, digits and `-_.@+` that are personal.
fn without_runs(text: &str, is_personal: impl Fn(&str) -> bool) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, cleaned: &mut String| {
        cleaned.push_str(if is_personal(run) { "***" } else { run });
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
    cleaned
}

/// A document or telephone number without its separators.
fn compact(number: &str) -> String {
    let kept = number.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_uppercase()).collect()
}

/// Whether the text has a run of digits that is at least as long as a mobile number.
fn has_long_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() >= MOBILE_DIGITS)
}

/// Whether upstream may put this character between the characters of a name or number.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || "/／·•・\u{200b}\u{feff}".contains(c)
}

/// Masks a value that contains blanks in the text or in the request: `张 三`, `138 0013 8000`.
fn without_spaced(text: &str, value: &str) -> String {
    let value: Vec<char> = value.chars().filter(|c| !is_blank(*c)).collect();
    // One character is not a name, and a long value is a sentence.
    if !(2..=LONGEST_VALUE).contains(&value.len()) {
        return text.to_owned();
    }
    let seen: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !is_blank(*c)).collect();
    let mut kept = String::with_capacity(text.len());
    let (mut until, mut first) = (0, 0);
    while let Some(window) = seen.get(first..first + value.len()) {
        if window
            .iter()
            .zip(&value)
            .any(|((_, seen), expected)| seen != expected)
        {
            first += 1;
            continue;
        }
        let (start, (last, c)) = (window[0].0, window[value.len() - 1]);
        kept.push_str(&text[until..start]);
        kept.push_str("***");
        until = last + c.len_utf8();
        first += value.len();
    }
    kept.push_str(&text[until..]);
    kept
}

/// The characters that separate the words of a name.
const SEPARATORS: &str = "/ -.,'·";
/// A shorter word of a name is also an ordinary word, so it is masked only next to another word of the name.
const SHORTEST_ALONE: usize = 3;
/// A value with more words is a sentence, not a name.
const LONGEST_NAME: usize = 6;

/// The words of a name in Latin letters, such as `LI/SI`; empty if the value is not such a name.
fn latin_words(value: &str) -> Vec<&str> {
    if value
        .chars()
        .any(|c| !c.is_ascii_alphabetic() && !SEPARATORS.contains(c))
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
    let mut of_name = words(text);
    of_name.retain(|word| consists_of(&text[word.clone()], name));
    let beside = |one: &Range<usize>, next: &Range<usize>| {
        let between = &text[one.end..next.start];
        between
            .chars()
            .all(|c| SEPARATORS.contains(c) || is_blank(c))
    };
    let mut kept = String::with_capacity(text.len());
    let mut until = 0;
    for together in of_name.chunk_by(beside) {
        if together.len() == 1 && together[0].len() < SHORTEST_ALONE {
            continue;
        }
        for word in together {
            kept.push_str(&text[until..word.start]);
            kept.push_str("***");
            until = word.end;
        }
    }
    kept.push_str(&text[until..]);
    kept
}

/// Whether a word consists only of words of the name, in any order.
fn consists_of(word: &str, name: &[&str]) -> bool {
    let mut ends = vec![false; word.len() + 1];
    ends[0] = true;
    for start in 0..word.len() {
        if !ends[start] {
            continue;
        }
        for part in name {
            let end = start + part.len();
            let next = word.get(start..end);
            if next.is_some_and(|next| next.eq_ignore_ascii_case(part)) {
                ends[end] = true;
            }
        }
    }
    ends[word.len()]
}

/// The positions of the runs of Latin letters.
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
    use super::*;

    #[test]
    fn personal_data_in_upstream_texts_is_masked() {
        for (text, personal, cleaned) in [
            (
                "乘客张三证件110101199003070038有误",
                &["张三"][..],
                "乘客***证件***有误",
            ),
            ("手机 13800138000", &[], "手机 ***"),
            (
                "出生日期1990年5月1日有误",
                &["1990-05-01"],
                "出生日期***有误",
            ),
            ("手机 138-0013-8000, a.b@c.com", &[], "手机 ***, ***"),
            ("号码E12345678X不可用", &[], "号码***不可用"),
            ("护照E12345678X不可用", &["张三"], "护照***不可用"),
            (
                "乘客李四有误",
                &[],
                "(withheld because the text may name a person; subjects: passenger)",
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
            ("FENGZHANGSAN", &["ZHANG/SAN FENG"], "***"),
            ("E O; E; O", &["E/O"], "*** ***; E; O"),
            // With blanks in the text or in the known value.
            ("乘客张 三有误", &["张三"], "乘客***有误"),
            ("乘客张\u{3000}三 有误", &["张三"], "乘客*** 有误"),
            ("乘客张三有误", &["张 三"], "乘客***有误"),
            ("买买提 阿卜杜拉", &["买买提·阿卜杜拉"], "***"),
            ("手机138 0013 8000有误", &["13800138000"], "手机***有误"),
            ("乘客ZHANG / SAN有误", &["ZHANG/SAN"], "乘客*** / ***有误"),
            ("乘客LI / SI有误", &["LI/SI"], "乘客*** / ***有误"),
            (
                "乘客LI\u{3000}SI有误",
                &["LI / SI"],
                "乘客***\u{3000}***有误",
            ),
            ("姓张, 三人", &["张三"], "姓张, 三人"),
            // A word that merely contains a word of the name, or a short word that stands alone, is not masked.
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
            let known = personal.iter().map(|v| Personal::new((*v).to_owned()));
            let names = Names {
                everybody: !personal.is_empty(),
                ..Names::default().with(known)
            };
            assert_eq!(names.clean(text), cleaned);
        }
    }

    #[test]
    fn a_rule_keeps_its_dates_and_prices() {
        let known = [
            "张三",
            "LI/SI",
            "E24681357",
            "13800138000",
            "+86 (10) 8765 4321",
            "110101199003070038",
            "1990-05-01",
            "a.b@c.com",
        ];
        let known = known.map(|value| Personal::new(value.to_owned()));
        let names = Names::everybody(known.to_vec());
        for (rule, kept) in [
            (
                "2026-12-01 08:00前收取950.00元(20261201-20261231)",
                "2026-12-01 08:00前收取950.00元(20261201-20261231)",
            ),
            ("票号784-1234567890不得退改", "票号784-1234567890不得退改"),
            (
                "CZ8957 2030-05-02 08:45-11:35, 2030年5月1日 1580.00元",
                "CZ8957 2030-05-02 08:45-11:35, 2030年5月1日 1580.00元",
            ),
            // Similar to a known value, but different.
            (
                "1990-05-02, 1990-05-10, 1990-03-08, 21990-05-01, 8765, 10-8765",
                "1990-05-02, 1990-05-10, 1990-03-08, 21990-05-01, 8765, 10-8765",
            ),
            // A known number that is grouped differently, incomplete, or part of a longer number.
            ("电话010-87654321,(010)87654321", "电话***,(***"),
            ("电话8765 4321或+86-10-8765-4321", "电话***或***"),
            ("2026-12-01 138-0013-8000", "2026-12-01 ***"),
            ("2026-12-01 8765 4321 08:00", "2026-12-01 *** 08:00"),
            ("0086 13800138000, 0013 8000", "0086 ***, ***"),
            ("24681357, E2468-1357, 19900307", "***, ***, ***"),
            // Numbers of unknown persons.
            ("电话139-1234-5678或139 1234 5678", "电话***或***"),
            ("+86 139 1234 5678, 2026-12-01", "+86 ***, 2026-12-01"),
            ("护照E11223344, EA1122334或h1122334X", "护照***, ***或***"),
            // A date of birth.
            ("1990-05-01, 1990/5/1, 19900501", "***, ***, ***"),
            (
                "1990年5月1日出生, 1990.05.01, 1990年05月01日",
                "***出生, ***, ***",
            ),
            ("张 三与Li Si的票", "***与*** ***的票"),
            ("电话13912345678或+86-13912345678", "电话***或***"),
            ("电话138-0013-8000或01087654321", "电话***或***"),
            ("证件11010119900307003X, e24681357", "证件***, ***"),
            ("写信给x.y@example.net", "写信给***"),
        ] {
            assert_eq!(names.clean_rule(rule), kept);
        }
    }

    #[test]
    fn a_rule_is_masked_before_it_is_cut() {
        let names = Names::everybody(vec![Personal::new("张三".to_owned())]);
        let fits = "退".repeat(LONGEST_RULE);
        assert_eq!(names.clean_rule(&fits), fits);
        let name_at_the_end = format!("{}张三", "退".repeat(LONGEST_RULE - 1));
        let kept = names.clean_rule(&name_at_the_end);
        assert_eq!(kept, format!("{}*…", "退".repeat(LONGEST_RULE - 1)));
        let much_longer = "退".repeat(20 * LONGEST_RULE);
        assert_eq!(names.clean_rule(&much_longer), format!("{fits}…"));
    }

    #[test]
    fn no_part_of_a_value_is_kept_where_a_long_rule_is_cut() {
        let known = ["欧阳三", "13800138000"].map(|value| Personal::new(value.to_owned()));
        let names = Names::everybody(known.to_vec());
        let spaced = format!("欧{}阳三", " ".repeat(1_000));
        // The ends of the kept part and of the part that is read, also where masking has shifted them.
        let edges = [1_940, LONGEST_RULE, LONGEST_RULE + 2 * LONGEST_VALUE];
        for before in edges.into_iter().flat_map(|edge| edge - 15..=edge) {
            for value in ["欧阳三", "欧 阳 三", &spaced, "138 0013 8000"] {
                for masked in ["", &"13800138000".repeat(20)] {
                    let rule = format!("{masked}{}{value}", "退".repeat(before));
                    let kept = names.clean_rule(&format!("{rule}{}", "改".repeat(1_000)));
                    let shown = kept.contains(['欧', '阳', '三', '1', '8']);
                    assert!(!shown, "{value} after {before}");
                    assert!(kept.ends_with('…') && kept.chars().count() > 1_000);
                }
            }
        }
    }

    #[test]
    fn codes_and_the_address_of_the_gateway_are_kept() {
        let names = Names::some(vec![Personal::new("ZHANG".to_owned())]);
        for (code, kept) in [
            ("isv.PASSENGER_NOT_MATCH", "isv.PASSENGER_NOT_MATCH"),
            ("1002003004", "1002003004"),
            ("E-13800138000", "***"),
            ("ZHANG_IS_WRONG", "***_IS_WRONG"),
            ("a@b.cn", "***"),
        ] {
            assert_eq!(names.clean_code(code), kept);
        }
        let text = "source ip 203.0.113.57, or 13800138000.";
        assert_eq!(
            names.clean_but_addresses(text),
            "source ip 203.0.113.57, or ***"
        );
        assert_eq!(names.clean(text), "source ip ***, or ***");
    }

    #[test]
    fn half_a_name_at_the_end_of_a_cut_text_is_removed() {
        let digits = "1".repeat(LONGEST_TEXT - 1);
        let names = Names::everybody(vec![Personal::new("张三".to_owned())]);
        let cleaned = names.clean(&format!("{digits}张"));
        assert!(!cleaned.contains('张'), "{cleaned}");
        assert_eq!(
            names.clean(&"满".repeat(2 * LONGEST)).chars().count(),
            LONGEST
        );
    }

    #[test]
    fn a_text_about_a_person_is_withheld_unless_all_names_are_known() {
        let some = Names::some(vec![Personal::new("张三".to_owned())]);
        assert_eq!(
            some.clean("乘客张三,联系人李四的证件与姓名重复"),
            "(withheld because the text may name a person; subjects: passenger, contact, name, document, \
             duplicate)"
        );
        for word in PERSON_WORDS {
            assert!(!some.clean(word).ends_with(": )"), "{word}");
        }
        assert_eq!(some.clean("张三的客票不可退"), "***的客票不可退");
    }
}
