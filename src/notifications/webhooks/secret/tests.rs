use proptest::prelude::*;

use super::*;

const VECTORS: &str = include_str!("../../../../tests/vectors/webhooks/signatures.json");

#[derive(Deserialize)]
struct Vector {
    name: String,
    secrets: Vec<String>,
    id: String,
    timestamp: i64,
    body: String,
    signature: String,
}

fn secrets(texts: &[String]) -> Secrets {
    let mut secrets = texts
        .iter()
        .map(|text| EndpointSecret::parse(text).unwrap());
    Secrets {
        current: secrets.next().unwrap(),
        previous: secrets
            .map(|secret| Previous {
                secret,
                until: i64::MAX,
            })
            .collect(),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn signatures_match_the_vectors() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() >= 5);
    for vector in vectors {
        let message = secrets(&vector.secrets).sign(
            at(vector.timestamp),
            vector.id.clone(),
            vector.body.into(),
        );
        assert_eq!(message.signature, vector.signature, "{}", vector.name);
        assert_eq!(message.timestamp, vector.timestamp);
        assert!(!format!("{message:?}").contains("v1,"));
    }
}

#[test]
fn a_secret_is_24_to_64_bytes_of_base64() {
    let text = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
    for length in [24, 25, 32, 64] {
        let secret = EndpointSecret::parse(&text(length)).unwrap();
        assert_eq!(secret.text().expose_secret(), text(length));
    }
    let good = text(25);
    for bad in [
        "",
        "whsec_",
        &text(23),
        &text(65),
        &good[6..],
        good.trim_end_matches('='),
        &good.replace('H', "*"),
        &format!("{good} "),
    ] {
        assert_eq!(EndpointSecret::parse(bad).err(), Some(NotSecret), "{bad}");
    }
}

#[test]
fn generated_secrets_differ_and_are_not_shown() {
    let secrets = Secrets::new().unwrap();
    let text = secrets.current().text();
    let text = text.expose_secret();
    assert_eq!(text.len(), PREFIX.len() + 32);
    assert_ne!(
        text,
        Secrets::new().unwrap().current().text().expose_secret()
    );
    let shown = format!("{secrets:?}");
    assert!(!shown.contains(&text[PREFIX.len()..]) && shown.contains("REDACTED"));
}

#[test]
fn rotated_secrets_overlap() {
    let hour = Duration::from_hours(1);
    let mut secrets = Secrets::new().unwrap();
    let texts = |secrets: &Secrets, now| -> Vec<String> {
        let texts = secrets.in_force(at(now)).map(EndpointSecret::text);
        texts.map(|text| text.expose_secret().to_owned()).collect()
    };
    let first = texts(&secrets, 0).remove(0);
    secrets.rotate(at(1000), hour).unwrap();
    let second = texts(&secrets, 1000).remove(0);
    assert_eq!(texts(&secrets, 1000), [second.clone(), first.clone()]);
    assert_eq!(texts(&secrets, 4599), [second, first]);
    assert_eq!(texts(&secrets, 4600).len(), 1);
    let message = secrets.sign(at(4599), "id".to_owned(), Bytes::new());
    assert_eq!(message.signature.split(' ').count(), 2);

    // Both have not ended yet.
    secrets.rotate(at(2000), hour).unwrap();
    secrets.rotate(at(3000), hour).unwrap();
    assert_eq!(texts(&secrets, 3000).len(), 4);
    let before = texts(&secrets, 3000);
    let refused = secrets.rotate(at(4599), hour).unwrap_err();
    assert_eq!(refused, RotateError::TooMany { until: at(4600) });
    let shown = refused.to_string();
    assert!(
        shown.contains("4 secrets") && shown.contains("1970-01-01T09:16:40.000+08:00"),
        "{shown}"
    );
    assert_eq!(texts(&secrets, 3000), before);
    secrets.rotate(at(4600), hour).unwrap();
    assert_eq!(texts(&secrets, 4600).len(), 4);
    assert_eq!(secrets.previous.len(), 3, "the ended one is removed");

    // A leaked secret is replaced at once.
    secrets.rotate(at(4601), Duration::ZERO).unwrap();
    assert_eq!(texts(&secrets, 4601).len(), 1);
    assert!(secrets.previous.is_empty());
}

#[test]
fn secrets_are_sealed_for_one_webhook_and_one_key() {
    let keys = SealKeys::new(&[1; 32], None);
    let [id, other] = [
        "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71",
        "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b72",
    ]
    .map(|id| id.parse().unwrap());
    let mut secrets = Secrets::new().unwrap();
    secrets.rotate(at(1000), Duration::from_hours(1)).unwrap();
    let sealed = secrets.sealed(&keys, id).unwrap();
    let texts = |secrets: &Secrets| -> Vec<String> {
        let in_force = secrets.in_force(at(2000));
        in_force
            .map(|secret| secret.text().expose_secret().to_owned())
            .collect()
    };
    let (opened, by_previous) = Secrets::opened(&sealed, &keys, id).unwrap();
    assert_eq!(texts(&opened), texts(&secrets));
    assert!(texts(&opened).len() == 2 && !by_previous);
    assert_eq!(
        Secrets::opened(&sealed, &keys, other).err(),
        Some(OpenError::WrongKey)
    );
    let later = SealKeys::new(&[2; 32], Some(&[1; 32]));
    assert!(Secrets::opened(&sealed, &later, id).unwrap().1);
    let unreadable = keys
        .seal(
            br#"{"current":"whsec_AAAA","previous":[]}"#,
            id.uuid().as_bytes(),
        )
        .unwrap();
    assert_eq!(
        Secrets::opened(&unreadable, &keys, id).err(),
        Some(OpenError::Malformed)
    );
}

proptest! {
    /// Uses the reference library, whose tolerance of the timestamp needs the time of day.
    #[test]
    fn the_reference_library_verifies_our_signatures(
        keys in prop::collection::vec(prop::collection::vec(any::<u8>(), 24..=64), 1..=4),
        verifier in any::<prop::sample::Index>(),
        id in "evt_[0-9a-f]{32}",
        body in ".*",
    ) {
        let texts: Vec<_> = keys.iter().map(|key| format!("whsec_{}", STANDARD.encode(key))).collect();
        let now = crate::clock::SystemClock::shared().wall();
        let message = secrets(&texts).sign(now, id, body.into());
        let headers: http::HeaderMap = [
            ("webhook-id", message.id.clone()),
            ("webhook-timestamp", message.timestamp.to_string()),
            ("webhook-signature", message.signature.clone()),
        ]
        .into_iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
        let reference = standardwebhooks::Webhook::new(verifier.get::<String>(&texts)).unwrap();
        prop_assert!(reference.verify(&message.body, &headers).is_ok());
        let mut altered = message.body.to_vec();
        altered.push(b' ');
        prop_assert!(reference.verify(&altered, &headers).is_err());
    }
}
