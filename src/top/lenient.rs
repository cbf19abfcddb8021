//! Reads TOP's JSON, which is looser than its documentation: numbers arrive as strings and strings as numbers, booleans
//! as text, lists wrapped in their element's name, bare, or as their only element, and absent values as `null`, `""` or
//! `{}`. The accepted forms are those that the official Java parser was measured to accept.
//!
//! All decoders here stream: no tree is built and nothing is read twice. The memory of a response is bounded by its
//! length (`bounded`), because a list element can take a hundred times as much memory as the `{}` from which it was
//! read.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};

use crate::domain::ids::{ChangeOrderNo, OrderId, RefundOrderNo};
use crate::domain::money::Money;
use crate::domain::personal::Personal;
use crate::domain::time::{LocalDate, LocalTime};
use crate::domain::trip::{AirportCode, CityCode, FlightNo, Seats};

/// A field of a response. Absent and unreadable fields are distinguished: an unreadable payment time does not prove
/// that nothing was paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Missing, `null` or blank.
    #[default]
    Absent,
    /// Present, but not of the expected type or format.
    Unreadable,
    /// Present and valid.
    Value(T),
}

impl<T> Field<T> {
    /// The value, or `None` if it is absent or unreadable. For callers to which the difference does not matter.
    pub fn lossy(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// The field with a reference to its value.
    pub const fn as_ref(&self) -> Field<&T> {
        match self {
            Self::Value(value) => Field::Value(value),
            Self::Absent => Field::Absent,
            Self::Unreadable => Field::Unreadable,
        }
    }
}

/// A value that a field can contain, read from any JSON scalar.
pub trait Scalar: Sized {
    /// Reads the value from non-blank text.
    fn from_text(text: &str) -> Option<Self>;

    /// Reads the value from owned non-blank text.
    fn from_string(text: String) -> Option<Self> {
        Self::from_text(&text)
    }

    /// Reads the value from a whole number.
    fn from_int(number: i64) -> Option<Self> {
        Self::from_text(&number.to_string())
    }

    /// Reads the value from a number with a fraction.
    fn from_float(_number: f64) -> Option<Self> {
        None
    }

    /// Reads the value from a boolean.
    fn from_bool(_value: bool) -> Option<Self> {
        None
    }
}

impl Scalar for String {
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn from_string(text: String) -> Option<Self> {
        Some(text)
    }

    fn from_float(number: f64) -> Option<Self> {
        Some(number.to_string())
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }
}

impl Scalar for i64 {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn from_int(number: i64) -> Option<Self> {
        Some(number)
    }

    fn from_float(number: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "only whole numbers that a double represents exactly"
        )]
        (number.fract() == 0.0 && number.abs() < (1_i64 << 53) as f64).then_some(number as Self)
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(Self::from(value))
    }
}

impl Scalar for bool {
    fn from_text(text: &str) -> Option<Self> {
        match text {
            "true" | "TRUE" | "True" | "1" => Some(true),
            "false" | "FALSE" | "False" | "0" => Some(false),
            _ => None,
        }
    }

    fn from_int(number: i64) -> Option<Self> {
        match number {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Scalar for Money {
    fn from_text(text: &str) -> Option<Self> {
        // Upstream formats amounts in several ways: `950`, `950.0`, `950.000`.
        text.parse()
            .ok()
            .or_else(|| Self::from_decimal(text.parse().ok()?).ok())
    }

    fn from_int(number: i64) -> Option<Self> {
        Self::from_fen(u64::try_from(number).ok()?.checked_mul(100)?)
    }

    fn from_float(number: f64) -> Option<Self> {
        Self::from_f64(number)
    }
}

macro_rules! scalar_number {
    ($($name:ident),*) => {
        $(impl Scalar for $name {
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn from_int(number: i64) -> Option<Self> {
                Self::new(u64::try_from(number).ok()?)
            }
        })*
    };
}

scalar_number!(OrderId, RefundOrderNo, ChangeOrderNo);

impl Scalar for LocalTime {
    fn from_text(text: &str) -> Option<Self> {
        Self::parse_wire(text).ok()
    }

    fn from_int(_number: i64) -> Option<Self> {
        None
    }
}

impl Scalar for LocalDate {
    fn from_text(text: &str) -> Option<Self> {
        Self::parse_wire(text).ok()
    }

    fn from_int(_number: i64) -> Option<Self> {
        None
    }
}

macro_rules! scalar_code {
    ($($name:ident),*) => {
        $(impl Scalar for $name {
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn from_int(_number: i64) -> Option<Self> {
                None
            }
        })*
    };
}

scalar_code!(AirportCode, CityCode, FlightNo);

impl Scalar for Seats {
    fn from_text(text: &str) -> Option<Self> {
        Self::from_wire(text)
    }
}

impl<T: Scalar> Scalar for Personal<T> {
    fn from_text(text: &str) -> Option<Self> {
        T::from_text(text).map(Self::new)
    }

    fn from_string(text: String) -> Option<Self> {
        T::from_string(text).map(Self::new)
    }

    fn from_int(number: i64) -> Option<Self> {
        T::from_int(number).map(Self::new)
    }

    fn from_float(number: f64) -> Option<Self> {
        T::from_float(number).map(Self::new)
    }

    fn from_bool(value: bool) -> Option<Self> {
        T::from_bool(value).map(Self::new)
    }
}

fn read<T>(value: Option<T>) -> Field<T> {
    value.map_or(Field::Unreadable, Field::Value)
}

/// `str::trim`, without decoding characters where the text begins and ends with a visible ASCII character: a search
/// response has tens of thousands of texts, and nearly all do.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Field<T>, E> {
        Ok(match trimmed(v) {
            "" => Field::Absent,
            text => read(T::from_text(text)),
        })
    }

    fn visit_string<E: Error>(self, v: String) -> Result<Field<T>, E> {
        if trimmed(&v).len() == v.len() && !v.is_empty() {
            return Ok(read(T::from_string(v)));
        }
        self.visit_str(&v)
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Field<T>, E> {
        Ok(read(T::from_int(v)))
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Field<T>, E> {
        Ok(read(match i64::try_from(v) {
            Ok(v) => T::from_int(v),
            Err(_) => T::from_text(&v.to_string()),
        }))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Field<T>, E> {
        Ok(read(T::from_float(v)))
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Field<T>, E> {
        Ok(read(T::from_bool(v)))
    }

    fn visit_unit<E: Error>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_none<E: Error>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<T>, A::Error> {
        let mut empty = true;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            empty = false;
        }
        Ok(if empty {
            Field::Absent
        } else {
            Field::Unreadable
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Field<T>, A::Error> {
        drain(seq)?;
        Ok(Field::Unreadable)
    }
}

/// The bytes of list elements, or of tree nodes, that a response may take for each of its own bytes. Real elements have
/// names and values, and take about as much memory as their text.
const ROOM_PER_BYTE: usize = 8;
/// The additional bytes that every response may take, so that a nearly empty response has room too.
const BASE_ROOM: usize = 64 * 1024;

thread_local! {
    /// Bytes that the current response may still take for list elements. Thread-local, because serde passes no context
    /// down.
    static ROOM: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The memory that a response of this length may take.
pub(super) fn room(length: usize) -> usize {
    length
        .saturating_mul(ROOM_PER_BYTE)
        .saturating_add(BASE_ROOM)
}

/// Reads a response of this length with bounded memory: reading fails if the lists would exceed the bound.
pub(super) fn bounded<R>(length: usize, read: impl FnOnce() -> R) -> R {
    struct Restore(usize);

    impl Drop for Restore {
        fn drop(&mut self) {
            ROOM.set(self.0);
        }
    }

    let _restore = Restore(ROOM.replace(room(length)));
    read()
}

/// A list with this one element, if there is room for it.
fn one<T, E: Error>(element: T) -> Result<Vec<T>, E> {
    let left = ROOM.get().checked_sub(size_of::<T>());
    ROOM.set(left.ok_or_else(|| {
        E::custom("the lists have too many elements for the length of the response")
    })?);
    Ok(vec![element])
}

fn drain<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A field that is an object. An array in its place is unreadable, whereas serde's derive would read the array as the
/// fields in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object<T>(pub Field<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(Field::Absent)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(ObjectVisitor(PhantomData))
            .map(Object)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Field::Value)
    }

    fn visit_unit<E: Error>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Field<T>, E> {
        Ok(if v.trim().is_empty() {
            Field::Absent
        } else {
            Field::Unreadable
        })
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Field<T>, E> {
        Ok(Field::Unreadable)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Field<T>, E> {
        Ok(Field::Unreadable)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Field<T>, E> {
        Ok(Field::Unreadable)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Field<T>, E> {
        Ok(Field::Unreadable)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Field<T>, A::Error> {
        drain(seq)?;
        Ok(Field::Unreadable)
    }
}

/// An element type of lists.
pub trait Element {
    /// The name of TOP's wrapper around the list: the element's type in snake case.
    const WRAPPER: &'static str;
    /// Other spellings of the wrapper, if the snake-case rule is ambiguous.
    const OTHER_WRAPPERS: &'static [&'static str] = &[];
}

/// A list, in any of its forms: `null`, `""`, `{}`, `{"wrapper": […]}`, `{"wrapper": {…}}`, `[…]`, or its only element
/// itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Element + Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = deserializer.deserialize_any(ListVisitor {
            depth: Depth::List,
            of: PhantomData,
        })?;
        Ok(Self(items))
    }
}

/// The visitor's position in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// At the list: a map may be its wrapper.
    List,
    /// Inside the wrapper: a map is an element.
    Unwrapped,
    /// At an element: an array is an error.
    Element,
}

struct ListVisitor<T> {
    depth: Depth,
    of: PhantomData<T>,
}

impl<'de, T: Element + Deserialize<'de>> ListVisitor<T> {
    fn scalar<V: IntoDeserializer<'de, E>, E: Error>(value: V) -> Result<Vec<T>, E> {
        one(T::deserialize(value.into_deserializer())?)
    }
}

impl<'de, T: Element + Deserialize<'de>> DeserializeSeed<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Element + Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Vec<T>, E> {
        if v.trim().is_empty() {
            return Ok(Vec::new());
        }
        Self::scalar(v)
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Vec<T>, E> {
        Self::scalar(v)
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Vec<T>, E> {
        Self::scalar(v)
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Vec<T>, E> {
        Self::scalar(v)
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Vec<T>, E> {
        Self::scalar(v)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        if self.depth == Depth::Element {
            return Err(A::Error::custom("a list in place of an element"));
        }
        let mut items = Vec::new();
        while let Some(element) = seq.next_element_seed(Self {
            depth: Depth::Element,
            of: PhantomData,
        })? {
            items.extend(element);
        }
        Ok(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
        if self.depth != Depth::List {
            return one(T::deserialize(MapAccessDeserializer::new(map))?);
        }
        let Some(Key(first)) = map.next_key()? else {
            return Ok(Vec::new());
        };
        if first == T::WRAPPER || T::OTHER_WRAPPERS.contains(&&*first) {
            let items = map.next_value_seed(Self {
                depth: Depth::Unwrapped,
                of: PhantomData,
            })?;
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(items);
        }
        one(T::deserialize(MapAccessDeserializer::new(Replay::new(
            first, map,
        )))?)
    }
}

/// A key of an object, borrowed if it has no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// An object whose first key has already been read, to determine the form of the list.
pub(super) struct Replay<'de, A> {
    first: Option<Cow<'de, str>>,
    rest: A,
}

impl<'de, A> Replay<'de, A> {
    pub(super) const fn new(first: Cow<'de, str>, rest: A) -> Self {
        Self {
            first: Some(first),
            rest,
        }
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Replay<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.rest.next_value_seed(seed)
    }
}

/// An element of a list of texts (wrapped in `string` by TOP).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct TextItem(pub Field<String>);

impl Element for TextItem {
    const WRAPPER: &'static str = "string";
}

/// An element of a list of numbers (wrapped in `number` by TOP).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct NumberItem(pub Field<i64>);

impl Element for NumberItem {
    const WRAPPER: &'static str = "number";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
    #[serde(default)]
    struct Row {
        id: Field<i64>,
        name: Field<String>,
        price: Field<Money>,
        ok: Field<bool>,
    }

    impl Element for Row {
        const WRAPPER: &'static str = "row";
    }

    fn row(json: &str) -> Row {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn scalars_are_read_from_numbers_strings_and_booleans() {
        let plain = row(r#"{"id":5,"name":"x","price":950.5,"ok":true}"#);
        assert_eq!(
            plain,
            row(r#"{"id":"5","name":"x","price":"950.50","ok":"true"}"#)
        );
        assert_eq!(
            plain,
            row(r#"{"id":5.0,"name":" x ","price":"950.500","ok":1,"more":[{}]}"#)
        );
        assert_eq!(row(r#"{"name":7}"#).name, Field::Value("7".to_owned()));
    }

    #[test]
    fn blank_fields_are_absent_and_malformed_fields_are_unreadable() {
        assert_eq!(
            row(r#"{"id":"","name":null,"price":" ","ok":{}}"#),
            Row::default()
        );
        let bad = row(r#"{"id":"a","name":[1],"price":-1,"ok":"maybe"}"#);
        assert_eq!(bad.id, Field::Unreadable);
        assert_eq!(bad.name, Field::Unreadable);
        assert_eq!(bad.price, Field::Unreadable);
        assert_eq!(bad.ok, Field::Unreadable);
    }

    #[test]
    fn ids_keep_all_their_digits() {
        #[derive(Deserialize)]
        struct Ids(Field<OrderId>, Field<OrderId>, Field<OrderId>);
        let Ids(number, text, too_large) = serde_json::from_str(
            r#"[7104300007405429232,"7104300007405429232",18446744073709551615]"#,
        )
        .unwrap();
        assert_eq!(number.lossy().unwrap().get(), 7_104_300_007_405_429_232);
        assert_eq!(text.lossy().unwrap().get(), 7_104_300_007_405_429_232);
        assert_eq!(too_large, Field::Unreadable);
    }

    #[test]
    fn an_array_is_not_an_object() {
        let object: Object<Row> = serde_json::from_str("[5]").unwrap();
        assert_eq!(object.0, Field::Unreadable);
        let object: Object<Row> = serde_json::from_str("null").unwrap();
        assert_eq!(object.0, Field::Absent);
        let object: Object<Row> = serde_json::from_str(r#"{"id":5}"#).unwrap();
        assert_eq!(object.0.lossy().unwrap().id, Field::Value(5));
        assert!(serde_json::from_str::<List<Row>>("[[5]]").is_err());
    }

    #[test]
    fn absent_lists() {
        for json in [
            "null",
            "{}",
            "[]",
            "\"\"",
            r#"{"row":[]}"#,
            r#"{"row":null}"#,
            "[null]",
        ] {
            let list: List<Row> = serde_json::from_str(json).unwrap();
            assert!(list.0.is_empty(), "{json}");
        }
    }

    #[test]
    fn a_list_wrapper_may_have_another_spelling() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Dto {
            id: Field<i64>,
        }
        impl Element for Dto {
            const WRAPPER: &'static str = "d_t_o";
            const OTHER_WRAPPERS: &'static [&'static str] = &["dto"];
        }
        for json in [
            r#"{"d_t_o":[{"id":1}]}"#,
            r#"{"dto":[{"id":1}]}"#,
            r#"{"dto":{"id":1}}"#,
            r#"{"id":1}"#,
        ] {
            let list: List<Dto> = serde_json::from_str(json).unwrap();
            assert_eq!(
                list.0,
                [Dto {
                    id: Field::Value(1)
                }],
                "{json}"
            );
        }
        assert!(serde_json::from_str::<List<Dto>>(r#"{"t_o":[{"id":1}]}"#).is_err());
    }

    #[test]
    fn lists_of_scalars() {
        for json in [
            r#"{"number":[1]}"#,
            r#"{"number":1}"#,
            "[1]",
            "1",
            r#"["1"]"#,
            "\"1\"",
        ] {
            let list: List<NumberItem> = serde_json::from_str(json).unwrap();
            assert_eq!(list.0, vec![NumberItem(Field::Value(1))], "{json}");
        }
    }

    proptest! {
        #[test]
        fn trimmed_text_is_that_of_the_standard_library(text in "[ a\\t~!é\u{3000}\u{200b}]{0,6}") {
            prop_assert_eq!(trimmed(&text), text.trim());
        }

        #[test]
        fn every_form_of_a_list_reads_the_same(
            rows in prop::collection::vec((1_i64..1_000_000, "[a-z]{1,8}"), 1..5)
        ) {
            let items: Vec<_> = rows
                .iter()
                .map(|(id, name)| serde_json::json!({"id": id, "name": name}))
                .collect();
            let expected: Vec<_> = rows
                .into_iter()
                .map(|(id, name)| Row {
                    id: Field::Value(id),
                    name: Field::Value(name),
                    ..Row::default()
                })
                .collect();
            let mut forms = vec![
                serde_json::json!(items),
                serde_json::json!({"row": items}),
            ];
            if let [only] = items.as_slice() {
                forms.push(only.clone());
                forms.push(serde_json::json!({"row": only}));
            }
            for form in forms {
                let list: List<Row> = serde_json::from_str(&form.to_string()).unwrap();
                prop_assert_eq!(&list.0, &expected, "{}", form);
            }
        }
    }
}
