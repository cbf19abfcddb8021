//! Uploads attachments (`alitrip.flight.service.upload`). A file that was sent is not sent again.

use std::sync::Arc;

use bytes::Bytes;
use tokio_util::task::TaskTracker;

use crate::domain::attachment::{FileType, KeptAttachment};
use crate::domain::ids::{AccountName, OrderId};
use crate::domain::operation::Failure;
use crate::operations::classify::Missing;
use crate::operations::single_flight::SingleFlight;
use crate::operations::upstream::{ReadError, Upstream, unreadable_answer};
use crate::store::Store;
use crate::top::call::FilePart;
use crate::top::method::Method;
use crate::top::wire::Upload;
use crate::translate;

/// A complete file. Its content is personal data and is stored nowhere.
#[derive(Clone)]
pub struct File {
    /// The type, detected from the first bytes.
    pub kind: FileType,
    /// SHA-256 of the content.
    pub digest: [u8; 32],
    /// The content.
    pub content: Bytes,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File")
            .field("kind", &self.kind)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// An attachment that Fliggy has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The attachment.
    pub attachment: KeptAttachment,
    /// Whether the same file was uploaded earlier, so that it was not sent again.
    pub before: bool,
}

/// Uploads. The same file is sent once, even if it is uploaded twice at the same time.
#[derive(Clone, Debug)]
pub struct Uploads {
    upstream: Arc<Upstream>,
    journal: Arc<dyn Store>,
    in_flight: Arc<SingleFlight<Uploaded>>,
    tasks: TaskTracker,
}

// === impl Uploads ===

impl Uploads {
    /// Uploads whose upstream calls run as tasks of this tracker.
    #[must_use]
    pub fn new(upstream: Arc<Upstream>, journal: Arc<dyn Store>, tasks: TaskTracker) -> Self {
        Self {
            upstream,
            journal,
            in_flight: Arc::default(),
            tasks,
        }
    }

    /// Uploads a file, or returns the result of an earlier upload of the same content. `permit` is held while
    /// the file is in memory.
    ///
    /// # Errors
    /// The failure, if the file was not uploaded.
    pub async fn upload(
        &self,
        account: AccountName,
        order_id: Option<OrderId>,
        file: File,
        permit: impl Send + 'static,
    ) -> Result<Arc<Uploaded>, Failure> {
        let order = order_id.map_or_else(String::new, |id| id.to_string());
        let key = self.upstream.hash_key().mac(&[
            b"attachment",
            account.as_str().as_bytes(),
            order.as_bytes(),
            &file.digest,
        ]);
        let this = self.clone();
        let work = async move {
            // The caller may hang up; the file stays in memory until it has been sent.
            let _permit = permit;
            let kept = this.journal.attachment(key).await;
            match kept.map_err(|error| Failure::from(&error))? {
                Some(attachment) => Ok(Uploaded {
                    attachment,
                    before: true,
                }),
                None => this.upload_once(account, order_id, file, key).await,
            }
        };
        self.in_flight.join(&self.tasks, key.to_vec(), work).await
    }

    async fn upload_once(
        &self,
        account: AccountName,
        order_id: Option<OrderId>,
        file: File,
        key: [u8; 32],
    ) -> Result<Uploaded, Failure> {
        const NAME: &str = Upload::NAME;
        // The gateway sets the name, because files are often named after the passenger.
        let name = format!(
            "{}.{}",
            hex::encode(&file.digest[..8]),
            file.kind.extension()
        );
        let part = FilePart {
            name: "file_content".into(),
            file_name: name.clone(),
            content: file.content,
        };
        let texts = translate::upload::texts(&name, order_id);
        let upstream = &self.upstream;
        let session = upstream.session(&account)?;
        let sent = upstream.top.upload::<Upload>(&session, texts, part).await;
        let reply = upstream
            .interpret_read::<Upload>(sent, Missing::Order)
            .map_err(ReadError::into_failure)?;
        let uploaded = translate::upload::answer(reply.answer, &upstream.context(&account))
            .map_err(|unreadable| unreadable_answer(NAME, unreadable.field))?;
        let attachment = KeptAttachment {
            key,
            account,
            order_id,
            file_id: uploaded.file_id,
            at: upstream.clock.wall(),
        };
        if let Err(error) = self.journal.keep_attachment(attachment.clone()).await {
            // Fliggy has the file, and the caller needs its id. Sending the file again would do no harm.
            tracing::warn!(%error, "an upload was not recorded; the same file may be sent again");
        }
        Ok(Uploaded {
            attachment,
            before: false,
        })
    }
}
