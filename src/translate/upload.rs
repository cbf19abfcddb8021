//! `alitrip.flight.service.upload`.

use super::{Context, Unreadable, required};
use crate::domain::ids::OrderId;
use crate::top::wire;

/// A file stored at Fliggy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// Identifies the file in an application.
    pub file_id: String,
    /// Its address, if reported.
    pub url: Option<String>,
}

/// The text parameters sent with the file.
#[must_use]
pub fn texts(file_name: &str, order_id: Option<OrderId>) -> Vec<(String, String)> {
    let mut texts = vec![("file_name".to_owned(), file_name.to_owned())];
    texts.extend(order_id.map(|id| ("order_id".to_owned(), id.to_string())));
    texts
}

/// The stored file.
///
/// # Errors
/// The response has no file id, so the file could not be referenced.
pub fn answer(
    answer: wire::UploadResponse,
    _context: &Context<'_>,
) -> Result<Uploaded, Unreadable> {
    Ok(Uploaded {
        file_id: required(answer.file_id, "file_id")?,
        url: answer.uploaded_file_url.lossy(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::method::Method;
    use crate::translate::samples;

    #[test]
    fn the_request_equals_the_sample() {
        let mut sample = samples::json::<wire::Upload>("request");
        // The sample contains the file as base64; it is sent as a separate part.
        let file = sample.as_object_mut().unwrap().remove(wire::Upload::PARAM);
        assert!(file.is_some());
        let texts = texts("proof.jpg", OrderId::new(1_234_125_412));
        assert_eq!(texts.len(), sample.as_object().unwrap().len());
        for (name, text) in texts {
            let expected = &sample[&name];
            let expected = expected
                .as_str()
                .map_or_else(|| expected.to_string(), str::to_owned);
            assert_eq!(text, expected, "{name}");
        }
    }

    #[test]
    fn a_file_need_not_belong_to_an_order() {
        assert_eq!(
            texts("a.png", None),
            [("file_name".to_owned(), "a.png".to_owned())]
        );
    }

    #[test]
    fn the_sample_is_read_as_an_uploaded_file() {
        let uploaded = answer(samples::answer::<wire::Upload>(), &samples::context()).unwrap();
        assert_eq!(uploaded.file_id, "FILE-TEST-0001");
        assert_eq!(
            uploaded.url.as_deref(),
            Some("https://img.example.com/proof.jpg")
        );
    }

    #[test]
    fn a_file_without_an_id_is_unreadable() {
        let error = answer(wire::UploadResponse::default(), &samples::context()).unwrap_err();
        assert_eq!(error.field, "file_id");
    }
}
