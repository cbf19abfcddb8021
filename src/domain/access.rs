//! What callers may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::ids::AccountName;

/// A part of the API. A key may use those that it has.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
pub enum Scope {
    /// Search offers.
    #[serde(rename = "search")]
    Search,
    /// Read orders, refunds, changes and operations.
    #[serde(rename = "orders:read")]
    OrdersRead,
    /// Book and close orders.
    #[serde(rename = "orders:write")]
    OrdersWrite,
    /// Pay orders and changes.
    #[serde(rename = "pay")]
    Pay,
    /// Quote and apply for refunds, upload attachments, create and cancel changes.
    #[serde(rename = "after_sales")]
    AfterSales,
    /// Read events and have them delivered to webhooks.
    #[serde(rename = "events")]
    Events,
    /// Call methods of TOP directly.
    #[serde(rename = "raw")]
    Raw,
    /// Operate the gateway: decide operations that need attention, and administer accounts and keys. With the scope of a call, also
    /// see what belongs to other callers: operations, events and webhooks.
    #[serde(rename = "operator")]
    Operator,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 8] = [
        Self::Search,
        Self::OrdersRead,
        Self::OrdersWrite,
        Self::Pay,
        Self::AfterSales,
        Self::Events,
        Self::Raw,
        Self::Operator,
    ];

    /// The word of the API, the configuration and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::OrdersRead => "orders:read",
            Self::OrdersWrite => "orders:write",
            Self::Pay => "pay",
            Self::AfterSales => "after_sales",
            Self::Events => "events",
            Self::Raw => "raw",
            Self::Operator => "operator",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}", Scope::ALL.map(Scope::as_str).join(", "))]
pub struct NotAScope;

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let mut all = Self::ALL.into_iter();
        all.find(|scope| scope.as_str() == text).ok_or(NotAScope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Those of an app that books: everything apart from `raw` and `operator`.
    pub const APP: Self = Self::of(&[
        Scope::Search,
        Scope::OrdersRead,
        Scope::OrdersWrite,
        Scope::Pay,
        Scope::AfterSales,
        Scope::Events,
    ]);
    /// All scopes.
    pub const ALL: Self = Self::of(&Scope::ALL);

    /// These scopes.
    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < scopes.len() {
            bits |= scopes[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the set contains the scope.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |s| self.contains(*s))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let scopes = Vec::<Scope>::deserialize(deserializer)?;
        if scopes.len() > Scope::ALL.len() {
            return Err(D::Error::custom(format!(
                "expected at most {} scopes",
                Scope::ALL.len()
            )));
        }
        Ok(scopes.into_iter().collect())
    }
}

/// What a caller may do, and on which purchasing accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The parts of the API that it may use.
    pub scopes: Scopes,
    /// The accounts that it may use; `None` means all.
    pub accounts: Option<Arc<BTreeSet<AccountName>>>,
    /// The account of its requests that name none.
    pub default_account: Option<AccountName>,
}

impl Rights {
    /// Whether the caller may use the account.
    #[must_use]
    pub fn may_use(&self, account: &AccountName) -> bool {
        self.accounts
            .as_ref()
            .is_none_or(|accounts| accounts.contains(account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_its_own_bit_and_word() {
        for scope in Scope::ALL {
            let only = Scopes::of(&[scope]);
            assert_eq!(only.iter().collect::<Vec<_>>(), [scope]);
            let word = serde_json::to_value(scope).unwrap();
            assert_eq!(word, scope.as_str());
            assert_eq!(serde_json::from_value::<Scope>(word).unwrap(), scope);
        }
        assert_eq!(Scopes::ALL.iter().collect::<Vec<_>>(), Scope::ALL);
        assert!(Scopes::default().is_empty());
    }

    #[test]
    fn scopes_are_written_as_a_list() {
        let scopes: Scopes = serde_json::from_str(r#"["pay", "search", "pay"]"#).unwrap();
        assert_eq!(scopes, Scopes::of(&[Scope::Search, Scope::Pay]));
        assert_eq!(
            serde_json::to_string(&scopes).unwrap(),
            r#"["search","pay"]"#
        );
        assert!(serde_json::from_str::<Scopes>(r#"["admin"]"#).is_err());
        let too_many = serde_json::to_string(&[Scope::Pay; 9]).unwrap();
        assert!(serde_json::from_str::<Scopes>(&too_many).is_err());
    }
}
