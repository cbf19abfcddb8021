//! Reads the parameters of a call: query, form body and multipart, merged as TOP merges them.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Text parameters by name. File parts are left out: they are not signed, and no method here takes
/// one yet.
pub(super) type Params = BTreeMap<String, String>;

/// All text parameters. A name that stands in the query and in the body has the body's value.
pub(super) fn read(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Params {
    let mut params = Params::new();
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    add_form(&mut params, query.unwrap_or_default().as_bytes());
    match boundary(content_type) {
        Some(boundary) => add_multipart(&mut params, boundary, body),
        None => add_form(&mut params, body),
    }
    params
}

fn add_form(params: &mut Params, form: &[u8]) {
    for (name, value) in form_urlencoded::parse(form) {
        params.insert(name.into_owned(), value.into_owned());
    }
}

fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parts
        .find_map(|part| part.strip_prefix("boundary="))
        .map(|boundary| boundary.trim_matches('"'))
}

/// Takes standard multipart bodies and the official Java client's, which begin with a line break
/// and have no blank after `Content-Disposition:`.
fn add_multipart(params: &mut Params, boundary: &str, body: &[u8]) {
    let delimiter = format!("--{boundary}");
    let mut rest = body;
    while let Some(start) = position(rest, delimiter.as_bytes()) {
        rest = &rest[start + delimiter.len()..];
        let Some(part) = rest.strip_prefix(b"\r\n") else {
            return; // the closing delimiter
        };
        let Some(head_end) = position(part, b"\r\n\r\n") else {
            return;
        };
        let end_mark = format!("\r\n{delimiter}");
        let value = &part[head_end + 4..];
        let Some(value_end) = position(value, end_mark.as_bytes()) else {
            return;
        };
        let head = String::from_utf8_lossy(&part[..head_end]);
        let (name, is_file) = disposition(&head);
        if let (Some(name), false) = (name, is_file) {
            let text = String::from_utf8_lossy(&value[..value_end]);
            params.insert(name.to_owned(), text.into_owned());
        }
        rest = &value[value_end + 2..];
    }
}

fn disposition(head: &str) -> (Option<&str>, bool) {
    let named = |line: &str| {
        line.get(..20)
            .is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:"))
    };
    let Some(line) = head.lines().find(|line| named(line)) else {
        return (None, false);
    };
    let mut name = None;
    let mut is_file = false;
    for part in line.split(';').map(str::trim) {
        if let Some(value) = part.strip_prefix("name=") {
            name = Some(value.trim_matches('"'));
        }
        is_file |= part.starts_with("filename");
    }
    (name, is_file)
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_and_form_are_merged() {
        let params = read(
            Some("method=a&v=2.0"),
            &HeaderMap::new(),
            "nick=%E6%B5%8B+A%2BB&v=2.1".as_bytes(),
        );
        assert_eq!(params["method"], "a");
        assert_eq!(params["nick"], "测 A+B");
        assert_eq!(params["v"], "2.1");
    }

    #[test]
    fn text_parts_are_parameters_and_file_parts_are_not() {
        let mut headers = HeaderMap::new();
        let content_type = "multipart/form-data;charset=UTF-8;boundary=xyz";
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let body = "\r\n--xyz\r\nContent-Disposition:form-data;name=\"title\"\r\nContent-Type:text/plain\r\n\r\n图 1\r\n\
                    --xyz\r\nContent-Disposition: form-data; name=\"img\"; filename=\"ok.png\"\r\n\r\n\u{1}\u{2}\r\n--xyz--\r\n";
        let params = read(None, &headers, body.as_bytes());
        assert_eq!(params.len(), 1);
        assert_eq!(params["title"], "图 1");
    }
}
