//! Search: identical searches in flight share one upstream call.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::domain::offer::Offer;
use crate::domain::operation::Failure;
use crate::domain::search::SearchQuery;
use crate::operations::service::Operations;
use crate::operations::upstream::unreadable_answer;
use crate::top::client::{Account, ReadOptions};
use crate::top::method::{Answer, Method};
use crate::top::wire::Search;
use crate::translate;

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// The offers, in upstream's order.
    pub offers: Vec<Offer>,
    /// Offers that could not be read and are left out, by the field that is to blame.
    pub dropped: BTreeMap<&'static str, usize>,
    /// Upstream's own object, when it was asked for.
    pub upstream: Option<Box<RawValue>>,
}

// === impl Operations ===

impl Operations {
    /// Searches, or joins an identical search that is under way.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn search(
        self: &Arc<Self>,
        account: Arc<Account>,
        query: SearchQuery,
        extra: Option<Map<String, Value>>,
        keep_upstream: bool,
    ) -> Result<Arc<Found>, Failure> {
        // What makes two searches the same, written down once.
        let key = serde_json::to_vec(&(account.name.as_str(), &query, &extra, keep_upstream))
            .unwrap_or_default();
        let this = self.clone();
        let work = async move {
            this.search_once(&account, &query, extra.as_ref(), keep_upstream)
                .await
        };
        self.searches.join(&self.tasks, key, work).await
    }

    async fn search_once(
        &self,
        account: &Account,
        query: &SearchQuery,
        extra: Option<&Map<String, Value>>,
        keep_upstream: bool,
    ) -> Result<Found, Failure> {
        const NAME: &str = Search::NAME;
        let request = translate::search::request(query, &account.channel);
        let options = ReadOptions {
            extra,
            keep_upstream,
            ..ReadOptions::CALLER
        };
        let reply = match self.top.read::<Search>(account, &request, options).await {
            Ok(reply) => reply,
            Err(error) => {
                let failure = self.read_failure(NAME, &error);
                return if says_no_quote(&failure) {
                    Ok(Found::default())
                } else {
                    Err(failure)
                };
            }
        };
        if let Some(failure) = self.refusal_of_read(NAME, &reply.answer.verdict()) {
            return if says_no_quote(&failure) {
                Ok(Found::default())
            } else {
                Err(failure)
            };
        }
        let mut answer = translate::search::answer(reply.answer)
            .map_err(|unreadable| unreadable_answer(NAME, unreadable.field))?;
        let now = self.now();
        for offer in &mut answer.offers {
            offer.judge(now, query.party);
        }
        Ok(Found {
            offers: answer.offers,
            dropped: answer.dropped,
            upstream: reply.upstream,
        })
    }
}

/// Seed FAQ 6: 搜索询价无报价 is an answer, not an error.
fn says_no_quote(failure: &Failure) -> bool {
    let message = failure.upstream.as_ref().and_then(|u| u.message.as_deref());
    message.is_some_and(|text| text.contains("无报价"))
}
