use super::*;
use crate::domain::notice::News;

const TRADE: &str = r#"{"id":"m-1","order_no":"1234125412","type":"1"}"#;

fn name(text: &str) -> AccountName {
    text.parse().unwrap()
}

fn message(topic: &str, content: &str, user_id: Option<i64>) -> Message {
    Message {
        id: 7,
        topic: topic.to_owned(),
        content: Ok(content.to_owned().into()),
        user_id,
        published_at: None,
        retried: None,
    }
}

fn prepared(message: Message, accounts: &Accounts) -> NewMessage {
    prepare(
        message,
        accounts,
        &HashKey::new([7; 32]),
        Timestamp::UNIX_EPOCH,
    )
}

fn quarantine(message: &NewMessage) -> (QuarantineReason, Option<&str>, &[String]) {
    match &message.content {
        Content::Quarantined {
            id,
            reason,
            members,
            ..
        } => (*reason, id.as_deref(), members),
        Content::Notice { .. } => panic!("not quarantined: {message:?}"),
    }
}

#[test]
fn the_account_of_a_message_follows_from_its_user() {
    let one = Accounts::new([(name("only"), None)]);
    let one_with_id = Accounts::new([(name("only"), Some(1))]);
    let two = Accounts::new([(name("a"), Some(1)), (name("b"), Some(2))]);
    let rest = Accounts::new([(name("a"), Some(1)), (name("rest"), None)]);
    let unclear = Accounts::new([(name("a"), None), (name("b"), None)]);
    for (accounts, user_id, account) in [
        (&one, None, Some("only")),
        (&one, Some(9), Some("only")),
        (&one_with_id, None, Some("only")),
        (&one_with_id, Some(1), Some("only")),
        (&one_with_id, Some(9), None),
        (&two, Some(2), Some("b")),
        (&two, Some(9), None),
        (&two, None, None),
        (&rest, Some(1), Some("a")),
        (&rest, Some(9), None),
        (&rest, None, None),
        (&unclear, Some(1), None),
    ] {
        let found = accounts.of(user_id).map(ToString::to_string);
        assert_eq!(found.as_deref(), account, "{accounts:?} {user_id:?}");
    }
}

#[test]
fn a_known_message_is_read() {
    let accounts = Accounts::new([(name("only"), None)]);
    let message = prepared(
        message("alitrip_flight_TradeNotify", TRADE, None),
        &accounts,
    );
    let Content::Notice { account, notice } = message.content else {
        panic!("quarantined");
    };
    assert_eq!(account, name("only"));
    assert_eq!((&*notice.id, notice.news), ("m-1", News::OrderPaid));
}

#[test]
fn what_cannot_be_used_is_quarantined_without_its_values() {
    let accounts = Accounts::new([(name("a"), Some(1)), (name("b"), Some(2))]);
    let unknown = r#"{"buyer_nick":"张三","oid":1,"list":[],"ok":true,"x":null,"o":{},"13800138000":1,"张三":1}"#;
    let message_of =
        |topic: &str, content: &str| prepared(message(topic, content, Some(1)), &accounts);

    let stored = message_of("taobao_trade_TradeCreate", unknown);
    let (reason, id, members) = quarantine(&stored);
    assert_eq!((reason, id), (QuarantineReason::UnknownTopic, None));
    assert_eq!(
        members,
        [
            "buyer_nick: text",
            "list: list",
            "o: object",
            "oid: number",
            "ok: boolean",
            "x: null"
        ]
    );
    assert!(!format!("{stored:?}").contains('张'));

    for content in ["", "{", "[]", "null", r#"{"id":"m-1"}"#] {
        let stored = message_of("alitrip_flight_TradeNotify", content);
        assert_eq!(
            quarantine(&stored).0,
            QuarantineReason::Unreadable,
            "{content}"
        );
    }
    let foreign = prepared(
        message("alitrip_flight_TradeNotify", TRADE, Some(9)),
        &accounts,
    );
    let (reason, id, _) = quarantine(&foreign);
    assert_eq!(
        (reason, id),
        (QuarantineReason::UnknownAccount, Some("m-1"))
    );
}

#[test]
fn the_same_unreadable_content_is_the_same_message() {
    let accounts = Accounts::default();
    let digest =
        |topic: &str, content: &str| prepared(message(topic, content, None), &accounts).digest;
    assert_eq!(digest("t", "x"), digest("t", "x"));
    assert_ne!(digest("t", "x"), digest("t", "y"));
    assert_ne!(digest("t", "x"), digest("u", "x"));
}
