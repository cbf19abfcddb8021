use super::*;

fn list(entries: &[&str]) -> AllowList {
    AllowList::parse(entries.iter().copied()).unwrap()
}

fn check(url: &str, entries: &[&str]) -> Result<(), NotAllowed> {
    parse_url(url, &list(entries)).map(|_| ())
}

#[test]
fn urls_are_checked_before_any_name_is_resolved() {
    use NotAllowed::{Credentials, Fragment, NotUrl, PlainHttp, Private, Reserved, Scheme};
    let network: &[&str] = &["10.0.0.0/8"];
    let host: &[&str] = &["apps.internal", "*.corp.example"];
    let loopback: &[&str] = &["127.0.0.0/8", "::1/128", "localhost"];
    let everything: &[&str] = &["0.0.0.0/0", "::/0"];
    for (url, entries, expected) in [
        ("https://apps.example.com/hooks?a=b", &[][..], Ok(())),
        ("https://apps.example.com:8443/", &[], Ok(())),
        ("https://apps.example.com./", &[], Ok(())),
        ("https://8.8.8.8/", &[], Ok(())),
        ("https://[2400:3200::1]/", &[], Ok(())),
        // A private name may be listed or not; its addresses are checked when the connection is opened.
        ("https://localhost/", &[], Ok(())),
        ("apps.example.com/hooks", &[], Err(NotUrl)),
        ("/hooks", &[], Err(NotUrl)),
        ("https://", &[], Err(NotUrl)),
        ("https://./", &[], Err(NotUrl)),
        ("https://[::1", &[], Err(NotUrl)),
        ("https://[fe80::1%25eth0]/", &[], Err(NotUrl)),
        ("ftp://apps.example.com/", everything, Err(Scheme)),
        ("file:///etc/passwd", everything, Err(Scheme)),
        ("unix:/run/docker.sock", everything, Err(Scheme)),
        ("https://user@apps.example.com/", &[], Err(Credentials)),
        ("https://:pass@apps.example.com/", &[], Err(Credentials)),
        ("https://8.8.8.8@10.0.0.1/", network, Err(Credentials)),
        ("https://apps.example.com/#top", &[], Err(Fragment)),
        // http
        ("http://apps.example.com/", &[], Err(PlainHttp)),
        ("http://apps.example.com/", host, Err(PlainHttp)),
        ("http://apps.example.com/", network, Ok(())),
        ("http://apps.internal/", host, Ok(())),
        ("http://APPS.internal./", host, Ok(())),
        ("http://a.b.corp.example/", host, Ok(())),
        ("http://corp.example/", host, Err(PlainHttp)),
        ("http://xcorp.example/", host, Err(PlainHttp)),
        ("http://apps.internal.evil.example/", host, Err(PlainHttp)),
        ("http://8.8.8.8/", network, Err(PlainHttp)),
        ("http://8.8.8.8/", &["8.8.8.8"], Ok(())),
        // IP addresses
        ("https://10.1.2.3/", &[], Err(Private)),
        ("https://10.1.2.3/", network, Ok(())),
        ("http://10.1.2.3/", network, Ok(())),
        ("https://192.168.0.1/", network, Err(Private)),
        ("https://[fd00::1]/", &["fd00::/8"], Ok(())),
        ("https://[::ffff:10.1.2.3]/", &[], Err(Private)),
        ("https://[::ffff:10.1.2.3]/", network, Ok(())),
        (
            "https://[::ffff:169.254.169.254]/",
            everything,
            Err(Reserved),
        ),
        ("http://127.0.0.1:8080/", loopback, Ok(())),
        ("http://[::1]:8080/", loopback, Ok(())),
        ("http://127.0.0.1/", &["localhost"], Err(Private)),
        ("http://169.254.169.254/latest", everything, Err(Reserved)),
        ("https://100.100.100.200/", everything, Err(Reserved)),
        ("https://[fd00:ec2::254]/", everything, Err(Reserved)),
        ("https://0/", everything, Err(Reserved)),
        ("https://[::]/", everything, Err(Reserved)),
        // Other spellings of 127.0.0.1
        ("https://2130706433/", network, Err(Private)),
        ("https://0x7f.1/", network, Err(Private)),
        ("https://0177.0.0.1/", network, Err(Private)),
        ("https://127.0.0.1./", network, Err(Private)),
        ("https://①②⑦.0.0.1/", network, Err(Private)),
    ] {
        assert_eq!(check(url, entries), expected, "{url} {entries:?}");
    }
}

#[test]
fn long_urls_are_refused() {
    let url = |length: usize| {
        let start = "https://apps.example.com/";
        format!("{start}{}", "a".repeat(length - start.len()))
    };
    assert_eq!(check(&url(2048), &[]), Ok(()));
    assert_eq!(check(&url(2049), &[]), Err(NotAllowed::TooLong));
    // Each `ä` is percent-encoded as six characters.
    let long = format!("https://apps.example.com/{}", "ä".repeat(400));
    assert_eq!(check(&long, &[]), Err(NotAllowed::TooLong));
}

#[test]
fn addresses_of_names_are_checked_at_connect() {
    let entries = ["10.0.0.0/8", "8.8.8.0/24", "127.0.0.1"];
    // The four answers: https, https and the name is listed, http, http and the name is listed.
    for (ip, entries, expected) in [
        ("1.1.1.1", &[][..], [true, true, false, true]),
        ("1.1.1.1", &entries, [true, true, false, true]),
        ("8.8.8.8", &entries, [true; 4]),
        ("10.1.2.3", &[], [false, true, false, true]),
        ("10.1.2.3", &entries, [true; 4]),
        ("172.16.0.1", &entries, [false, true, false, true]),
        ("::ffff:10.1.2.3", &entries, [true; 4]),
        ("127.0.0.1", &[], [false; 4]),
        ("127.0.0.1", &entries, [true; 4]),
        ("::ffff:127.0.0.1", &entries, [true; 4]),
        ("127.0.0.2", &entries, [false; 4]),
        ("::1", &entries, [false; 4]),
        ("::1", &["::1"], [true; 4]),
        ("169.254.169.254", &["0.0.0.0/0"], [false; 4]),
        ("64:ff9b::a00:1", &["::/0"], [false; 4]),
        ("2002:a00:1::1", &["::/0"], [false; 4]),
    ] {
        let allow = list(entries);
        let ip = ip.parse().unwrap();
        let found = [(false, false), (true, false), (false, true), (true, true)]
            .map(|(listed, plain_http)| allow.allows_ip(ip, listed, plain_http));
        assert_eq!(found, expected, "{ip} {entries:?}");
    }
}

#[test]
fn entries_are_networks_names_and_suffixes() {
    for (text, shown) in [
        ("10.0.0.0/8", "10.0.0.0/8"),
        (" 10.1.2.3 ", "10.1.2.3/32"),
        ("::1", "::1/128"),
        ("FD00::/8", "fd00::/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("Apps.Internal.", "apps.internal"),
        ("localhost", "localhost"),
        ("my_app", "my_app"),
        ("*.Corp.Example", "*.corp.example"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        let allow = list(&[text]);
        assert_eq!(
            serde_json::to_value(&allow).unwrap(),
            serde_json::json!([shown])
        );
        assert_eq!(list(&[shown]), allow, "{text}");
    }
    for (text, problem) in [
        ("", ""),
        ("*", ""),
        ("*.", ""),
        ("a.*.example", ""),
        ("*example", ""),
        ("apps..internal", ""),
        ("https://apps.internal", ""),
        ("apps.internal:8080", ""),
        ("apps.internal/hooks", ""),
        ("10.0.0.0/33", ""),
        ("10.0.0", ""),
        ("127.1", ""),
        ("10.0.0.1/8", "bits after its prefix"),
        ("::ffff:10.0.0.0/104", "without `::ffff:`"),
        ("169.254.0.0/16", "can never be a target"),
        ("fe80::/10", "can never be a target"),
    ] {
        let error = AllowList::parse(["localhost", text]).unwrap_err();
        assert_eq!(error.number, 2, "{text}");
        let shown = error.to_string();
        assert!(shown.contains(problem), "{text}: {shown}");
        assert!(shown.contains("\"10.0.0.0/8\""), "{shown}");
    }
}
