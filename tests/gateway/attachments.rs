//! Attachments: which files are accepted, and that no file is sent twice.

use std::time::Duration;

use futures::StreamExt;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ticket::{PATIENT, field_errors, problem, ticketed};
use crate::world::{Answer, World};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0 a picture";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR a picture";
const PDF: &[u8] = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n a document";

fn part(content: &[u8]) -> Part {
    Part::bytes(content.to_vec()).file_name("file")
}

fn form(content: &[u8]) -> Form {
    Form::new().part("file", part(content))
}

fn form_for(content: &[u8], order_id: &str) -> Form {
    form(content).text("order_id", order_id.to_owned())
}

/// Fliggy's files, oldest first.
async fn files(world: &World) -> Vec<Value> {
    let files = world.get("/_simulator/files").await.body;
    files["items"].as_array().unwrap().clone()
}

/// Asserts that the request was refused with this problem, and that nothing was sent to Fliggy.
async fn refused(world: &World, answer: &Answer, expected: (u16, &str)) {
    assert_eq!(problem(answer), expected, "{answer:?}");
    assert_eq!(answer.body["side_effects"], "none");
    assert_eq!(world.received("upload").await, 0, "{answer:?}");
}

#[tokio::test]
async fn the_type_of_a_file_comes_from_its_content_not_its_name() {
    let world = World::start().await;
    let ticket = ticketed(&world, "KINDS-1").await;
    for (index, (content, kind, ending, name, claimed)) in [
        (JPEG, "jpeg", "jpg", "诊断证明-张三.pdf", "application/pdf"),
        (PNG, "png", "png", "张三.exe", "application/octet-stream"),
        (PDF, "pdf", "pdf", "../../张三\\.jpg", "image/jpeg"),
    ]
    .into_iter()
    .enumerate()
    {
        let part = Part::bytes(content.to_vec())
            .file_name(name)
            .mime_str(claimed)
            .unwrap();
        let form = Form::new()
            .text("order_id", ticket.id.clone())
            .part("file", part);
        let uploaded = world.upload(form).await;
        assert_eq!(uploaded.status, 201, "{uploaded:?}");
        let digest = hex::encode(Sha256::digest(content));
        let file = files(&world).await[index].clone();
        assert_eq!(
            uploaded.body,
            json!({
                "attachment_id": file["file_id"], "type": kind, "bytes": content.len(),
                "sha256": digest, "order_id": ticket.id, "already_uploaded": false,
            })
        );
        // The whole file arrived, under a name that the gateway chose.
        assert_eq!(file["sha256"], digest);
        assert_eq!(file["bytes"], content.len());
        assert_eq!(file["order_id"], ticket.id);
        let own = format!("{}.{ending}", &digest[..16]);
        assert_eq!(file["name"], own);
        assert_eq!(file["part_file_name"], own);
    }
}

#[tokio::test]
async fn a_file_that_is_neither_picture_nor_document_is_refused() {
    let world = World::start().await;
    for content in [
        &b"GIF89a and some more"[..],
        b"PK\x03\x04 a zip archive",
        b"<html>%PDF-1.7</html>",
        b" \xFF\xD8\xFF\xE0 too late",
        b"\x89PNG\r\n\x1a?",
        // Too short for any signature.
        b"\xFF\xD8\xFF",
        b"%PDF-",
        b"",
    ] {
        let part = part(content).mime_str("image/jpeg").unwrap();
        let answer = world.upload(Form::new().part("file", part)).await;
        refused(&world, &answer, (415, "unsupported_media_type")).await;
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("neither JPEG nor PNG nor PDF"), "{detail}");
    }
}

#[tokio::test]
async fn every_form_field_must_appear_once_and_no_others() {
    let world = World::start().await;
    let long = "1".repeat(65);
    for (form, wrong) in [
        (Form::new(), ("", "not_multipart")),
        (Form::new().text("order_id", "7"), ("/file", "missing")),
        (form(JPEG).part("file", part(JPEG)), ("", "twice")),
        (
            form(JPEG).text("order_id", "7").text("order_id", "7"),
            ("", "twice"),
        ),
        (form(JPEG).text("remark", "x"), ("", "unknown")),
        (form(JPEG).part("file2", part(PNG)), ("", "unknown")),
        (form_for(JPEG, "x"), ("/order_id", "malformed")),
        (form_for(JPEG, "0"), ("/order_id", "malformed")),
        (form_for(JPEG, &long), ("/order_id", "malformed")),
    ] {
        let answer = world.upload(form).await;
        refused(&world, &answer, (400, "invalid_request")).await;
        assert_eq!(field_errors(&answer), [wrong]);
    }
}

#[tokio::test]
async fn only_a_complete_multipart_body_is_accepted() {
    let world = World::start().await;
    for kind in [
        "application/json",
        "image/jpeg",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let headers = [("content-type", kind)];
        let answer = send(&world, &headers, JPEG).await;
        refused(&world, &answer, (415, "unsupported_media_type")).await;
        let hint = answer.body["hint"].as_str().unwrap();
        assert!(hint.contains("multipart/form-data"), "{hint}");
    }
    let whole = multipart(JPEG);
    for cut in [0, 10, whole.len() / 2, whole.len() - 6] {
        let headers = [("content-type", MULTIPART)];
        let answer = send(&world, &headers, &whole[..cut]).await;
        refused(&world, &answer, (400, "invalid_request")).await;
        assert_eq!(field_errors(&answer), [("", "not_multipart")], "{cut}");
    }
    let answer = send(&world, &[("content-type", MULTIPART)], &whole).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

const MULTIPART: &str = "multipart/form-data; boundary=0123456789";

/// A form with this file, as bytes.
fn multipart(content: &[u8]) -> Vec<u8> {
    let mut body = b"--0123456789\r\nContent-Disposition: form-data; name=\"file\"; \
                     filename=\"f\"\r\n\r\n"
        .to_vec();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--0123456789--\r\n");
    body
}

/// Sends one raw request: these headers, then these bytes. Adds a length if the headers contain none.
async fn send(world: &World, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut head = format!(
        "POST /v1/attachments HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
        world.gateway.strip_prefix("http://").unwrap()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let framed = |name: &&(&str, &str)| ["content-length", "transfer-encoding"].contains(&name.0);
    if !headers.iter().any(|header| framed(&header)) {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let address = world.gateway.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    // The server stops reading once it has refused, so the write may fail.
    let _ = socket.write_all(body).await;
    let mut response = Vec::new();
    let mut chunk = [0; 4096];
    // A reset after the response does not invalidate the bytes that were read.
    while let Ok(count @ 1..) = socket.read(&mut chunk).await {
        response.extend_from_slice(&chunk[..count]);
    }
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").expect("a response");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        headers: reqwest::header::HeaderMap::new(),
        body: serde_json::from_str(body).unwrap(),
    }
}

/// A JPEG of this many bytes.
fn jpeg(bytes: usize) -> Vec<u8> {
    let mut content = JPEG.to_vec();
    content.resize(bytes, b'x');
    content
}

const SMALL: (&str, &str) = ("GATEWAY__SERVER__MAX_ATTACHMENT", "64KiB");

#[tokio::test]
async fn a_file_over_the_size_limit_is_refused() {
    let world = World::start_with(&[SMALL], |_| {}).await;
    let longest = 64 * 1024;
    for long in [longest + 1, longest + 20_000, 4 * 1024 * 1024] {
        let content = jpeg(long);
        let answer = world.upload(form(&content)).await;
        refused(&world, &answer, (413, "payload_too_large")).await;
        // Chunked, without a `Content-Length`.
        let chunks: Vec<_> = content.chunks(8192).map(<[u8]>::to_vec).collect();
        let chunks = futures::stream::iter(chunks).map(Ok::<_, std::io::Error>);
        let part = Part::stream(reqwest::Body::wrap_stream(chunks)).file_name("file");
        let answer = world.upload(Form::new().part("file", part)).await;
        refused(&world, &answer, (413, "payload_too_large")).await;
    }
    // A `Content-Length` over the limit is refused at once, without waiting for the body.
    let headers = [("content-type", MULTIPART), ("content-length", "99999999")];
    let whole = multipart(&jpeg(longest + 1));
    let answer = send(&world, &headers, &whole).await;
    refused(&world, &answer, (413, "payload_too_large")).await;
    // The other field has a size limit too.
    let answer = world.upload(form_for(JPEG, &"1".repeat(100_000))).await;
    assert_eq!(answer.status / 100, 4, "{answer:?}");
    assert_eq!(world.received("upload").await, 0);

    let uploaded = world.upload(form(&jpeg(longest))).await;
    assert_eq!(uploaded.status, 201, "{uploaded:?}");
    assert_eq!(uploaded.body["bytes"], longest);
    assert_eq!(files(&world).await[0]["bytes"], longest);
}

#[tokio::test]
async fn a_wrong_content_length_uploads_nothing() {
    let short = ("GATEWAY__SERVER__BODY_TIMEOUT", "300ms");
    let world = World::start_with(&[SMALL, short], |_| {}).await;
    let whole = multipart(JPEG);
    // The length is less than the body, so the rest does not belong to the request.
    let less = (whole.len() - 20).to_string();
    let headers = [("content-type", MULTIPART), ("content-length", &less)];
    let answer = send(&world, &headers, &whole).await;
    refused(&world, &answer, (400, "invalid_request")).await;
    // The length is more than the body; the gateway does not wait for long.
    let headers = [("content-type", MULTIPART), ("content-length", "50000")];
    let cut = &whole[..whole.len() - 20];
    let answer = send(&world, &headers, cut).await;
    refused(&world, &answer, (408, "request_timeout")).await;
    // Chunks that never end.
    let headers = [
        ("content-type", MULTIPART),
        ("transfer-encoding", "chunked"),
    ];
    let mut chunk = format!("{:x}\r\n", cut.len()).into_bytes();
    chunk.extend_from_slice(cut);
    chunk.extend_from_slice(b"\r\n");
    let answer = send(&world, &headers, &chunk).await;
    refused(&world, &answer, (408, "request_timeout")).await;
}

#[tokio::test]
async fn the_same_file_for_the_same_order_is_sent_once() {
    let other = [
        ("GATEWAY__ACCOUNTS__OTHER__SESSION", "other-session"),
        ("GATEWAY__ACCOUNTS__OTHER__CHANNEL", "SANDBOX"),
    ];
    let world = World::start_with(&other, |simulator| {
        let other = ("other-session".to_owned(), "other".to_owned());
        simulator.sessions.extend([other]);
    })
    .await;
    let one = ticketed(&world, "TWICE-1").await;
    let two = ticketed(&world, "TWICE-2").await;
    let first = world.upload(form_for(JPEG, &one.id)).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = world.upload(form_for(JPEG, &one.id)).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.body["already_uploaded"], true);
    assert_eq!(again.body["attachment_id"], first.body["attachment_id"]);
    assert_eq!(again.body["sha256"], first.body["sha256"]);
    assert_eq!(world.received("upload").await, 1);
    // Another order, no order, or other content creates another attachment.
    let mut ids = vec![first.body["attachment_id"].clone()];
    for form in [form_for(JPEG, &two.id), form(JPEG), form_for(PNG, &one.id)] {
        let uploaded = world.upload(form).await;
        assert_eq!(uploaded.status, 201, "{uploaded:?}");
        assert_eq!(uploaded.body["already_uploaded"], false);
        assert!(!ids.contains(&uploaded.body["attachment_id"]));
        ids.push(uploaded.body["attachment_id"].clone());
    }
    assert_eq!(world.received("upload").await, 4);
    // Another account creates another attachment too.
    let headers = [("content-type", MULTIPART), ("gateway-account", "other")];
    let elsewhere = send(&world, &headers, &multipart(JPEG)).await;
    assert_eq!(elsewhere.status, 201, "{elsewhere:?}");
    assert!(!ids.contains(&elsewhere.body["attachment_id"]));
    let again = send(&world, &headers, &multipart(JPEG)).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(world.received("upload").await, 5);
}

#[tokio::test]
async fn two_simultaneous_uploads_of_a_file_are_sent_once() {
    let world = World::start_with(PATIENT, |_| {}).await;
    world
        .fault(json!({"method": "upload", "fault": "slow", "delay_ms": 2000}))
        .await;
    let (one, two) = tokio::join!(world.upload(form(PDF)), async {
        world.until_received("upload", 1).await;
        world.upload(form(PDF)).await
    });
    for answer in [&one, &two] {
        assert!(answer.status < 300, "{answer:?}");
        assert_eq!(answer.body["attachment_id"], one.body["attachment_id"]);
    }
    assert_eq!(world.received("upload").await, 1);
    assert_eq!(files(&world).await.len(), 1);
}

#[tokio::test]
async fn a_failed_upload_can_be_repeated() {
    let world = World::start().await;
    let faults = [
        ("refuse", (422, "upstream_rejected"), "none"),
        ("timeout_nothing", (504, "upload_unknown"), "unknown"),
        ("hang_then_nothing", (504, "upload_unknown"), "unknown"),
        ("reset_before", (504, "upload_unknown"), "unknown"),
        ("cut_json", (504, "upload_unknown"), "unknown"),
        ("invalid_session", (502, "session_invalid"), "none"),
    ];
    for (before, (fault, expected, side_effects)) in (0..).zip(faults) {
        world
            .fault(json!({"method": "upload", "fault": fault}))
            .await;
        let answer = world.upload(form(PDF)).await;
        assert_eq!(problem(&answer), expected, "{fault}: {answer:?}");
        assert_eq!(answer.body["side_effects"], side_effects, "{fault}");
        let again = match (side_effects, fault) {
            ("unknown", _) => "same_request",
            (_, "invalid_session") => "later",
            _ => "never",
        };
        assert_eq!(answer.body["retry"], again, "{fault}");
        // The gateway did not resend the file by itself.
        assert_eq!(world.received("upload").await, before + 1, "{fault}");
    }
    // A form sends an empty field as an empty string.
    let uploaded = world.upload(form_for(PDF, "")).await;
    assert_eq!(uploaded.status, 201, "{uploaded:?}");
    assert_eq!(uploaded.body["order_id"], Value::Null);
    let nowhere = world.upload(form_for(PDF, "7")).await;
    assert_eq!(problem(&nowhere), (404, "order_not_found"), "{nowhere:?}");
}

#[tokio::test]
async fn the_number_of_simultaneous_uploads_is_limited() {
    let one = [&[("GATEWAY__SERVER__MAX_UPLOADS", "1")], PATIENT].concat();
    let world = World::start_with(&one, |_| {}).await;
    world
        .fault(json!({"method": "upload", "fault": "slow", "delay_ms": 2000}))
        .await;
    let (first, second) = tokio::join!(world.upload(form(JPEG)), async {
        world.until_received("upload", 1).await;
        world.upload(form(PNG)).await
    });
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(problem(&second), (503, "overloaded"), "{second:?}");
    assert_eq!(second.body["side_effects"], "none");
    assert!(second.header("retry-after").is_some());
    assert_eq!(world.received("upload").await, 1);

    // An upload that is still arriving counts too, until its client disconnects.
    let stuck = futures::stream::once(async { Ok::<_, std::io::Error>(JPEG.to_vec()) })
        .chain(futures::stream::pending());
    let part = Part::stream(reqwest::Body::wrap_stream(stuck)).file_name("file");
    let stuck = Box::pin(world.upload(Form::new().part("file", part)));
    let full = Box::pin(until(&world, |answer| answer.status == 503));
    match futures::future::select(stuck, full).await {
        futures::future::Either::Left((answer, _)) => panic!("{answer:?}"),
        futures::future::Either::Right(((), stuck)) => drop(stuck),
    }
    until(&world, |answer| answer.status < 300).await;
    // The limit does not apply to other requests.
    assert_eq!(world.get("/v1/operations").await.status, 200);
}

/// Uploads until the response matches; the time limit is 20 s.
async fn until(world: &World, is: impl Fn(&Answer) -> bool) {
    let limit = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let answer = world.upload(form(PDF)).await;
        if is(&answer) {
            return;
        }
        assert!(tokio::time::Instant::now() < limit, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
