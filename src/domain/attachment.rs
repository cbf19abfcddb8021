//! Attachments of special refunds: what kinds of file they may be.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::ids::{AccountName, OrderId};

/// Kind of file, as its first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A PDF document.
    Pdf,
}

impl FileType {
    /// So many bytes are enough to tell.
    pub const TOLD_BY: usize = 8;

    /// What a file is that begins like this. Its name and the type that its sender claims say nothing.
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

    /// The usual ending of its name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

/// An attachment that Fliggy has, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAttachment {
    /// Keyed hash of account, order and content.
    pub key: [u8; 32],
    /// The purchasing account.
    pub account: AccountName,
    /// The order that it belongs to, if it was said.
    pub order_id: Option<OrderId>,
    /// Fliggy's id of it.
    pub file_id: String,
    /// When it was uploaded.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
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
