//! The methods of the simulator, with the short names used in rules and magic order numbers.

use serde::de::value::StrDeserializer;
use serde::de::{Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::platform::PlatformMethod;

/// A method that rules and the call log name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Method {
    /// A method of the flight API.
    Flight(Op),
    /// A method of the platform.
    Platform(PlatformMethod),
}

impl Method {
    /// All methods.
    pub fn all() -> impl Iterator<Item = Self> {
        let flight = Op::ALL.into_iter().map(Self::Flight);
        flight.chain(PlatformMethod::ALL.into_iter().map(Self::Platform))
    }

    /// The short name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flight(op) => op.as_str(),
            Self::Platform(method) => method.as_str(),
        }
    }
}

impl From<Op> for Method {
    fn from(op: Op) -> Self {
        Self::Flight(op)
    }
}

impl From<PlatformMethod> for Method {
    fn from(method: PlatformMethod) -> Self {
        Self::Platform(method)
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        let word = String::deserialize(de)?;
        let text = || -> StrDeserializer<'_, D::Error> { word.as_str().into_deserializer() };
        let platform = || PlatformMethod::deserialize(text()).map(Self::Platform);
        let found = Op::deserialize(text()).map(Self::Flight);
        found.or_else(|_| platform()).map_err(|_| {
            let names: Vec<_> = Self::all().map(Self::as_str).collect();
            D::Error::custom(format!(
                "unknown method `{word}`, expected one of {}",
                names.join(", ")
            ))
        })
    }
}

/// A method of the flight API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Op {
    /// alitrip.flight.service.search
    #[serde(rename = "search")]
    Search,
    /// alitrip.flight.service.airbook
    #[serde(rename = "airbook", alias = "book")]
    Book,
    /// alitrip.flight.service.pay
    #[serde(rename = "pay")]
    Pay,
    /// alitrip.flight.service.close
    #[serde(rename = "close")]
    Close,
    /// alitrip.flight.service.queryorderlist
    #[serde(rename = "queryorderlist", alias = "list")]
    List,
    /// alitrip.flight.service.queryorderdetail
    #[serde(rename = "queryorderdetail", alias = "detail")]
    Detail,
    /// alitrip.flight.refund.render
    #[serde(rename = "refund_render", alias = "render")]
    RefundRender,
    /// alitrip.flight.refund.create
    #[serde(rename = "refund_create", alias = "refund")]
    RefundCreate,
    /// alitrip.flight.refund.detail
    #[serde(rename = "refund_detail")]
    RefundDetail,
    /// alitrip.flight.refund.list
    #[serde(rename = "refund_list")]
    RefundList,
    /// alitrip.flight.service.upload
    #[serde(rename = "upload")]
    Upload,
    /// alitrip.flight.change.order.create
    #[serde(rename = "change_create", alias = "change")]
    ChangeCreate,
    /// alitrip.flight.change.order.pay
    #[serde(rename = "change_pay")]
    ChangePay,
    /// alitrip.flight.change.order.cancel
    #[serde(rename = "change_cancel")]
    ChangeCancel,
    /// alitrip.flight.change.order.query
    #[serde(rename = "change_query")]
    ChangeQuery,
    /// alitrip.flight.flightchange.order.query
    #[serde(rename = "flight_changes")]
    FlightChanges,
}

impl Op {
    /// All methods.
    pub const ALL: [Op; 16] = [
        Op::Search,
        Op::Book,
        Op::Pay,
        Op::Close,
        Op::List,
        Op::Detail,
        Op::RefundRender,
        Op::RefundCreate,
        Op::RefundDetail,
        Op::RefundList,
        Op::Upload,
        Op::ChangeCreate,
        Op::ChangePay,
        Op::ChangeCancel,
        Op::ChangeQuery,
        Op::FlightChanges,
    ];

    /// The method with this full name.
    #[must_use]
    pub fn of_method(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.names().1 == name)
    }

    /// The short name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.names().0
    }

    /// The short name and the name of the TOP method.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Search => ("search", "alitrip.flight.service.search"),
            Self::Book => ("airbook", "alitrip.flight.service.airbook"),
            Self::Pay => ("pay", "alitrip.flight.service.pay"),
            Self::Close => ("close", "alitrip.flight.service.close"),
            Self::List => ("queryorderlist", "alitrip.flight.service.queryorderlist"),
            Self::Detail => (
                "queryorderdetail",
                "alitrip.flight.service.queryorderdetail",
            ),
            Self::RefundRender => ("refund_render", "alitrip.flight.refund.render"),
            Self::RefundCreate => ("refund_create", "alitrip.flight.refund.create"),
            Self::RefundDetail => ("refund_detail", "alitrip.flight.refund.detail"),
            Self::RefundList => ("refund_list", "alitrip.flight.refund.list"),
            Self::Upload => ("upload", "alitrip.flight.service.upload"),
            Self::ChangeCreate => ("change_create", "alitrip.flight.change.order.create"),
            Self::ChangePay => ("change_pay", "alitrip.flight.change.order.pay"),
            Self::ChangeCancel => ("change_cancel", "alitrip.flight.change.order.cancel"),
            Self::ChangeQuery => ("change_query", "alitrip.flight.change.order.query"),
            Self::FlightChanges => ("flight_changes", "alitrip.flight.flightchange.order.query"),
        }
    }

    /// Whether the method only reads.
    pub(super) fn is_lookup(self) -> bool {
        match self {
            Self::Search
            | Self::List
            | Self::Detail
            | Self::RefundRender
            | Self::RefundDetail
            | Self::RefundList
            | Self::ChangeQuery
            | Self::FlightChanges => true,
            Self::Book
            | Self::Pay
            | Self::Close
            | Self::RefundCreate
            | Self::Upload
            | Self::ChangeCreate
            | Self::ChangePay
            | Self::ChangeCancel => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::contract::Registry;

    #[test]
    fn every_contract_method_is_simulated_and_has_a_unique_short_name() {
        for method in Registry::embedded().methods() {
            assert!(Op::of_method(&method.name).is_some(), "{}", method.name);
        }
        let mut names = std::collections::BTreeSet::new();
        for method in Method::all() {
            assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
            let read: Method = serde_json::from_value(method.as_str().into()).unwrap();
            assert_eq!(read, method);
            assert!(names.insert(method.as_str()));
        }
        let unknown = serde_json::from_value::<Method>("no_such".into());
        assert!(unknown.unwrap_err().to_string().contains("token_create"));
    }
}
