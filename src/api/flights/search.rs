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

/// The journeys and passengers to search fares for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(super::super::examples::search()))]
pub struct SearchRequest {
    /// The outbound journey and, for a round trip, the return journey.
    #[schema(min_items = 1, max_items = 2)]
    journeys: Vec<SearchJourney>,
    /// The cabin class; `any` if left out.
    #[serde(default)]
    #[schema(required = false)]
    cabin_class: CabinClass,
    /// The party that travels; one adult if left out. At most nine in all, and no more infants than
    /// adults. Child and infant fares are requested if the party has any. With infants, Fliggy leaves
    /// out the offers that have no infant fare.
    #[serde(default)]
    #[schema(required = false)]
    party: Party,
    /// Fields that the gateway does not know, added unchanged to upstream's request object. The name of a
    /// field that the gateway knows, in upper or lower case and with or without underscores, is refused (400).
    #[schema(value_type = Option<Object>, required = false)]
    extra: Option<Map<String, Value>>,
}

/// The result of a search.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResult<'a> {
    /// The offers, sorted as Fliggy returns them; empty if there is no fare. Pass one of them unchanged to a booking.
    items: &'a [Offer],
    /// Remarks on the result.
    notices: Vec<Notice>,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<&'a RawValue>,
}

/// A remark on the result of a search.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notice {
    /// The code, for programs.
    code: NoticeCode,
    /// The text, for people.
    message: String,
}

/// The codes of notices.
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
    /// FAQ 4 to 6 of the seed, in English.
    fn message(self) -> &'static str {
        match self {
            Self::NoOffers => {
                "Fliggy has no quote (无报价). Check that from and to are city codes, not airport codes. \
                 To search for a certain flight, name it in `flights` instead of listing all flights."
            }
            Self::NoOwnShop => {
                "No self-operated shop (自营) is among the sellers. Fliggy's operations team (运营) configures \
                 which shops quote for this channel; ask that team if offers are missing."
            }
            Self::InfantsFilterOffers => {
                "The party has infants, so offers that have no infant fare are left out. That is normal."
            }
            Self::ListingIsSlow => {
                "Listing all flights is slow and may time out. If the flight is known, name it in \
                 `flights`."
            }
            Self::OffersDropped => {
                "Some offers are left out because a field that a booking needs is absent or cannot be \
                 read. `?include=upstream` shows them. The number of dropped offers for each field, by Fliggy's name:"
            }
        }
    }
}

problem_answers!(SearchProblems = API, RESTRICTED, BODY, READ);

/// Search flights and their fares
///
/// Lists all flights of a day between two cities, or prices the named flights (faster). Prices are in
/// yuan per passenger; `party_total` is the total for the party. An offer with too few seats for the
/// party, or without a fare for one of its passengers, is not `bookable`. Nothing is cached, but
/// identical searches that run at the same time share one upstream call.
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

/// The problem of a failed search. For a listing that timed out, the hint is to name the flight (the
/// seed's FAQ 5); a hint that the operator configured takes precedence.
fn not_found(failure: &Failure, mode: SearchMode) -> Problem {
    let problem = problem_of(failure, None);
    if mode != SearchMode::Listing
        || failure.cause != Cause::UpstreamTimeout
        || failure.hint.is_some()
    {
        return problem;
    }
    problem.hint(
        "A listing search is slow. Name the flight in `flights` of the journeys: the search then asks \
         for that flight only and is faster.",
    )
}

/// The usual size of an offer in bytes, rounded up.
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
                format!("{} {}", code.message(), counted_fields(&found.dropped))
            }
            _ => code.message().to_owned(),
        },
    })
    .collect()
}

/// `adt_oil_fee (2), dep_time (1).`
fn counted_fields(dropped: &BTreeMap<&'static str, usize>) -> String {
    let fields: Vec<_> = dropped
        .iter()
        .map(|(field, count)| format!("{field} ({count})"))
        .collect();
    format!("{}.", fields.join(", "))
}
