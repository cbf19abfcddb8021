//! The topics whose messages TOP sends for an account. The user of the account permits them.

use std::collections::BTreeSet;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::not_authorised::NotAuthorised;
use super::service::{Accounts, Known};
use crate::domain::ids::AccountName;
use crate::domain::operation::{Cause, Failure};
use crate::domain::personal::Personal;
use crate::top::lenient::Field;
use crate::top::method::PlatformMethod;
use crate::top::tmc::users::{GetUser, PermitUser, PermittedTopics};

/// The topics of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    /// The topics that the user permits, in alphabetical order.
    pub permitted: Vec<String>,
    /// The topics that the gateway reads and the user does not permit.
    pub missing: Vec<String>,
}

/// The topics of a user, compared with those that the gateway reads.
fn compare(permitted: BTreeSet<String>, read: &[String]) -> Topics {
    let missing = read.iter().filter(|topic| !permitted.contains(*topic));
    Topics {
        missing: missing.cloned().collect(),
        permitted: permitted.into_iter().collect(),
    }
}

// === impl Accounts ===

impl Accounts {
    /// The topics of an account.
    ///
    /// # Errors
    /// [`NotAuthorised`]. TOP tells the topics of a user by name, which is known if the account was authorised through
    /// the gateway or the configuration states it.
    pub async fn topics(&self, account: &AccountName) -> Result<Topics, NotAuthorised> {
        let configured = self.configured(account)?.nick.clone();
        let stated = |known: &Known| known.secret.nick.clone();
        let stated = self.known().get(account).and_then(stated);
        let (nick, is_stated) = match (stated, configured) {
            (Some(nick), _) => (nick, true),
            (None, Some(nick)) => (Personal::new(nick.expose_secret().to_owned()), false),
            (None, None) => return Err(NotAuthorised::TopicsUnknown),
        };
        let upstream = &self.operations.upstream;
        let params = GetUser::params(nick.expose());
        let answer = upstream.top.platform::<GetUser>(params).await;
        let answer = answer
            .map_err(|error| NotAuthorised::Call(upstream.read_failure(GetUser::NAME, &error)))?;
        let user = match answer.tmc_user {
            Some(user) => user,
            // TOP stated the name, and has no topics of the user.
            None if is_stated => PermittedTopics::default(),
            // The name may be misspelt.
            None => return Err(NotAuthorised::TopicsUnknown),
        };
        if let (Field::Value(found), Some(known)) = (user.user_id, self.sessions().user(account))
            && found != known
        {
            return Err(NotAuthorised::TopicsUnknown);
        }
        let is_off = matches!(user.is_valid, Field::Value(false));
        let mut permitted = BTreeSet::new();
        for topic in user.topics {
            match topic.0 {
                Field::Value(topic) => {
                    permitted.insert(topic);
                }
                Field::Absent => {}
                Field::Unreadable => return Err(NotAuthorised::Unreadable),
            }
        }
        let mut topics = compare(permitted, &self.settings.topics);
        if is_off {
            // Nothing is sent, whatever is permitted.
            topics.missing.clone_from(&self.settings.topics);
        }
        if let Some(known) = self.known().get_mut(account) {
            known.missing_topics = Some(topics.missing.clone());
        }
        Ok(topics)
    }

    /// Reports the topics that an account lacks after its authorisation.
    pub(super) async fn check_topics(&self, account: &AccountName) {
        match self.topics(account).await {
            Ok(topics) if topics.missing.is_empty() => {}
            Ok(topics) => tracing::warn!(
                %account, missing = ?topics.missing,
                "TOP sends no messages of some topics for the account; POST /v1/accounts/{account}/topics permits them"
            ),
            Err(why) => {
                tracing::warn!(%account, ?why, "the topics of the account could not be read")
            }
        }
    }

    /// Permits the topics that the gateway reads, in addition to those that are permitted already: TOP replaces them all.
    ///
    /// # Errors
    /// [`NotAuthorised`].
    pub async fn permit(self: &Arc<Self>, account: &AccountName) -> Result<Topics, NotAuthorised> {
        let before = self.topics(account).await?;
        if before.missing.is_empty() {
            return Ok(before);
        }
        let mut all: BTreeSet<_> = before.permitted.into_iter().collect();
        all.extend(self.settings.topics.iter().cloned());
        if all.len() > PermitUser::MOST_TOPICS {
            return Err(NotAuthorised::TooManyTopics);
        }
        let all: Vec<_> = all.into_iter().collect();
        let upstream = &self.operations.upstream;
        let session = upstream.session(account).map_err(NotAuthorised::Call)?;
        let params = PermitUser::params(&all);
        let answer = upstream
            .top
            .platform_under::<PermitUser>(&session, params)
            .await;
        let answer = answer.map_err(|error| {
            let failure = upstream.read_failure(PermitUser::NAME, &error);
            NotAuthorised::of_change(&error, failure)
        })?;
        match answer.is_success {
            Field::Value(true) => {
                tracing::info!(%account, "the topics of an account were permitted");
                self.topics(account).await
            }
            Field::Value(false) | Field::Absent | Field::Unreadable => {
                let failure = Failure::of(Cause::UpstreamUnreadable);
                let what = format!("{}: TOP did not confirm it", PermitUser::NAME);
                Err(NotAuthorised::Call(failure.with_detail(what)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_topics_are_those_that_the_gateway_reads() {
        let texts = |all: &[&str]| -> Vec<String> { all.iter().map(|t| (*t).to_owned()).collect() };
        let permitted = texts(&["other", "trade"]).into_iter().collect();
        let found = compare(permitted, &texts(&["trade", "refund"]));
        let expected = Topics {
            permitted: texts(&["other", "trade"]),
            missing: texts(&["refund"]),
        };
        assert_eq!(found, expected);
    }
}
