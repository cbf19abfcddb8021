//! Attachments that were uploaded to Fliggy.

use futures::future::BoxFuture;
use sqlx::SqliteConnection;

use super::writer::Command;
use super::{SqliteJournal, failed, ms_of, row};
use crate::domain::attachment::KeptAttachment;
use crate::domain::ids::{AccountName, OrderId};
use crate::store::{Attachments, JournalError};

impl Attachments for SqliteJournal {
    fn attachment(
        &self,
        key: [u8; 32],
    ) -> BoxFuture<'_, Result<Option<KeptAttachment>, JournalError>> {
        self.reading(async move {
            sqlx::query("SELECT account, order_id, file_id, at FROM attachments WHERE id = ?1")
                .bind(&key[..])
                .fetch_optional(&self.readers)
                .await
                .map_err(failed)?
                .map(|found| row::attachment(&found, key))
                .transpose()
        })
    }

    fn has_attachment(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let account = account.to_string();
        self.reading(async move {
            let found: i64 = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM attachments WHERE order_id = ?1 AND account = ?2)",
            )
            .bind(order_id.to_string())
            .bind(account)
            .fetch_one(&self.readers)
            .await
            .map_err(failed)?;
            Ok(found != 0)
        })
    }

    fn keep_attachment(
        &self,
        attachment: KeptAttachment,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(|answer| Command::Attachment(Box::new(attachment), answer)))
    }
}

pub(super) async fn keep(
    connection: &mut SqliteConnection,
    attachment: &KeptAttachment,
) -> Result<(), JournalError> {
    sqlx::query(
        "INSERT INTO attachments (id, account, order_id, file_id, at) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT DO NOTHING",
    )
    .bind(&attachment.key[..])
    .bind(attachment.account.to_string())
    .bind(attachment.order_id.map(|id| id.to_string()))
    .bind(&attachment.file_id)
    .bind(ms_of(attachment.at))
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    Ok(())
}
