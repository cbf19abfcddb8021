//! Types that several methods share: segments, journeys, cabins, passengers.

use serde::{Deserialize, Serialize};

use crate::domain::personal::Personal;
use crate::domain::time::{LocalDate, LocalTime};
use crate::domain::trip::{AirportCode, CityCode, FlightNo, Seats};
use crate::top::lenient::{Element, Field, List};

/// `FlightRoute` of a response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightRoute {
    /// 1 one way, 2 round trip.
    pub trip_type: Field<i64>,
    /// Journeys in travel order.
    pub flight_journey_list: List<FlightJourney>,
}

/// `FlightJourney` of a response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightJourney {
    /// Segments of the journey.
    pub flight_segment_list: List<FlightSegment>,
}

impl Element for FlightJourney {
    const WRAPPER: &'static str = "flight_journey";
}

/// `FlightSegment` of a response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightSegment {
    /// Opaque id.
    pub id: Field<String>,
    /// Two characters.
    pub marketing_airline: Field<String>,
    /// Marketing flight number.
    pub marketing_flight_no: Field<FlightNo>,
    /// Two characters.
    pub operating_airline: Field<String>,
    /// Operating flight number.
    pub operating_flight_no: Field<String>,
    /// Whether the flight is a codeshare.
    pub code_share: Field<bool>,
    /// Departure airport.
    pub dep_airport: Field<AirportCode>,
    /// Departure terminal.
    pub dep_term: Field<String>,
    /// Departure, +08:00.
    pub dep_time: Field<LocalTime>,
    /// Arrival airport.
    pub arr_airport: Field<AirportCode>,
    /// Arrival terminal.
    pub arr_term: Field<String>,
    /// Arrival, +08:00.
    pub arr_time: Field<LocalTime>,
    /// Aircraft.
    pub equip_type: Field<String>,
    /// City of departure (search only).
    pub dep_city_code: Field<CityCode>,
    /// City of arrival (search only).
    pub arr_city_code: Field<CityCode>,
    /// Duration in minutes (search only).
    pub flight_duration: Field<i64>,
    /// Stops on the way (search only).
    pub stop_quantity: Field<i64>,
    /// Cities of the stops, comma separated (search only).
    pub stop_city_list: Field<String>,
}

impl Element for FlightSegment {
    const WRAPPER: &'static str = "flight_segment";
}

/// `FlightSegmentItem` of a response: the cabin of a segment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightSegmentItem {
    /// Id of the segment.
    pub flight_segment_id: Field<String>,
    /// Booking class.
    pub cabin: Field<String>,
    /// Cabin class.
    pub cabin_class: Field<String>,
    /// Name of the cabin class in Chinese.
    pub cabin_class_name: Field<String>,
    /// Seats left, `1`–`9` or `A` (search only).
    pub cabin_quantity: Field<Seats>,
}

impl Element for FlightSegmentItem {
    const WRAPPER: &'static str = "flight_segment_item";
}

/// `Passenger` of a response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PassengerAnswer {
    /// Name as on the document.
    pub name: Field<Personal<String>>,
    /// 0 adult, 1 child, 8 infant (inferred).
    #[serde(rename = "type")]
    pub kind: Field<i64>,
    /// Document type (documented numbers).
    pub credential_type: Field<i64>,
    /// Document number.
    pub credential_no: Field<Personal<String>>,
    /// Date of birth.
    pub birthday: Field<Personal<LocalDate>>,
    /// Country code of the mobile number.
    pub mobile_country_code: Field<String>,
    /// Mobile number.
    pub mobile_phone_number: Field<Personal<String>>,
}

impl Element for PassengerAnswer {
    const WRAPPER: &'static str = "passenger";
}

/// `FlightJourney` of a request.
#[derive(Debug, Serialize)]
pub struct FlightJourneyRequest {
    /// Segments of the journey.
    pub flight_segment_list: Vec<FlightSegmentRequest>,
}

/// `FlightSegment` of a request.
#[derive(Debug, Serialize)]
pub struct FlightSegmentRequest {
    /// Opaque id.
    pub id: String,
    /// Two characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marketing_airline: Option<String>,
    /// Marketing flight number.
    pub marketing_flight_no: String,
    /// Two characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_airline: Option<String>,
    /// Operating flight number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_flight_no: Option<String>,
    /// Whether the flight is a codeshare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_share: Option<bool>,
    /// Departure airport.
    pub dep_airport: AirportCode,
    /// Departure terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dep_term: Option<String>,
    /// Departure, `yyyy-MM-dd HH:mm:ss` +08:00.
    pub dep_time: String,
    /// Arrival airport.
    pub arr_airport: AirportCode,
    /// Arrival terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arr_term: Option<String>,
    /// Arrival, `yyyy-MM-dd HH:mm:ss` +08:00.
    pub arr_time: String,
    /// Aircraft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equip_type: Option<String>,
}

/// `FlightSegmentItem` of a request.
#[derive(Debug, Serialize)]
pub struct FlightSegmentItemRequest {
    /// Id of the segment.
    pub flight_segment_id: String,
    /// Booking class.
    pub cabin: String,
    /// Cabin class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cabin_class: Option<String>,
    /// Name of the cabin class in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cabin_class_name: Option<String>,
}
