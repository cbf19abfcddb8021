//! Schedule changes of the airlines (航变).

use serde::Serialize;
use utoipa::ToSchema;

use super::ids::OrderId;
use super::time::{LocalDate, LocalTime};
use super::trip::{AirportCode, FlightNo};

/// What the airline did (documented numbers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlightChangeKind {
    /// The flight does not fly.
    Cancelled,
    /// It flies at another time, under another number, or from elsewhere.
    Changed,
    /// Fliggy's number is not known here, or it told none; `kind_code` has it.
    Other,
}

impl FlightChangeKind {
    /// The kind behind Fliggy's number.
    #[must_use]
    pub const fn from_wire(number: Option<i64>) -> Self {
        match number {
            Some(1) => Self::Cancelled,
            Some(2) => Self::Changed,
            Some(_) | None => Self::Other,
        }
    }
}

/// A flight before or after a schedule change, as far as Fliggy tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct FlightTimes {
    /// Flight number; null if not told.
    #[schema(required = true, value_type = Option<FlightNo>)]
    pub flight_no: Option<FlightNo>,
    /// Day of the flight (+08:00); null if not told.
    #[schema(required = true, value_type = Option<LocalDate>)]
    pub date: Option<LocalDate>,
    /// Departure airport; null if not told.
    #[schema(required = true, value_type = Option<AirportCode>)]
    pub departure_airport: Option<AirportCode>,
    /// Arrival airport; null if not told.
    #[schema(required = true, value_type = Option<AirportCode>)]
    pub arrival_airport: Option<AirportCode>,
    /// Scheduled departure (+08:00); null if not told.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub departure_time: Option<LocalTime>,
    /// Scheduled arrival (+08:00); null if not told.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub arrival_time: Option<LocalTime>,
}

/// What Fliggy told in a form that the gateway cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnreadableField {
    /// Fliggy's name of the field.
    #[schema(value_type = String, example = "new_depart_time")]
    pub field: &'static str,
    /// What it told, cut to 64 characters; null where that is no text.
    #[schema(required = true, example = "08点45分左右")]
    pub text: Option<String>,
}

/// A schedule change of a flight of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FlightChange {
    /// Fliggy's order id; null if not told.
    #[schema(required = true, value_type = Option<OrderId>)]
    pub order_id: Option<OrderId>,
    /// What the airline did.
    pub kind: FlightChangeKind,
    /// Fliggy's number for it (`change_type`); null if not told.
    #[schema(required = true)]
    pub kind_code: Option<i64>,
    /// Fliggy's number of a finer kind (delay, reinstatement, protection …), which it does not
    /// publish; null if not told.
    #[schema(required = true)]
    pub sub_type: Option<i64>,
    /// The airline's reason, in Chinese; null if not told.
    #[schema(required = true, example = "计划变更")]
    pub reason: Option<String>,
    /// When the airline told (+08:00); null if not told.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub notified_at: Option<LocalTime>,
    /// The flight as it was booked.
    pub old: FlightTimes,
    /// The flight as it is now; null where there is none.
    #[schema(required = true, value_type = Option<FlightTimes>)]
    pub new: Option<FlightTimes>,
    /// What was told and is null here because the gateway cannot read it.
    pub unreadable: Vec<UnreadableField>,
}
