//! Swagger UI, to read and try out the API. No key is required.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::Redirect;
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::ApiState;

/// The style sheet that the page links last. Its own route takes precedence over Swagger UI's files.
const STYLE: &str = include_str!("swagger_ui/index.css");

pub(super) fn routes() -> Router<ApiState> {
    let config = Config::from("/openapi.json")
        // Hides the list of all schemas: each operation shows those that it uses.
        .default_models_expand_depth(-1)
        // Expands a schema so far that the descriptions of its properties are visible.
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
