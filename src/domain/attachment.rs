//! Attachments of special refunds and their file types.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::ids::{AccountName, OrderId};

/// File type, detected from the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// A JPEG image.
    Jpeg,
    /// A PNG image.
    Png,
    /// A PDF document.
    Pdf,
}

impl FileType {
    /// Number of bytes needed to detect the type.
    pub const TOLD_BY: usize = 8;

    /// Detects the type from the first bytes. The file name and the declared type are not trusted.
    #[must_use]
    pub fn of(begin: &[u8]) -> Option<Self> {
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
        if begin.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if begin.starts_with(PNG) {
            Some(Self::Png)
        } else if begin.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else {
            None
        }
    }

    /// The usual file name extension.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

/// An attachment uploaded to Fliggy, as recorded in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAttachment {
    /// Keyed hash of account, order and content.
    pub key: [u8; 32],
    /// The purchasing account.
    pub account: AccountName,
    /// The order that it belongs to, if the caller named one.
    pub order_id: Option<OrderId>,
    /// Fliggy's file id.
    pub file_id: String,
    /// When it was uploaded.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_detected_from_the_first_bytes() {
        for (begin, kind) in [
            (&b"\xFF\xD8\xFF\xE0\0\x10JFIF"[..], Some(FileType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0", Some(FileType::Png)),
            (b"%PDF-1.7\n", Some(FileType::Pdf)),
            (b"GIF89a", None),
            (b"PK\x03\x04", None),
            (b"\xFF\xD8", None),
            (b"", None),
        ] {
            assert_eq!(FileType::of(begin), kind, "{begin:?}");
        }
    }
}
