//! Text with a form: the machinery of the small newtypes (codes, numbers, ids).

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A text did not have the form of its type. The message says what was expected, never what came:
/// the text may be somebody's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct MalformedText {
    /// What the text should have been.
    pub expected: &'static str,
}

/// Reads a JSON string through `parse`. Serde's own messages quote what they found; these do not.
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

/// Gives a type with `fn parse_text(&str) -> Option<Self>`, `const EXPECTED` and `Display` the rest:
/// `FromStr`, `Serialize`, `Deserialize`, and a `Debug` that prints the text.
macro_rules! text_traits {
    ($name:ident) => {
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
                serializer.collect_str(self)
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

        $crate::domain::text::text_traits!($name);
    };
}

pub(crate) use {text_traits, text_type};
