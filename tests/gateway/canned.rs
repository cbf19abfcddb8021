//! A gateway whose upstream returns canned responses: the bodies as they are on the wire.

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::{any, body_string_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::World;

pub(crate) const DETAIL: &str = "alitrip.flight.service.queryorderdetail";
pub(crate) const SEARCH: &str = "alitrip.flight.service.search";

/// The gateway, and the server that replaces TOP.
pub(crate) struct Canned {
    pub(crate) world: World,
    top: MockServer,
}

impl Canned {
    /// Calls of methods that are not listed get HTTP 404.
    pub(crate) async fn start(answers: &[(&str, &[u8])]) -> Self {
        let top = MockServer::start().await;
        for (method, body) in answers {
            let mock = Mock::given(body_string_contains(format!("method={method}&")));
            mock.respond_with(json(*body)).mount(&top).await;
        }
        Self::on(top).await
    }

    /// Returns these pages for one method.
    pub(crate) async fn pages(method: &str, pages: &[Value]) -> Self {
        let top = MockServer::start().await;
        for (page, number) in pages.iter().zip(1..) {
            let number = format!("page_index%22%3A{number}%2C");
            let mock = Mock::given(body_string_contains(format!("method={method}&")));
            let mock = mock.and(body_string_contains(number));
            mock.respond_with(json(page.to_string())).mount(&top).await;
        }
        Self::on(top).await
    }

    async fn on(top: MockServer) -> Self {
        let silent = ResponseTemplate::new(404);
        let others = Mock::given(any()).respond_with(silent).with_priority(250);
        others.mount(&top).await;
        let world = World::on(top.uri(), &[], CancellationToken::new()).await;
        Self { world, top }
    }

    /// Waits until exactly this many calls of the method have arrived.
    pub(crate) async fn until_called(&self, method: &str, count: usize) {
        let limit = tokio::time::Instant::now() + Duration::from_secs(20);
        while self.calls(method).await < count {
            assert!(tokio::time::Instant::now() < limit, "no {method}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(self.calls(method).await, count, "{method}");
    }

    /// The number of calls of this method.
    pub(crate) async fn calls(&self, method: &str) -> usize {
        let marker = format!("method={method}&");
        let calls = self.top.received_requests().await.unwrap();
        let bodies = calls.iter().map(|call| String::from_utf8_lossy(&call.body));
        bodies.filter(|body| body.contains(&marker)).count()
    }
}

fn json(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/javascript")
}
