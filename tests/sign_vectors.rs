//! Checks the signature against every published, measured and constructed vector in
//! `tests/vectors/sign`.

use std::collections::HashMap;
use std::path::Path;

use fliggy_gateway::top::sign::{SignMethod, base_string, sign, verify};
use secrecy::SecretString;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    #[expect(dead_code, reason = "the origin of the vector, for readers")]
    origin: String,
    method: SignMethod,
    secret: String,
    /// The parameters, unordered; absent if the signed text is not a list of parameters.
    params: Option<HashMap<String, String>>,
    base: String,
    expected: String,
}

#[test]
fn every_vector_is_reproduced() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/sign");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let vector: Vector = serde_json::from_str(&text).unwrap();
        if let Some(params) = &vector.params {
            let pairs = params.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            assert_eq!(base_string(pairs), vector.base, "{}", path.display());
        }
        let secret = SecretString::from(vector.secret);
        let signature = sign(vector.method, &secret, &vector.base);
        assert_eq!(signature, vector.expected, "{}", path.display());
        assert!(verify(
            vector.method,
            &secret,
            &vector.base,
            &vector.expected
        ));
        seen += 1;
    }
    assert!(seen >= 19, "only {seen} vectors were found");
}
