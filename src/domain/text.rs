//! Texts with a fixed format: the machinery of the small newtypes (codes, numbers, ids).

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A text did not have the format of its type. The message contains what was expected, never what was received: the
/// text may be personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct MalformedText {
    /// Description of a valid text.
    pub expected: &'static str,
}

/// Whether a character is invisible or only affects how others are displayed: control and format characters, fillers,
/// variation selectors, and spaces other than the common ones (U+0020, U+3000). Texts that differ only in such
/// characters look the same.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{1680}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The text without invisible characters.
pub(crate) fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).collect()
}

/// A document number, normalised for comparison: case and blanks are ignored.
pub(crate) fn document_number(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    bare.to_uppercase()
}

/// Reads a JSON string through `parse`. Serde's own messages quote the received value; these do not.
pub(crate) fn deserialize_text<'de, D, T>(
    deserializer: D,
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(TextVisitor {
        expected,
        parse,
        of: PhantomData,
    })
}

struct TextVisitor<T> {
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
    of: PhantomData<T>,
}

impl<T> TextVisitor<T> {
    fn refuse<E: Error>(&self) -> E {
        E::custom(format_args!("expected {}", self.expected))
    }
}

impl<'de, T> Visitor<'de> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<T, E> {
        (self.parse)(v).ok_or_else(|| self.refuse())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Err(self.refuse())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Err(self.refuse())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Err(self.refuse())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Err(self.refuse())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Err(self.refuse())
    }

    fn visit_none<E: Error>(self) -> Result<T, E> {
        Err(self.refuse())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        Err(self.refuse())
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        Err(self.refuse())
    }
}

/// For a type with `fn parse_text(&str) -> Option<Self>`, `const EXPECTED` and `Display`, implements `FromStr`,
/// `Serialize`, `Deserialize`, and a `Debug` that prints the text.
macro_rules! text_traits {
    ($name:ident) => {
        $crate::domain::text::text_traits!($name, |value, serializer| serializer
            .collect_str(value));
    };
    // For types of which a response contains hundreds: formatting costs more than the text itself.
    ($name:ident, |$value:ident, $serializer:ident| $serialize:expr) => {
        impl std::str::FromStr for $name {
            type Err = $crate::domain::text::MalformedText;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Self::parse_text(s).ok_or($crate::domain::text::MalformedText {
                    expected: Self::EXPECTED,
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let ($value, $serializer) = (self, serializer);
                $serialize
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::domain::text::deserialize_text(
                    deserializer,
                    Self::EXPECTED,
                    Self::parse_text,
                )
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

/// Declares a newtype over `String` whose text passes `$valid`.
macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident, $valid:expr, $expected:literal) => {
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, utoipa::ToSchema)]
        $(#[$meta])*
        pub struct $name(String);

        impl $name {
            const EXPECTED: &'static str = $expected;

            fn parse_text(s: &str) -> Option<Self> {
                let valid: fn(&[u8]) -> bool = $valid;
                valid(s.as_bytes()).then(|| Self(s.to_owned()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::text::MalformedText;

            fn try_from(s: String) -> Result<Self, Self::Error> {
                let valid: fn(&[u8]) -> bool = $valid;
                if valid(s.as_bytes()) {
                    Ok(Self(s))
                } else {
                    Err($crate::domain::text::MalformedText {
                        expected: Self::EXPECTED,
                    })
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        $crate::domain::text::text_traits!($name, |value, serializer| serializer
            .serialize_str(value.as_str()));
    };
}

pub(crate) use {text_traits, text_type};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_distinguished_from_visible_ones() {
        for c in [
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{2060}',
            '\u{feff}',
            '\u{ad}',
            '\u{a0}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{2028}',
            '\u{e0041}',
            '\0',
            '\n',
            '\t',
            '\u{85}',
            '\u{180e}',
            '\u{2800}',
        ] {
            assert!(is_invisible(c), "{c:?}");
        }
        for c in "aZ0 李\u{3000}é·•—／ｱ한😀䶮".chars() {
            assert!(!is_invisible(c), "{c:?}");
        }
        assert_eq!(visible("T\u{200b}1\u{feff}"), "T1");
        assert_eq!(document_number(" h0000\u{3000}0001 "), "H00000001");
    }
}
