//! Passengers, their documents and contacts.

pub mod format;
pub mod id_card;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::personal::Personal;
use super::text::text_type;
use super::time::LocalDate;

/// Kind of passenger by age and fare.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PassengerType {
    /// Pays the adult fare. Any age: a child may travel on an adult fare.
    Adult,
    /// Pays the child fare: 2 to 11 years old on the day of departure.
    Child,
    /// Has no seat: under 2 years old on the day of departure.
    Infant,
}

impl PassengerType {
    /// TOP's number (inferred from a sibling API).
    #[must_use]
    pub const fn wire(self) -> u8 {
        match self {
            Self::Adult => 0,
            Self::Child => 1,
            Self::Infant => 8,
        }
    }
}

/// Kind of passenger in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderPassengerType {
    /// Pays the adult fare.
    Adult,
    /// Pays the child fare.
    Child,
    /// Has no seat.
    Infant,
    /// Fliggy's code is not listed here.
    Other,
}

impl OrderPassengerType {
    /// TOP's number, if it is listed.
    #[must_use]
    pub const fn wire(self) -> Option<u8> {
        match self {
            Self::Adult => Some(PassengerType::Adult.wire()),
            Self::Child => Some(PassengerType::Child.wire()),
            Self::Infant => Some(PassengerType::Infant.wire()),
            Self::Other => None,
        }
    }

    /// The type for TOP's number.
    #[must_use]
    pub const fn from_wire(number: i64) -> Self {
        match number {
            0 => Self::Adult,
            1 => Self::Child,
            8 => Self::Infant,
            _ => Self::Other,
        }
    }
}

macro_rules! document_types {
    ($($(#[$meta:meta])* $name:ident = $number:literal,)*) => {
        /// Kind of travel document.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum DocumentType {
            $($(#[$meta])* $name,)*
        }

        impl DocumentType {
            /// TOP's number (documented).
            #[must_use]
            pub const fn wire(self) -> u8 {
                match self {
                    $(Self::$name => $number,)*
                }
            }
        }

        /// Kind of travel document in an order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum OrderDocumentType {
            $($(#[$meta])* $name,)*
            /// Fliggy's code is not listed here.
            Other,
        }

        impl OrderDocumentType {
            /// TOP's number, if it is listed.
            #[must_use]
            pub const fn wire(self) -> Option<u8> {
                match self {
                    $(Self::$name => Some($number),)*
                    Self::Other => None,
                }
            }

            /// The type for TOP's number.
            #[must_use]
            pub const fn from_wire(number: i64) -> Self {
                match number {
                    $($number => Self::$name,)*
                    _ => Self::Other,
                }
            }
        }
    };
}

document_types! {
    /// Resident identity card (身份证), 18 characters.
    IdCard = 0,
    /// Passport.
    Passport = 1,
    /// Student card.
    StudentCard = 2,
    /// Military officer card.
    MilitaryOfficerCard = 3,
    /// Home-return permit (回乡证).
    HomeReturnPermit = 4,
    /// Mainland travel permit for Taiwan residents (台胞证).
    TaiwanCompatriotPermit = 5,
    /// Hong Kong and Macao travel permit.
    HongKongMacaoTravelPermit = 6,
    /// International seafarer card.
    SeafarerCard = 7,
    /// Permanent residence card of a foreigner.
    ForeignPermanentResidentCard = 8,
    /// Police officer card.
    PoliceOfficerCard = 10,
    /// Soldier card.
    SoldierCard = 11,
    /// Travel permit to Taiwan.
    TaiwanTravelPermit = 12,
    /// Entry permit of Taiwan.
    TaiwanEntryPermit = 13,
    /// Household register (户口簿).
    HouseholdRegister = 14,
    /// Birth certificate.
    BirthCertificate = 15,
    /// Driving licence.
    DrivingLicence = 16,
    /// Residence permit for residents of Hong Kong and Macao.
    HongKongMacaoResidencePermit = 17,
    /// Residence permit for residents of Taiwan.
    TaiwanResidencePermit = 18,
}

text_type!(
    /// Country calling code, without `+`.
    #[schema(
        value_type = String,
        pattern = "^[1-9][0-9]{0,3}$",
        min_length = 1,
        max_length = 4,
        example = "86"
    )]
    CallingCode,
    |b| matches!(b.len(), 1..=4) && b[0] != b'0' && b.iter().all(u8::is_ascii_digit),
    "a country calling code without '+', such as \"86\""
);

text_type!(
    /// Country, ISO 3166 with two letters.
    #[schema(
        value_type = String,
        pattern = "^[A-Z]{2}$",
        min_length = 2,
        max_length = 2,
        example = "CN"
    )]
    CountryCode,
    |b| b.len() == 2 && b.iter().all(u8::is_ascii_uppercase),
    "a country code of two capital letters, such as \"CN\""
);

/// Gender as stated in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Male.
    Male,
    /// Female.
    Female,
}

impl Gender {
    /// TOP's number (inferred).
    #[must_use]
    pub const fn wire(self) -> u8 {
        match self {
            Self::Male => 0,
            Self::Female => 1,
        }
    }
}

/// A travel document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Kind of document.
    #[serde(rename = "type")]
    pub kind: DocumentType,
    /// Document number. The last of an ID card's 18 characters is a check character.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = r"\S", example = "110101199003070011")]
    pub number: Personal<String>,
    /// Last day of validity; null or left out if unknown.
    #[schema(value_type = Option<LocalDate>)]
    pub expires_on: Option<LocalDate>,
}

/// A passenger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Passenger {
    /// Name as on the document.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = r"\S", example = "李四")]
    pub name: Personal<String>,
    /// Kind of passenger.
    #[serde(rename = "type")]
    pub kind: PassengerType,
    /// Travel document.
    pub document: Document,
    /// Date of birth. If left out, it is derived from the ID card number; required for children and
    /// infants with other documents.
    #[schema(value_type = Option<LocalDate>, example = "1990-03-07")]
    pub birth_date: Option<Personal<LocalDate>>,
    /// Gender.
    #[schema(value_type = Option<Gender>)]
    pub gender: Option<Gender>,
    /// Nationality; only for documents other than the ID card.
    #[schema(value_type = Option<CountryCode>)]
    pub nationality: Option<CountryCode>,
    /// Country code of the mobile number.
    #[schema(value_type = Option<CallingCode>)]
    pub mobile_country_code: Option<CallingCode>,
    /// Mobile number, without country code.
    #[schema(value_type = Option<String>, min_length = 5, max_length = 15, pattern = "^[0-9]{5,15}$", example = "13800000000")]
    pub mobile: Option<Personal<String>>,
}

impl Passenger {
    /// The date of birth; derived from the ID card number if it was not given.
    #[must_use]
    pub fn born_on(&self) -> Option<LocalDate> {
        match &self.birth_date {
            Some(date) => Some(*date.expose()),
            None if self.document.kind == DocumentType::IdCard => {
                id_card::birth_date(self.document.number.expose())
            }
            None => None,
        }
    }
}

/// The contact whom the airline and Fliggy may call about the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = r"\S", example = "张三")]
    pub name: Personal<String>,
    /// Country code of the mobile number.
    pub mobile_country_code: CallingCode,
    /// Mobile number, without country code.
    #[schema(value_type = String, min_length = 5, max_length = 15, pattern = "^[0-9]{5,15}$", example = "13800000000")]
    pub mobile: Personal<String>,
    /// Landline.
    #[schema(value_type = Option<String>, min_length = 5, max_length = 20, pattern = r"^[0-9+() -]{5,20}$", example = "010-00000000")]
    pub phone: Option<Personal<String>>,
    /// E-mail.
    #[schema(value_type = Option<String>, format = Email, max_length = 254, example = "travel@example.com")]
    pub email: Option<Personal<String>>,
    /// Document of the contact.
    #[schema(value_type = Option<Document>)]
    pub document: Option<Document>,
}

/// The buyer, for fares where the buyer must be a member of the airline's programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberBuyer {
    /// Name as on the document.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = r"\S", example = "张三")]
    pub name: Personal<String>,
    /// Document.
    pub document: Document,
    /// Date of birth.
    #[schema(value_type = LocalDate, example = "1990-03-07")]
    pub birth_date: Personal<LocalDate>,
    /// Country code of the mobile number.
    pub mobile_country_code: CallingCode,
    /// Mobile number, without country code.
    #[schema(value_type = String, min_length = 5, max_length = 15, pattern = "^[0-9]{5,15}$", example = "13800000000")]
    pub mobile: Personal<String>,
}
