//! Attachments: their upload, and the refunds that wait for them.

use std::time::Duration;

use fliggy_gateway::top::contract::{Overrides, Registry};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Params, Top, full, json_of, start, start_on_clock, start_with};

/// The signed text parameters of an upload.
pub(crate) fn params(top: &Top, order_id: Option<u64>) -> Params {
    let mut params = top.params("upload", "file_name", &Value::Null);
    params.insert("file_name".to_owned(), "证明.jpg".to_owned());
    if let Some(id) = order_id {
        params.insert("order_id".to_owned(), id.to_string());
    }
    top.signed(params)
}

pub(crate) fn form(params: &Params) -> Form {
    let pairs = params.iter();
    pairs.fold(Form::new(), |form, (name, value)| {
        form.text(name.clone(), value.clone())
    })
}

pub(crate) async fn send(top: &Top, form: Form) -> reqwest::Result<reqwest::Response> {
    let url = format!("{}/router/rest", top.base);
    top.http.post(url).multipart(form).send().await
}

async fn upload(top: &Top, order_id: Option<u64>, bytes: Vec<u8>) -> Value {
    let part = Part::bytes(bytes).file_name("proof.jpg");
    let form = form(&params(top, order_id)).part("file_content", part);
    let body = json_of(send(top, form).await.unwrap()).await;
    body["alitrip_flight_service_upload_response"].clone()
}

#[tokio::test]
async fn a_file_is_kept_complete_under_a_new_id_each_time() {
    let top = start().await;
    let id = top.booked("U-1").await;
    // Bytes that look like the end of a part do not end the part.
    let bytes = b"\x00\xff\r\n--\r\n\r\nx".to_vec();
    let first = upload(&top, Some(id), bytes.clone()).await;
    assert_eq!(first["is_success"], true, "{first}");
    assert!(first["uploaded_file_url"].is_string());
    let second = upload(&top, None, vec![b'x'; 5 * 1024 * 1024]).await;
    assert_eq!(second["is_success"], true, "{second}");
    assert_ne!(first["file_id"], second["file_id"]);
    let files = top.get("files").await["items"].clone();
    assert_eq!(files[0]["file_id"], first["file_id"]);
    assert_eq!(files[0]["name"], "证明.jpg");
    assert_eq!(files[0]["bytes"], bytes.len());
    assert_eq!(files[0]["part_file_name"], "proof.jpg");
    assert_eq!(files[0]["order_id"], id.to_string());
    assert_eq!(files[1]["order_id"], Value::Null);
    assert_eq!(top.counts("U-1", "upload").await, (1, 1));
}

#[tokio::test]
async fn an_upload_without_a_valid_file_is_refused() {
    let top = start().await;
    let refused = upload(&top, None, Vec::new()).await;
    assert_eq!(refused["error_code_info"], "isv.FILE_EMPTY");
    let refused = upload(&top, None, vec![0; 5 * 1024 * 1024 + 1]).await;
    assert_eq!(refused["error_code_info"], "isv.FILE_TOO_LARGE");
    let refused = upload(&top, Some(7), vec![1]).await;
    assert_eq!(refused["error_code_info"], "isv.ORDER_NOT_EXIST");

    let missing = send(&top, form(&params(&top, None))).await.unwrap();
    let missing = json_of(missing).await["error_response"].clone();
    assert_eq!(missing["code"], 40);
    assert_eq!(missing["sub_code"], "isv.missing-parameter:file_content");
    // Sent as text, the content would be signed; TOP requires a file part.
    let mut text = params(&top, None);
    text.remove("sign");
    text.insert("file_content".to_owned(), "/9j/4AAQSkZJRg==".to_owned());
    let text = send(&top, form(&top.signed(text))).await.unwrap();
    assert_eq!(json_of(text).await["error_response"]["code"], 41);
    let mut wrong = params(&top, None);
    wrong.remove("sign");
    wrong.insert("order_id".to_owned(), "seven".to_owned());
    let part = Part::bytes(vec![1]).file_name("a.png");
    let wrong = form(&top.signed(wrong)).part("file_content", part);
    let wrong = json_of(send(&top, wrong).await.unwrap()).await["error_response"].clone();
    assert_eq!(wrong["sub_code"], "isv.invalid-parameter:order_id");
    assert_eq!(top.get("files").await["items"], json!([]));
}

#[tokio::test]
async fn an_overridden_upload_reads_its_file_under_another_name() {
    let method = full("upload");
    let overrides = json!([
        {"method": method, "side": "request", "path": "file_content", "rename": "file_bytes"},
        {"method": method, "side": "request", "path": "order_id", "rename": "tid"},
    ]);
    let overrides: Vec<_> = serde_json::from_value(overrides).unwrap();
    let overrides = Overrides::build(Registry::embedded(), &overrides).unwrap();
    let top = start_with(|config| config.overrides = overrides).await;
    let id = top.booked("OVERRIDDEN").await;
    let mut renamed = params(&top, None);
    renamed.remove("sign");
    renamed.insert("tid".to_owned(), id.to_string());
    let renamed = top.signed(renamed);
    for (name, kept) in [("file_content", 0), ("file_bytes", 1)] {
        let part = Part::bytes(vec![1]).file_name("a.png");
        let form = form(&renamed).part(name, part);
        assert_eq!(send(&top, form).await.unwrap().status(), 200);
        let files = top.get("files").await["items"].clone();
        assert_eq!(files.as_array().unwrap().len(), kept);
    }
    let files = top.get("files").await["items"].clone();
    assert_eq!(files[0]["order_id"], id.to_string());
}

#[tokio::test]
async fn a_reviewed_refund_waits_for_its_attachment() {
    let (top, clock) = start_on_clock().await;
    let order = top.ticketed("REVIEW", 2).await;
    let quote = top.render(&order.refund(2)).await;
    assert_eq!(quote["all_refund_fee"], 0);
    let answer = top.refund(&order.application("W-1", 2, &json!(0))).await;
    let waiting = answer["refund_order_no"].clone();
    clock.advance_steady(Duration::from_secs(6_000));
    assert_eq!(top.refund_detail(&waiting).await["refund_order_status"], 0);

    let file = upload(&top, Some(order.id), vec![1]).await["file_id"].clone();
    let detail = top.refund_detail(&waiting).await;
    assert_eq!(detail["refund_order_status"], 0);
    assert_eq!(detail["file_id_list"]["string"], json!([file]));
    clock.advance_steady(Duration::from_secs(300));
    assert_eq!(top.refund_detail(&waiting).await["refund_order_status"], 1);

    let mut input = order.application("W-2", 2, &json!(0));
    input["passenger_list"] = json!([order.passenger(1)]);
    input["file_id_list"] = json!([file]);
    let second = top.refund(&input).await["refund_order_no"].clone();
    clock.advance_steady(Duration::from_secs(600));
    let rows = top.get(&format!("refunds?order_id={}", order.id)).await["items"].clone();
    assert_eq!(rows[0]["refund_order_no"], second.to_string());
    for row in rows.as_array().unwrap() {
        assert_eq!(
            (&row["status"], &row["files"]),
            (&json!("refunded"), &json!(1))
        );
    }
}
