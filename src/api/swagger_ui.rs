//! Swagger UI: the document to read and to try out. No key needed.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::Redirect;
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::ApiState;

/// The page links it last. A route of its own goes before the one for all of Swagger UI's files.
const STYLE: &str = include_str!("swagger_ui/index.css");

pub(super) fn routes() -> Router<ApiState> {
    let config = Config::from("/openapi.json")
        // Each operation shows the schemas that it uses; a list of all of them helps nobody.
        .default_models_expand_depth(-1)
        // A schema opens with the descriptions of its properties.
        .default_model_expand_depth(2)
        .try_it_out_enabled(true)
        .persist_authorization(true)
        .display_request_duration(true);
    let style = ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE);
    Router::new()
        .route("/", get(|| async { Redirect::to("/swagger-ui/") }))
        .route("/swagger-ui/index.css", get(move || async move { style }))
        .merge(SwaggerUi::new("/swagger-ui").config(config))
}
