//! Uploaded attachments: metadata only, not their content.

use std::collections::VecDeque;

use serde::Serialize;

/// One attachment.
#[derive(Debug, Clone, Serialize)]
pub(super) struct File {
    pub(super) file_id: String,
    /// `file_name` of the call.
    pub(super) name: String,
    /// Size.
    pub(super) bytes: usize,
    /// Digest of the content, in lower-case hexadecimal.
    pub(super) sha256: String,
    /// File name of the multipart part.
    pub(super) part_file_name: Option<String>,
    /// Text, because ids are above 2^53.
    pub(super) order_id: Option<String>,
    #[serde(skip)]
    pub(super) account: String,
}

/// All attachments, oldest first. At the limit, the oldest is dropped.
#[derive(Debug)]
pub(super) struct Files {
    most: usize,
    kept: VecDeque<File>,
}

impl Files {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            kept: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, file: File) {
        if self.kept.len() >= self.most {
            self.kept.pop_front();
        }
        self.kept.push_back(file);
    }

    pub(super) fn has(&self, account: &str, file_id: &str) -> bool {
        let mut kept = self.kept.iter();
        kept.any(|file| file.account == account && file.file_id == file_id)
    }

    pub(super) fn remove(&mut self, file_id: &str) {
        self.kept.retain(|file| file.file_id != file_id);
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &File> {
        self.kept.iter()
    }
}
