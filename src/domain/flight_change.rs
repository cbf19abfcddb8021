//! Airlines' schedule changes (航变).

use serde::Serialize;
use utoipa::ToSchema;

use super::ids::OrderId;
use super::time::{LocalDate, LocalTime};
use super::trip::{AirportCode, FlightNo};

/// What the airline did. Fliggy's codes for it are documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlightChangeKind {
    /// The flight is cancelled.
    Cancelled,
    /// The flight has a different time, number or airport.
    Changed,
    /// Fliggy's code is unknown to the gateway (see `kind_code`) or was not reported.
    Other,
}

impl FlightChangeKind {
    /// The kind for Fliggy's code.
    #[must_use]
    pub const fn from_wire(number: Option<i64>) -> Self {
        match number {
            Some(1) => Self::Cancelled,
            Some(2) => Self::Changed,
            Some(_) | None => Self::Other,
        }
    }
}

/// A flight before or after a schedule change, as far as Fliggy reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct FlightTimes {
    /// Flight number; null if not reported.
    #[schema(required = true, value_type = Option<FlightNo>)]
    pub flight_no: Option<FlightNo>,
    /// Day of the flight (+08:00); null if not reported.
    #[schema(required = true, value_type = Option<LocalDate>)]
    pub date: Option<LocalDate>,
    /// Departure airport; null if not reported.
    #[schema(required = true, value_type = Option<AirportCode>)]
    pub departure_airport: Option<AirportCode>,
    /// Arrival airport; null if not reported.
    #[schema(required = true, value_type = Option<AirportCode>)]
    pub arrival_airport: Option<AirportCode>,
    /// Scheduled departure (+08:00); null if not reported.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub departure_time: Option<LocalTime>,
    /// Scheduled arrival (+08:00); null if not reported.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub arrival_time: Option<LocalTime>,
}

/// A value from Fliggy that the gateway cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnreadableField {
    /// Fliggy's name of the field.
    #[schema(value_type = String, example = "new_depart_time")]
    pub field: &'static str,
    /// The value, cut to 64 characters; null if it is not text.
    #[schema(required = true, example = "08点45分左右")]
    pub text: Option<String>,
}

/// A schedule change of one of the order's flights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FlightChange {
    /// Fliggy's order id; null if not reported.
    #[schema(required = true, value_type = Option<OrderId>)]
    pub order_id: Option<OrderId>,
    /// What the airline did.
    pub kind: FlightChangeKind,
    /// Fliggy's code (`change_type`); null if not reported.
    #[schema(required = true)]
    pub kind_code: Option<i64>,
    /// Fliggy's code for a more specific kind (delay, reinstatement, protection …), which Fliggy does not
    /// document; null if not reported.
    #[schema(required = true)]
    pub sub_type: Option<i64>,
    /// The airline's reason, in Chinese; null if not reported.
    #[schema(required = true, example = "计划变更")]
    pub reason: Option<String>,
    /// When the airline announced the change (+08:00); null if not reported.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub notified_at: Option<LocalTime>,
    /// The flight as it was booked.
    pub old: FlightTimes,
    /// The flight after the change; null if there is none.
    #[schema(required = true, value_type = Option<FlightTimes>)]
    pub new: Option<FlightTimes>,
    /// Fields that are null here because the gateway cannot read Fliggy's value.
    pub unreadable: Vec<UnreadableField>,
}
