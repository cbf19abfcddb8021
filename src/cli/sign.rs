//! `sign`.

use secrecy::SecretString;

use super::{Failure, SignArgs, print};
use crate::top::sign::{SignMethod, base_string, sign, verify};

const SECRET_VARIABLE: &str = "TOP_APP_SECRET";
const MASK: &str = "***";

pub(super) fn run(args: &SignArgs) -> Result<(), Failure> {
    let secret = secret(args)?;
    let mut params = args.params.clone();
    if let Some(form) = &args.form {
        params.extend(form_urlencoded::parse(form.as_bytes()).into_owned());
    }
    if params.is_empty() {
        return Err(Failure::Usage(
            "no parameters to sign; add them with --param or --form".to_owned(),
        ));
    }
    print(&report(&secret, args.sign_method, &params)?)
}

fn secret(args: &SignArgs) -> Result<SecretString, Failure> {
    let text = match &args.secret_file {
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            Failure::Usage(format!("cannot read {}: {}", file.display(), error.kind()))
        })?,
        None => std::env::var(SECRET_VARIABLE).map_err(|_| {
            Failure::Usage(format!(
                "no app secret; name a file with --secret-file or set {SECRET_VARIABLE}"
            ))
        })?,
    };
    match text.trim() {
        "" => Err(Failure::Usage("the secret is empty".to_owned())),
        secret => Ok(SecretString::from(secret)),
    }
}

fn report(
    secret: &SecretString,
    method: Option<SignMethod>,
    params: &[(String, String)],
) -> Result<String, Failure> {
    let param = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, v)| v);
    let named = param("sign_method");
    let method = match (method, named) {
        (Some(method), _) => method,
        (None, Some(word)) => {
            word.parse()
                .map_err(|error: crate::top::sign::UnknownSignMethod| {
                    Failure::Usage(error.to_string())
                })?
        }
        (None, None) => SignMethod::default(),
    };
    let pairs = || params.iter().map(|(name, value)| (&**name, &**value));
    let base = base_string(pairs());
    let shown = base_string(pairs().map(|(name, value)| match name {
        "session" => (name, MASK),
        _ => (name, value),
    }));
    let signature = sign(method, secret, &base);

    let shown = match method {
        SignMethod::Md5 => format!("MD5({MASK}{shown}{MASK})"),
        SignMethod::Hmac => format!("HMAC-MD5(key {MASK}, {shown})"),
        SignMethod::HmacSha256 => format!("HMAC-SHA-256(key {MASK}, {shown})"),
    };
    let mut report =
        format!("sign_method  {method}\nsigned       {shown}\nsign         {signature}\n");
    if let Some(given) = param("sign") {
        let verdict = if verify(method, secret, &base, given) {
            "matches"
        } else {
            "differs"
        };
        report.push_str(&format!("given        {given} {verdict}\n"));
    }
    match named {
        None => report.push_str(
            "note         the parameter `sign_method` is missing; TOP requires it, signed\n",
        ),
        Some(word) if *word != method.to_string() => report.push_str(
            "note         the parameter `sign_method` has another value; TOP uses that value\n",
        ),
        Some(_) => {}
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_signature_is_real_and_the_secrets_are_masked() {
        // The sample from TOP's documentation of signing.
        let given = params(&[
            ("method", "taobao.item.seller.get"),
            ("app_key", "12345678"),
            ("session", "test"),
            ("timestamp", "2016-01-01 12:00:00"),
            ("format", "json"),
            ("v", "2.0"),
            ("sign_method", "md5"),
            ("fields", "num_iid,title,nick,price,num"),
            ("num_iid", "11223344"),
            ("sign", "66987CB115214E59E6EC978214934FB8"),
        ]);
        let report = report(&SecretString::from("helloworld"), None, &given).unwrap();
        assert!(
            report.contains("66987CB115214E59E6EC978214934FB8 matches"),
            "{report}"
        );
        assert!(report.contains("MD5(***app_key12345678"), "{report}");
        assert!(report.contains("session***sign_method"), "{report}");
        assert!(!report.contains("helloworld"), "{report}");
    }

    #[test]
    fn a_missing_or_different_sign_method_parameter_is_reported() {
        let secret = SecretString::from("x");
        let without = report(&secret, None, &params(&[("v", "2.0")])).unwrap();
        assert!(without.contains("`sign_method` is missing"));
        let other = params(&[("sign_method", "md5"), ("sign", "0")]);
        let other = report(&secret, Some(SignMethod::Hmac), &other).unwrap();
        assert!(
            other.contains("has another value") && other.contains("differs"),
            "{other}"
        );
    }
}
