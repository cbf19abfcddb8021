//! What is known of the wire of each TOP method, as data.
//!
//! Most pages of the flight methods are not public. `openapi/top/*.json` says of every field where
//! the knowledge comes from; this module embeds those files, checks values against them, and mends
//! them by configuration where the official page turns out to differ.

pub mod mend;
pub mod registry;
pub mod validate;

pub use mend::{Mend, Override, Side, WireType};
pub use registry::{Kind, MethodContract, Node, Registry};
pub use validate::{Finding, FindingKind, validate_answer, validate_request};
