//! The wire format of each TOP method, as data.
//!
//! Most documentation pages of the flight methods are not public. `openapi/top/*.json` names the source of every
//! field. This module embeds these files, checks values against them, and applies the configured overrides where the
//! actual wire format differs.

pub mod overrides;
pub mod registry;
pub mod validate;

pub use overrides::{Override, Overrides, Side, WireType};
pub use registry::{Kind, MethodContract, Node, Registry};
pub use validate::{Finding, FindingKind, validate_answer, validate_request};
