//! The gateway is killed (-9) while two accounts are authorised.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use fliggy_gateway::domain::ids::HashKey;
use fliggy_gateway::domain::operation::SessionTag;
use fliggy_gateway::domain::sealed::Sealed;
use fliggy_gateway::store::seal::SealKeys;
use reqwest::Url;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use sqlx::{Connection as _, Row as _};
use tokio::time::sleep;

use super::{Desk, FIRST, JOURNAL};
use crate::ask::Ask;
use crate::kill::Chance;
use crate::world::{Answer, Gateway, World, read};

const ACCOUNTS: [&str; 2] = ["default", "other"];
/// Where the gateway is killed: around the exchange, and around the commit of its session.
const POINTS: [&str; 3] = ["session_issued", "session_commit", "session_committed"];
const ROUNDS: u64 = 30;
/// Both in the simulator and in the gateway.
const OTHER: [(&str, &str); 2] = [
    ("GATEWAY__ACCOUNTS__OTHER__SESSION", "other-session"),
    ("GATEWAY__ACCOUNTS__OTHER__CHANNEL", "SANDBOX"),
];

/// A session in the simulator's list.
#[derive(Clone, Debug)]
struct Issued {
    account: String,
    user_id: String,
    session: String,
    is_valid: bool,
}

/// A session in the journal, opened.
#[derive(Debug, PartialEq)]
struct Row {
    session: String,
    user_id: String,
    authorised_at_ms: i64,
}

/// How an operator passes a code on.
#[derive(Clone, Debug)]
enum Way {
    /// The browser does.
    Callback(Url),
    Code(String),
}

impl Desk {
    async fn issued(&self) -> Vec<Issued> {
        let found = self
            .world
            .get(&self.world.top, "/_simulator/sessions")
            .await;
        let items = found.body["items"].as_array().unwrap();
        let text = |item: &Value, member: &str| item[member].as_str().unwrap().to_owned();
        let issued = items.iter().map(|item| Issued {
            account: text(item, "account"),
            user_id: item["user_id"].to_string(),
            session: text(item, "session"),
            is_valid: item["state"] == "valid",
        });
        issued.collect()
    }

    async fn way(&self, gateway: &Gateway, account: &str, by_browser: bool) -> Way {
        if by_browser {
            Way::Callback(self.consent(gateway, account).await)
        } else {
            Way::Code(self.code(gateway, account).await)
        }
    }

    /// Passes a code on; the gateway may die during the request.
    async fn pass_on(
        &self,
        gateway: &Gateway,
        account: &str,
        way: &Way,
    ) -> Result<Answer, reqwest::Error> {
        match way {
            Way::Code(code) => self.enter(gateway, account, code).await,
            // The callback of a gateway that was restarted has another port.
            Way::Callback(url) => {
                let query = url.query().unwrap();
                let callback = format!("{}/oauth/callback?{query}", gateway.address);
                read(self.browser.get(callback)).await
            }
        }
    }

    /// Revokes all sessions of an account but this one.
    async fn revoke_others(&self, account: &str, kept: &str) {
        for other in self.issued().await {
            if other.account == account && other.is_valid && other.session != kept {
                let other = serde_json::json!({"session": other.session});
                self.revoke(other).await;
            }
        }
    }
}

/// The session of an account in the journal of a gateway that does not run. Fails if its parts do not belong together.
async fn stored(world: &World, account: &str) -> Row {
    let mut journal = world.connected(JOURNAL).await;
    let sql = "SELECT tag, sealed, user_id, authorised_at FROM sessions WHERE account = ?1";
    let row = sqlx::query(sql).bind(account);
    let row = row.fetch_one(&mut journal).await.unwrap();
    journal.close().await.unwrap();
    let keys = SealKeys::new(&[0xa5; 32], None);
    let owner = format!("session of {account}");
    let opened = keys.open(&Sealed(row.get("sealed")), owner.as_bytes());
    let opened = opened.unwrap().data;
    let secret: Value = serde_json::from_slice(opened.expose_secret()).unwrap();
    let session = secret["session"].as_str().unwrap().to_owned();
    let tag = SessionTag::new(&HashKey::new([0x5a; 32]), &session);
    assert_eq!(tag.as_str(), row.get::<&str, _>("tag"), "{account}");
    Row {
        session,
        user_id: row.get::<i64, _>("user_id").to_string(),
        authorised_at_ms: row.get("authorised_at"),
    }
}

/// Kills the gateway while both accounts are authorised, at its kill point or after this time. Returns the answers.
async fn kill_while_authorising(
    desk: &Desk,
    mut gateway: Gateway,
    ways: &[Way],
    after: Option<Duration>,
) -> Vec<Result<Answer, reqwest::Error>> {
    let passed_on = ACCOUNTS.iter().zip(ways);
    let passed_on = passed_on.map(|(account, way)| desk.pass_on(&gateway, account, way));
    let passed_on = futures::future::join_all(passed_on);
    let answers = match after {
        Some(after) => {
            let kill = async {
                sleep(after).await;
                gateway.process.signal(rustix::process::Signal::KILL);
            };
            tokio::join!(passed_on, kill).0
        }
        None => passed_on.await,
    };
    gateway.process.kill().await;
    answers
}

#[tokio::test]
async fn killed_while_accounts_are_authorised_each_keeps_a_session_of_its_user() {
    let mut chance = Chance::seeded();
    let desk = Desk::start(&OTHER).await;
    let gateway = desk.gateway(FIRST, &OTHER).await;
    let example = desk.world.example(&gateway).await;
    let mut orders = Vec::new();
    let mut bases = Vec::new();
    for account in ACCOUNTS {
        let ask = Ask::book(&example, &format!("OF-{account}"));
        let request = desk
            .browser
            .post(format!("{}{}", gateway.address, ask.path))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", &ask.key)
            .header("Gateway-Account", account)
            .header("Prefer", "wait=20");
        let booked = read(request.body(ask.body.to_string())).await.unwrap();
        assert_eq!(booked.status, 201, "{booked:?}");
        orders.push(booked.created().clone());
        let way = desk.way(&gateway, account, false).await;
        let entered = desk.pass_on(&gateway, account, &way).await.unwrap();
        assert_eq!(entered.status, 200, "{entered:?}");
    }
    // A session of one account does not find the order of the other.
    let mixed = desk.order(&gateway, "other", &orders[0]).await;
    assert_eq!(mixed.status, 404, "{mixed:?}");
    drop(gateway);
    for account in ACCOUNTS {
        bases.push(stored(&desk.world, account).await);
    }

    let (mut died, mut kept, mut replaced, mut used_up) = (0, 0, 0, 0);
    let mut took = Duration::from_millis(50);
    for round in 0..ROUNDS {
        // Of 5 rounds, 3 have a point, and in 2 the process is killed at any time.
        let point = POINTS.get(usize::try_from(round % 5).unwrap());
        let point = point.map(|point| format!("{point}#{}", 1 + chance.below(2)));
        let mut env = OTHER.to_vec();
        if let Some(point) = &point {
            env.push(("GATEWAY_KILL_POINT", point));
        }
        let gateway = desk.gateway(FIRST, &env).await;
        let mut ways = Vec::new();
        for account in ACCOUNTS {
            ways.push(desk.way(&gateway, account, chance.below(2) == 0).await);
        }
        let after = match point {
            Some(_) => None,
            None => Some(took.mul_f64(chance.below(100) as f64 / 80.0)),
        };
        let answers = kill_while_authorising(&desk, gateway, &ways, after).await;
        died += u32::from(answers.iter().any(Result::is_err));

        let issued = desk.issued().await;
        let mut rows = Vec::new();
        for ((account, base), answer) in ACCOUNTS.iter().zip(&bases).zip(&answers) {
            let row = stored(&desk.world, account).await;
            let what = format!("round {round} {point:?} {account}: {answer:?}");
            let known = issued.iter().find(|issued| issued.session == row.session);
            let known = known.unwrap_or_else(|| panic!("{what}: never issued"));
            assert!(known.is_valid, "{what}: {known:?}");
            assert_eq!(known.account, *account, "{what}");
            assert_eq!(known.user_id, row.user_id, "{what}");
            match answer {
                // The caller was told.
                Ok(answer) => {
                    assert_eq!(answer.status, 200, "{what}");
                    assert_ne!(row, *base, "{what}: lost");
                }
                Err(_) if row == *base => kept += 1,
                Err(_) => replaced += 1,
            }
            rows.push(row);
        }

        let gateway = desk.gateway(FIRST, &OTHER).await;
        let began = Instant::now();
        for (index, account) in ACCOUNTS.iter().enumerate() {
            let row = &rows[index];
            let what = format!("round {round} {point:?} {account}");
            let view = desk.account(&gateway, account).await;
            let session = &view["session"];
            assert_eq!(session["state"], "valid", "{what}: {view}");
            assert_eq!(session["origin"], "authorization", "{what}: {view}");
            assert_eq!(view["user_id"], *row.user_id, "{what}: {view}");
            let at: jiff::Timestamp = session["authorised_at"].as_str().unwrap().parse().unwrap();
            assert_eq!(at.as_second(), row.authorised_at_ms / 1000, "{what}");
            let found = desk.order(&gateway, account, &orders[index]).await;
            assert_eq!(found.status, 200, "{what}: {found:?}");

            // The code may be used up, and its session lost.
            let again = desk.pass_on(&gateway, account, &ways[index]).await;
            let again = again.unwrap();
            match again.status {
                200 => assert_eq!(*row, bases[index], "{what}: a code was used twice"),
                status => {
                    assert!((400..500).contains(&status), "{what}: {again:?}");
                    used_up += 1;
                }
            }
            let way = desk.way(&gateway, account, chance.below(2) == 0).await;
            let new = desk.pass_on(&gateway, account, &way).await.unwrap();
            assert_eq!(new.status, 200, "{what}: {new:?}");
        }
        took = began.elapsed() / 4;
        drop(gateway);

        bases.clear();
        let mut sessions = BTreeSet::new();
        for account in ACCOUNTS {
            let row = stored(&desk.world, account).await;
            desk.revoke_others(account, &row.session).await;
            sessions.insert(row.session.clone());
            bases.push(row);
        }
        assert_eq!(sessions.len(), 2);
    }
    println!(
        "{died} kills before an answer: {kept} sessions kept, {replaced} replaced; {used_up} codes used up"
    );
    assert!(died >= 10, "{died} kills during an authorisation");
    assert!(kept > 0 && replaced > 0, "{kept} kept, {replaced} replaced");
}
