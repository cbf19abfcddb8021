//! Personal data: kept in memory and sent, never logged.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Personal data (a name, a document number, a phone number). `Debug` and `Display` print `***`,
/// and a deserialization error does not quote it; only JSON that is actually sent contains the
/// value.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Marks a value as personal.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. The caller must make sure that it is not printed.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T> fmt::Display for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A type that can be read as personal data: an error contains what was expected, never the
/// received value.
pub trait Described {
    /// Description of a valid value.
    const EXPECTED: &'static str;
}

impl Described for String {
    const EXPECTED: &'static str = "a string";
}

impl<'de, T: Deserialize<'de> + Described> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self).map_err(|error| {
            // A missing-field error names the field and quotes no value.
            if error.to_string().starts_with("missing field `") {
                return error;
            }
            // Any other error may quote the value, so it is replaced with the expected form.
            serde::de::Error::custom(format_args!("expected {}", T::EXPECTED))
        })
    }
}

impl<T: utoipa::PartialSchema> utoipa::PartialSchema for Personal<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        T::schema()
    }
}

impl<T: utoipa::ToSchema> utoipa::ToSchema for Personal<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        T::name()
    }

    fn schemas(
        schemas: &mut Vec<(
            String,
            utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>,
        )>,
    ) {
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_contains_the_value() {
        let name = Personal::new("测试旅客".to_owned());
        assert_eq!(format!("{name:?} {name}"), "*** ***");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"测试旅客\"");
    }

    #[test]
    fn a_deserialization_error_does_not_quote_the_value() {
        let error = serde_json::from_str::<Personal<String>>("110101199003070000")
            .unwrap_err()
            .to_string();
        assert!(!error.contains("1101"), "{error}");
        assert!(error.contains("expected a string"), "{error}");
        let missing =
            serde_json::from_str::<crate::domain::passenger::Document>(r#"{"type": "passport"}"#);
        let missing = missing.unwrap_err().to_string();
        assert!(missing.contains("missing field `number`"), "{missing}");
        let date = "\"07.03.1990\"";
        let error = serde_json::from_str::<Personal<crate::domain::time::LocalDate>>(date)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("2030-05-20") && !error.contains("1990"),
            "{error}"
        );
    }
}
