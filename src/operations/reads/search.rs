//! Search: identical concurrent searches share one upstream call.

use std::sync::Arc;

use serde_json::{Map, Value};
use tokio_util::task::TaskTracker;

use crate::domain::ids::AccountName;
use crate::domain::operation::Failure;
use crate::domain::search::{SearchAnswer, SearchQuery};
use crate::operations::classify::Classifier;
use crate::operations::single_flight::SingleFlight;
use crate::operations::upstream::{Upstream, unreadable_answer};
use crate::top::client::{ReadOptions, Reply};
use crate::top::method::{Answer, Method};
use crate::top::wire::Search;
use crate::translate;

/// Searches. Identical concurrent ones share one call.
#[derive(Clone, Debug)]
pub struct Searches {
    upstream: Arc<Upstream>,
    in_flight: Arc<SingleFlight<Reply<SearchAnswer>>>,
    tasks: TaskTracker,
}

// === impl Searches ===

impl Searches {
    /// Searches whose upstream calls run as tasks of this tracker.
    #[must_use]
    pub fn new(upstream: Arc<Upstream>, tasks: TaskTracker) -> Self {
        Self {
            upstream,
            in_flight: Arc::default(),
            tasks,
        }
    }

    /// Searches, or joins an identical search in progress.
    ///
    /// # Errors
    /// The failure, if upstream returns no result.
    pub async fn search(
        &self,
        account: AccountName,
        query: SearchQuery,
        extra: Option<Map<String, Value>>,
        keep_upstream: bool,
    ) -> Result<Arc<Reply<SearchAnswer>>, Failure> {
        // Two searches are identical if they have the same key.
        let key = serde_json::to_vec(&(account.as_str(), &query, &extra, keep_upstream))
            .unwrap_or_default();
        let upstream = self.upstream.clone();
        let work = async move {
            upstream
                .search(&account, &query, extra.as_ref(), keep_upstream)
                .await
        };
        self.in_flight.join(&self.tasks, key, work).await
    }
}

// === impl Upstream ===

impl Upstream {
    async fn search(
        &self,
        account: &AccountName,
        query: &SearchQuery,
        extra: Option<&Map<String, Value>>,
        keep_upstream: bool,
    ) -> Result<Reply<SearchAnswer>, Failure> {
        const NAME: &str = Search::NAME;
        let session = self.session(account)?;
        let request = translate::search::request(query, self.channel(account)?);
        let options = ReadOptions {
            extra,
            keep_upstream,
            ..ReadOptions::CALLER
        };
        let reply = match self.top.read::<Search>(&session, &request, options).await {
            Ok(reply) => reply,
            Err(error) => {
                let failure = self.read_failure(NAME, &error);
                return if says_no_offers(&failure) {
                    Ok(Reply::default())
                } else {
                    Err(failure)
                };
            }
        };
        if let Some(failure) = self.refusal_of_read(NAME, &reply.answer.verdict()) {
            return if says_no_offers(&failure) {
                Ok(Reply::default())
            } else {
                Err(failure)
            };
        }
        let mut answer = translate::search::answer(reply.answer, &self.context(account))
            .map_err(|unreadable| unreadable_answer(NAME, unreadable.field))?;
        let now = self.now();
        for offer in &mut answer.offers {
            offer.judge(now, query.party);
        }
        Ok(Reply {
            answer,
            upstream: reply.upstream,
        })
    }
}

/// Whether upstream refused the search because there are no offers.
fn says_no_offers(failure: &Failure) -> bool {
    let message = failure.upstream.as_ref().and_then(|u| u.message.as_deref());
    message.is_some_and(Classifier::says_no_offers)
}
