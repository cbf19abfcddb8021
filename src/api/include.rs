//! `?include=`: what else to return.

use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer};
use utoipa::{IntoParams, ToSchema};

use crate::top::client::ReadOptions;

/// What else to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Included {
    /// Upstream's own object, with upstream's field names.
    Upstream,
}

/// The query of reads that can return upstream's fields.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Include {
    /// `upstream` adds upstream's own object, with upstream's field names.
    #[serde(default)]
    #[param(required = false, inline, nullable = false)]
    include: Option<Included>,
}

impl From<Option<Included>> for Include {
    fn from(include: Option<Included>) -> Self {
        Self { include }
    }
}

impl Include {
    /// Whether upstream's object is requested.
    #[must_use]
    pub fn upstream(self) -> bool {
        self.include == Some(Included::Upstream)
    }

    /// The options of a caller's read.
    #[must_use]
    pub fn options(self) -> ReadOptions<'static> {
        ReadOptions {
            keep_upstream: self.upstream(),
            ..ReadOptions::CALLER
        }
    }
}

/// What can be returned with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderPart {
    /// The operations of this gateway on the order.
    Operations,
    /// The refunds of the order.
    Refunds,
    /// The changes of the order.
    Changes,
    /// The rules of the offer that was booked.
    Rules,
    /// Upstream's own object, with upstream's field names.
    Upstream,
}

/// The query of reads of one order.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct IncludeWithOrder {
    /// What else to return, separated by commas: `operations`, `refunds`, `changes`, `rules`, `upstream`. Refunds
    /// and changes take one call to Fliggy each, and `available_actions` then takes them into account.
    #[serde(default)]
    #[param(
        required = false,
        value_type = Vec<OrderPart>,
        inline,
        style = Form,
        explode = false,
        min_items = 1,
        example = json!(["refunds", "changes"])
    )]
    include: OrderParts,
}

/// Words separated by commas; none if one of them is unknown.
pub(super) fn words<T: DeserializeOwned>(text: &str) -> Option<Vec<T>> {
    let words = text.split(',').map(|word| {
        let word: StrDeserializer<'_, WordError> = word.into_deserializer();
        T::deserialize(word).ok()
    });
    words.collect()
}

/// Words separated by commas.
#[derive(Clone, Debug, Default)]
struct OrderParts(Vec<OrderPart>);

impl<'de> Deserialize<'de> for OrderParts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        words(&text).map(Self).ok_or_else(|| {
            D::Error::custom(
                "expected words separated by commas, each one of: operations, refunds, changes, rules, \
                 upstream",
            )
        })
    }
}

impl IncludeWithOrder {
    /// Whether this part is requested.
    #[must_use]
    pub fn wants(&self, part: OrderPart) -> bool {
        self.include.0.contains(&part)
    }

    /// The options of the read of the order.
    #[must_use]
    pub fn options(&self) -> ReadOptions<'static> {
        ReadOptions {
            keep_upstream: self.wants(OrderPart::Upstream),
            ..ReadOptions::CALLER
        }
    }
}
