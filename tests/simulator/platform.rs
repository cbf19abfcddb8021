//! Calls of the platform's methods and of the OAuth pages.

use reqwest::{Response, Url};
use serde_json::{Value, json};

use crate::client::{Top, json_of, now_wire};

/// Where the app waits for the code.
pub(crate) const CALLBACK: &str = "http://app.example/callback";

impl Top {
    /// The parameters of a platform method without a session; times are as far ahead as the simulator's clock.
    pub(crate) fn platform_params(
        &self,
        method: &str,
        given: &[(&str, &str)],
        minutes_ahead: i64,
    ) -> crate::client::Params {
        let mut params = self.params("pay", "x", &Value::Null);
        params.remove("session");
        params.remove("x");
        params.insert("method".to_owned(), format!("taobao.{method}"));
        params.insert("timestamp".to_owned(), now_wire(minutes_ahead));
        let given = given.iter();
        params.extend(given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.signed(params)
    }

    pub(crate) async fn platform_raw(
        &self,
        method: &str,
        given: &[(&str, &str)],
    ) -> reqwest::Result<Response> {
        self.send(&self.platform_params(method, given, 0)).await
    }

    /// The content of the root, or of the `error_response`.
    pub(crate) async fn platform(&self, method: &str, given: &[(&str, &str)]) -> Value {
        let body = json_of(self.platform_raw(method, given).await.unwrap()).await;
        let (root, content) = body.as_object().unwrap().iter().next().unwrap();
        let expected = format!("{}_response", method.replace('.', "_"));
        assert!(root == "error_response" || *root == expected, "{body}");
        assert!(content["request_id"].is_string(), "{body}");
        content.clone()
    }

    /// Sends the form of the authorisation page.
    pub(crate) async fn decide(&self, given: &[(&str, &str)]) -> Response {
        let request = self.http.post(format!("{}/authorize", self.base));
        request.form(given).send().await.unwrap()
    }

    /// The code that a user's authorisation leads to.
    pub(crate) async fn code(&self, user: &str) -> String {
        let response = self
            .decide(&[
                ("response_type", "code"),
                ("client_id", "12345678"),
                ("redirect_uri", CALLBACK),
                ("user", user),
                ("decision", "authorise"),
            ])
            .await;
        assert_eq!(response.status(), 302);
        query(&location(&response), "code").unwrap()
    }

    /// The token answer of `taobao.top.auth.token.create` for a new code of this user.
    pub(crate) async fn token_of(&self, user: &str) -> Value {
        let code = self.code(user).await;
        let answer = self
            .platform("top.auth.token.create", &[("code", &code)])
            .await;
        serde_json::from_str(answer["token_result"].as_str().unwrap()).unwrap()
    }

    /// Sends a form to `/token` with the app's own credentials.
    pub(crate) async fn token(&self, given: &[(&str, &str)]) -> Response {
        let mut form = vec![
            ("client_id", "12345678"),
            ("client_secret", "sandbox-secret"),
        ];
        form.retain(|(name, _)| !given.iter().any(|(other, _)| other == name));
        form.extend(given);
        let request = self.http.post(format!("{}/token", self.base));
        request.form(&form).send().await.unwrap()
    }

    /// The answer to a lookup with this session: its content, or the error.
    pub(crate) async fn lookup_with(&self, session: &str) -> Value {
        let input = json!({"out_order_no": "SIM-KNOWN-ORDER"});
        let mut params = self.params("queryorderdetail", "query_order_detail_request", &input);
        params.insert("session".to_owned(), session.to_owned());
        let body = json_of(self.send(&self.signed(params)).await.unwrap()).await;
        let content = body.as_object().unwrap().values().next();
        content.unwrap().clone()
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Response {
        let request = self.http.put(format!("{}/_simulator/{path}", self.base));
        let request = request.header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap()
    }

    pub(crate) async fn post_control(&self, path: &str, body: &Value) -> Response {
        self.post(&format!("{}/_simulator/{path}", self.base), body)
            .await
    }
}

pub(crate) fn location(response: &Response) -> Url {
    let location = response.headers()["location"].to_str().unwrap();
    Url::parse(location).unwrap()
}

pub(crate) fn query(url: &Url, name: &str) -> Option<String> {
    let pair = url.query_pairs().find(|(found, _)| found == name);
    pair.map(|(_, value)| value.into_owned())
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}
