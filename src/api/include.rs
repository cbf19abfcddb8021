//! `?include=upstream`: upstream's own fields beside ours.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::top::client::ReadOptions;

/// What else to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Included {
    /// Upstream's own object, under its own names.
    Upstream,
}

/// The query of reads that can show upstream's fields.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Include {
    /// `upstream` adds upstream's own object under its own names.
    #[serde(default)]
    #[param(required = false, inline, nullable = false)]
    include: Option<Included>,
}

impl Include {
    /// Whether upstream's object is wanted.
    #[must_use]
    pub fn upstream(self) -> bool {
        self.include == Some(Included::Upstream)
    }

    /// How a caller's read is to be made.
    #[must_use]
    pub fn options(self) -> ReadOptions<'static> {
        ReadOptions {
            keep_upstream: self.upstream(),
            ..ReadOptions::CALLER
        }
    }
}
