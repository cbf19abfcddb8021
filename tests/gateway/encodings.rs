//! Responses whose text is not quite UTF-8.

use serde_json::json;

use crate::canned::{Canned, DETAIL};
use crate::ticket::problem;

const ORDER: &str = "/v1/orders/1084659049999";

#[tokio::test]
async fn a_byte_order_mark_before_a_response_is_skipped() {
    let body = include_bytes!("../cases/03-bom-before-answer.detail-answer.json");
    let canned = Canned::start(&[(DETAIL, body)]).await;
    let order = canned.world.get(ORDER).await;
    assert_eq!(order.status, 200, "{order:?}");
    assert_eq!(order.body["out_order_no"], "FIELD-1");
}

#[tokio::test]
async fn an_error_keeps_its_codes_whatever_the_encoding_of_its_messages() {
    let marked = "\u{feff}{\"error_response\":{\"code\":27,\"msg\":\"Invalid session\",\
                  \"sub_code\":\"invalid-sessionkey\",\"sub_msg\":\"会话已过期\"}}";
    let broken = [
        br#"{"error_response":{"code":27,"sub_code":"invalid-sessionkey","sub_msg":""#.as_slice(),
        &"会话已过期".as_bytes()[..13],
        br#""}}"#,
    ]
    .concat();
    let surrogate = br#"{"error_response":{"sub_msg":"\ud83d \udc00","code":"27",
        "sub_code":"invalid-sessionkey"}}"#;
    for (body, message) in [
        (
            include_bytes!("../cases/05-gbk-error.answer.bin").as_slice(),
            "会话已过期",
        ),
        (marked.as_bytes(), "会话已过期"),
        (&broken, "会话已过\u{fffd}"),
        (surrogate, "\u{fffd} \u{fffd}"),
    ] {
        let canned = Canned::start(&[(DETAIL, body)]).await;
        let refused = canned.world.get(ORDER).await;
        assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
        let upstream = &refused.body["upstream"];
        assert_eq!(upstream["code"], "27", "{message}");
        assert_eq!(upstream["sub_code"], "invalid-sessionkey", "{message}");
        assert_eq!(upstream["message"], json!(message));
    }
}
