//! Reads the parameters of a call: query, form body and multipart, merged as TOP merges them.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Text parameters by name. These are signed.
pub(super) type Params = BTreeMap<String, String>;

/// A file part of a multipart body. It is not signed.
#[derive(Debug)]
pub(super) struct FilePart {
    /// Name of the parameter.
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// All parameters and files of a call.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) params: Params,
    pub(super) files: Vec<FilePart>,
}

/// Reads all parameters. If a name is in both query and body, the body's value applies.
pub(super) fn read(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Received {
    let mut received = Received::default();
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    add_form(&mut received.params, query.unwrap_or_default().as_bytes());
    match boundary(content_type) {
        Some(boundary) => add_multipart(&mut received, boundary, body),
        None => add_form(&mut received.params, body),
    }
    received
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

/// Parses standard multipart bodies and those of the official Java client, which begin with a line break and
/// have no space after `Content-Disposition:`.
fn add_multipart(received: &mut Received, boundary: &str, body: &[u8]) {
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
        let part = disposition(&head);
        let value_bytes = &value[..value_end];
        match part.name {
            Some(name) if part.is_file => received.files.push(FilePart {
                name: name.to_owned(),
                file_name: part.file_name.map(ToOwned::to_owned),
                bytes: value_bytes.to_vec(),
            }),
            Some(name) => {
                let text = String::from_utf8_lossy(value_bytes);
                received.params.insert(name.to_owned(), text.into_owned());
            }
            None => {}
        }
        rest = &value[value_end + 2..];
    }
}

/// The `Content-Disposition` of a part.
#[derive(Default)]
struct Disposition<'a> {
    name: Option<&'a str>,
    file_name: Option<&'a str>,
    is_file: bool,
}

fn disposition(head: &str) -> Disposition<'_> {
    let named = |line: &str| {
        line.get(..20)
            .is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:"))
    };
    let mut part = Disposition::default();
    let Some(line) = head.lines().find(|line| named(line)) else {
        return part;
    };
    for word in line.split(';').map(str::trim) {
        if let Some(value) = word.strip_prefix("name=") {
            part.name = Some(value.trim_matches('"'));
        }
        if let Some(value) = word.strip_prefix("filename=") {
            part.file_name = Some(value.trim_matches('"'));
        }
        // `filename*=` is the form for names that are not ASCII.
        part.is_file |= word.starts_with("filename");
    }
    part
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
        )
        .params;
        assert_eq!(params["method"], "a");
        assert_eq!(params["nick"], "测 A+B");
        assert_eq!(params["v"], "2.1");
    }

    #[test]
    fn text_parts_become_parameters_and_file_parts_become_files() {
        let mut headers = HeaderMap::new();
        let content_type = "multipart/form-data;charset=UTF-8;boundary=xyz";
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let body = "\r\n--xyz\r\nContent-Disposition:form-data;name=\"title\"\r\nContent-Type:text/plain\r\n\r\n图 1\r\n\
                    --xyz\r\nContent-Disposition: form-data; name=\"img\"; filename=\"ok.png\"\r\n\r\n\u{1}\u{2}\r\n--xyz--\r\n";
        let received = read(None, &headers, body.as_bytes());
        assert_eq!(received.params.len(), 1);
        assert_eq!(received.params["title"], "图 1");
        let file = &received.files[0];
        assert_eq!(
            (file.name.as_str(), file.bytes.as_slice()),
            ("img", &[1, 2][..])
        );
        assert_eq!(file.file_name.as_deref(), Some("ok.png"));
    }
}
