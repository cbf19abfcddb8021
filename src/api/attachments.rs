//! Attachments of special refunds.

pub mod upload;
