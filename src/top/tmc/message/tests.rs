use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::top::tmc::content::MAX_CONTENT;
use crate::top::tmc::frame::tests::vector;

fn token() -> SecretString {
    SecretString::from("dc148c0c-0b8d-437a-85fc-398dd91f749f")
}

#[test]
fn commands_are_written_as_in_the_vectors() {
    let id = 7_104_300_007_405_429_232;
    for (name, frame) in [
        ("pull-request", pull_request(&token())),
        ("confirm", confirm(&token(), id)),
        ("failed", failed(&token(), id, "db down")),
    ] {
        assert_eq!(frame.encode().unwrap(), vector(name), "{name}");
    }
}

#[test]
fn connect_is_signed_over_app_key_group_and_timestamp() {
    let published = Frame::decode(&vector("connect-2016")).unwrap();
    let connect = Connect {
        app_key: "12345678",
        secret: &SecretString::from("helloworld"),
        group: "default",
        now_ms: 1_451_620_800_000,
        sdk: "top-sdk-rust",
        address: IpAddr::from([10, 0, 0, 1]),
        token: None,
        flag: 1,
    };
    let frame = connect.frame();
    assert_eq!(frame.flag, published.flag);
    for (name, value) in &published.custom {
        assert_eq!(frame.get(name), Some(value), "{name}");
    }
    // What the client of 2021 added.
    let measured = Frame::decode(&vector("connect-2021")).unwrap();
    for name in ["token", "minor_group", "filter_exp"] {
        assert_eq!(frame.get(name), measured.get(name), "{name}");
    }
}

#[test]
fn messages_are_read_whatever_form_their_content_has() {
    for (name, content, topic) in [
        (
            "data-text",
            r#"{"num_iid":15380658823}"#,
            "taobao_item_ItemStockChanged",
        ),
        (
            "data-gzip",
            r#"{"num_iid":15380658823}"#,
            "taobao_item_ItemStockChanged",
        ),
    ] {
        let frame = Frame::decode(&vector(name)).unwrap();
        assert_eq!(Kind::of(&frame), Some(Kind::Data));
        let message = Message::read(&frame).unwrap();
        assert_eq!(message.id, 7_104_300_007_405_429_232, "{name}");
        assert_eq!(message.topic, topic, "{name}");
        assert_eq!(message.content.unwrap().expose(), content, "{name}");
    }
    let message = Message::read(&Frame::decode(&vector("data-text")).unwrap()).unwrap();
    assert_eq!(message.user_id, Some(123_456_789));
    assert_eq!(
        message.published_at,
        Some("2013-10-05T02:55:58Z".parse().unwrap())
    );
}

fn data(id: Value, content: Value) -> Frame {
    Frame::new(FrameType::Send)
        .with("__kind", Value::Byte(3))
        .with("id", id)
        .with("topic", Value::Text("t".into()))
        .with("content", content)
}

#[test]
fn an_id_may_have_any_width() {
    for id in [
        Value::Byte(7),
        Value::Int16(7),
        Value::Int32(7),
        Value::Int64(7),
        Value::Text("7".into()),
    ] {
        let message = Message::read(&data(id.clone(), Value::Void)).unwrap();
        assert_eq!(message.id, 7, "{id:?}");
        assert_eq!(message.content.unwrap().expose(), "");
    }
}

#[test]
fn a_message_whose_content_cannot_be_used_can_be_confirmed() {
    use Unusable::{NoTopic, TooLong, Undecodable};

    let read = |content| {
        let message = Message::read(&data(Value::Int64(7), content)).unwrap();
        assert_eq!((message.id, &*message.topic), (7, "t"));
        message.content.unwrap_err()
    };
    assert_eq!(read(Value::Bytes(vec![0x1f, 0x8b, 0])), Undecodable);
    assert_eq!(read(Value::Bytes(vec![0xff])), Undecodable);
    assert_eq!(read(Value::Text("x".repeat(MAX_CONTENT + 1))), TooLong);
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 8 * MAX_CONTENT]).unwrap();
    assert_eq!(read(Value::Bytes(bomb.finish().unwrap())), TooLong);
    let no_id = Message::read(&data(Value::Void, Value::Void));
    assert_eq!(no_id, Err(NoId));
    let no_topic = Message::read(&Frame::new(FrameType::Send).with("id", Value::Byte(7))).unwrap();
    assert_eq!((no_topic.id, no_topic.content), (7, Err(NoTopic)));
}

#[test]
fn dates_of_dotnet_peers_are_read() {
    let at = "2013-10-05T02:55:58Z".parse::<Timestamp>().unwrap();
    assert_eq!(time(at.as_millisecond()), Some(at));
    assert_eq!(time(TICKS_AT_1970 + at.as_millisecond() * 10_000), Some(at));
    assert_eq!(time(i64::MIN), None);
}
