//! alitrip.flight.service.upload

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Context, Done, Refusal, object};
use crate::simulator::files::File;
use crate::simulator::gate::PlatformError;
use crate::simulator::ledger::Changed;

/// Largest attachment. A guess.
const LARGEST: usize = 5 * 1024 * 1024;

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let input = context.input;
    // The parameter contains the name of its file part.
    let part = context
        .files
        .iter()
        .find(|part| input["file_content"] == part.name)
        .ok_or_else(|| PlatformError::invalid("file_content", "must be sent as a file part"))?;
    if part.bytes.is_empty() {
        return Err(Refusal::business("isv.FILE_EMPTY", "附件不能为空"));
    }
    if part.bytes.len() > LARGEST {
        return Err(Refusal::business("isv.FILE_TOO_LARGE", "附件不能超过5M"));
    }
    let order_id = if input["order_id"].is_null() {
        None
    } else {
        Some(context.order()?.order_id)
    };
    let file_id = format!("FILE-{}", uuid::Uuid::new_v4().simple());
    let url = format!("https://img.example.com/{file_id}");
    let file = File {
        file_id: file_id.clone(),
        name: input["file_name"].as_str().unwrap_or_default().to_owned(),
        bytes: part.bytes.len(),
        sha256: hex::encode(Sha256::digest(&part.bytes)),
        part_file_name: part.file_name.clone(),
        order_id: order_id.map(|id| id.to_string()),
        account: context.account.to_owned(),
    };
    context.ledger.upload(order_id, file);
    Ok(Done {
        answer: object(json!({"file_id": file_id, "uploaded_file_url": url})),
        changed: Some(Changed::File(file_id)),
    })
}
