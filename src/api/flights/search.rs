//! `POST /v1/flights/search`

use std::collections::BTreeMap;

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::context::AccountContext;
use crate::api::extract::{Json, Query, sized};
use crate::api::include::Include;
use crate::api::outcome::{problem_of, violations};
use crate::api::problem::{API, BODY, Problem, READ, RESTRICTED};
use crate::domain::offer::{Offer, Supply};
use crate::domain::operation::{Cause, Failure};
use crate::domain::party::Party;
use crate::domain::search::{SearchAnswer, SearchJourney, SearchMode, SearchQuery, check};
use crate::domain::trip::CabinClass;
use crate::domain::violation::both;
use crate::problem_answers;
use crate::top::wire::Search;

/// What is searched for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(super::super::examples::search()))]
pub struct SearchRequest {
    /// The way there and, for a round trip, the way back.
    #[schema(min_items = 1, max_items = 2)]
    journeys: Vec<SearchJourney>,
    /// Which cabins; `any` if left out.
    #[serde(default)]
    #[schema(required = false)]
    cabin_class: CabinClass,
    /// Who travels, one adult if left out: at most nine in all, and no more infants than adults.
    /// Fares of children and of infants are asked for where there are any. With infants, Fliggy
    /// leaves out the offers that have no infant fare.
    #[serde(default)]
    #[schema(required = false)]
    party: Party,
    /// Fields that the gateway does not know, added to upstream's request object as they are. A name
    /// of a field that the gateway knows, in any case and with or without underscores, is 400.
    #[schema(value_type = Option<Object>, required = false)]
    extra: Option<Map<String, Value>>,
}

/// What a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResult<'a> {
    /// The offers in Fliggy's order; empty where there is no fare. One of them, unchanged, is part
    /// of a booking.
    items: &'a [Offer],
    /// What is worth knowing about this answer.
    notices: Vec<Notice>,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<&'a RawValue>,
}

/// What is worth knowing about an answer.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notice {
    /// What, for programs.
    code: NoticeCode,
    /// What, for people.
    message: String,
}

/// The kinds of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeCode {
    /// There is no fare.
    NoOffers,
    /// No self-operated shop (自营) is among the sellers.
    NoOwnShop,
    /// Offers without infant fares are left out.
    InfantsFilterOffers,
    /// Listing is slow and may time out.
    ListingIsSlow,
    /// Offers that could not be read are left out.
    OffersDropped,
}

impl NoticeCode {
    /// The seed's FAQ 4 to 6, in English.
    fn message(self) -> &'static str {
        match self {
            Self::NoOffers => {
                "Fliggy has no quote (无报价). Check that from and to are city codes and not airports, \
                 and that a certain flight is asked for by naming it in `flights`, not by listing."
            }
            Self::NoOwnShop => {
                "No self-operated shop (自营) is among the sellers. Which shops quote for this \
                 channel is configured by Fliggy's operations; ask them if offers are missing."
            }
            Self::InfantsFilterOffers => {
                "The party has infants, so offers that have no infant fare are left out. That is normal."
            }
            Self::ListingIsSlow => {
                "Listing all flights is slow and may time out. Where the flight is known, name it in \
                 `flights`."
            }
            Self::OffersDropped => {
                "Some offers lacked a field that a booking needs, or it could not be read; they are \
                 left out. `?include=upstream` shows them. Offers by Fliggy's name of the field:"
            }
        }
    }
}

problem_answers!(SearchProblems = API, RESTRICTED, BODY, READ);

/// Search flights and their fares
///
/// Lists all flights of a day between two cities, or quotes the flights that are named (faster).
/// Prices are yuan per passenger, and `party_total` is what the party pays in all. An offer with too few
/// seats for the party, or without a fare for everybody in it, is not `bookable`. Nothing is cached, but identical searches in flight share one
/// upstream call.
#[utoipa::path(
    post,
    path = "/v1/flights/search",
    operation_id = "search_flights",
    tag = "flights",
    params(Include, super::super::params::AccountHeader),
    request_body = SearchRequest,
    responses((status = 200, description = "The offers.", body = SearchResult, example = json!(super::super::examples::offers())), SearchProblems),
)]
pub async fn search_flights(
    context: AccountContext,
    Query(include): Query<Include>,
    Json(request): Json<SearchRequest>,
) -> Result<Response, Problem> {
    let query = SearchQuery {
        journeys: request.journeys,
        cabin_class: request.cabin_class,
        party: request.party,
    };
    let today = context.now().date();
    let refused = context
        .upstream()
        .refused_extra::<Search>(request.extra.as_ref());
    let mode = both(check(&query, today), refused).map_err(violations)?;
    let with_infants = query.party.infants > 0;
    let found = context
        .services
        .searches
        .search(context.account, query, request.extra, include.upstream())
        .await
        .map_err(|failure| not_found(&failure, mode))?;
    let body = SearchResult {
        items: &found.answer.offers,
        notices: notices(&found.answer, mode, with_infants),
        upstream: found.upstream.as_deref(),
    };
    Ok(sized(&body, found.answer.offers.len() * OFFER))
}

/// Why there are no offers. A listing that is too slow is cured by naming the flight (the seed's
/// FAQ 5); what the operator wants to be said comes first.
fn not_found(failure: &Failure, mode: SearchMode) -> Problem {
    let problem = problem_of(failure, None);
    if mode != SearchMode::Listing
        || failure.cause != Cause::UpstreamTimeout
        || failure.hint.is_some()
    {
        return problem;
    }
    problem.hint(
        "A listing search is slow. Name the flight: with `flights` in the journeys, search asks for \
         that flight alone and answers sooner.",
    )
}

/// An offer's usual size in bytes, with some room.
const OFFER: usize = 1536;

fn notices(found: &SearchAnswer, mode: SearchMode, with_infants: bool) -> Vec<Notice> {
    let own = found
        .offers
        .iter()
        .any(|offer| offer.supply == Some(Supply::Own));
    let dropped = !found.dropped.is_empty();
    [
        (found.offers.is_empty() && !dropped, NoticeCode::NoOffers),
        (!own && !dropped, NoticeCode::NoOwnShop),
        (with_infants, NoticeCode::InfantsFilterOffers),
        (mode == SearchMode::Listing, NoticeCode::ListingIsSlow),
        (dropped, NoticeCode::OffersDropped),
    ]
    .into_iter()
    .filter(|(applies, _)| *applies)
    .map(|(_, code)| Notice {
        code,
        message: match code {
            NoticeCode::OffersDropped => {
                format!("{} {}", code.message(), told(&found.dropped))
            }
            _ => code.message().to_owned(),
        },
    })
    .collect()
}

/// `adt_oil_fee (2), dep_time (1).`
fn told(dropped: &BTreeMap<&'static str, usize>) -> String {
    let fields: Vec<_> = dropped
        .iter()
        .map(|(field, count)| format!("{field} ({count})"))
        .collect();
    format!("{}.", fields.join(", "))
}
