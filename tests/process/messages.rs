//! The gateway is killed (-9) while it receives TOP's messages.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use fliggy_gateway::clock::SystemClock;
use fliggy_gateway::simulator::{self, Simulator, SimulatorConfig};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::kill::Chance;
use crate::world::{MAX_WAIT, World};

/// Where the gateway is killed: between receipt, commit, confirmation and the next message.
const POINTS: [&str; 5] = [
    "message_received",
    "inbox_commit",
    "inbox_committed",
    "before_confirm",
    "confirmed",
];
const ROUNDS: u64 = 30;

/// A simulator in this process, because its messages are delivered again after a short time.
async fn top() -> (String, DropGuard) {
    let mut config = SimulatorConfig::sandbox(SystemClock::shared());
    config.timing.message_lease = Duration::from_millis(400);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    tokio::spawn(simulator::serve(
        listener,
        Simulator::new(config),
        stop.clone(),
    ));
    (address, stop.drop_guard())
}

/// Publishes a message about an order of its own.
async fn publish(world: &World, top: &str, number: u64) {
    let content = json!({"id": format!("m-{number}"), "order_no": number.to_string(), "type": "3"});
    let message = json!({"topic": "alitrip_flight_TradeNotify", "content": content});
    let published = world.post(top, "/_simulator/messages", &message).await;
    assert_eq!(published.status, 201, "{published:?}");
}

#[tokio::test]
async fn killed_while_it_receives_messages_nothing_is_lost_or_told_twice() {
    let mut chance = Chance::seeded();
    let world = World::start().await;
    let (address, _top) = top().await;
    let top = format!("http://{address}");
    let endpoint = format!("{top}/router/rest");
    let url = format!("ws://{address}/");
    let env = |mode, point: &'static str| {
        let interval = ("GATEWAY__NOTIFICATIONS__HTTP__INTERVAL", "50ms");
        let mut env = vec![
            ("GATEWAY__TOP__ENDPOINT", endpoint.as_str()),
            ("GATEWAY__NOTIFICATIONS__URL", url.as_str()),
            ("GATEWAY__NOTIFICATIONS__MODE", mode),
            interval,
        ];
        if !point.is_empty() {
            env.push(("GATEWAY_KILL_POINT", point));
        }
        env
    };
    let mut published = 0;
    for round in 0..ROUNDS {
        let mode = ["tmc", "http"][chance.below(2) as usize];
        let point = match chance.below(6) {
            5 => "",
            point => POINTS[point as usize],
        };
        // Some messages wait for the process, others come while it runs.
        for _ in 0..chance.below(4) {
            published += 1;
            publish(&world, &top, published).await;
        }
        let mut process = world.spawn("messages.db", &env(mode, point));
        published += 1;
        publish(&world, &top, published).await;
        if point.is_empty() {
            process.line(r#""message":"serving""#).await;
            sleep(Duration::from_millis(chance.below(150))).await;
            process.signal(Signal::KILL);
        }
        let end = process.end().await;
        assert_eq!(
            end.signal(),
            Some(Signal::KILL.as_raw()),
            "round {round}, {mode}, {point}: {end}"
        );
    }

    let gateway = world.gateway("messages.db", &env("tmc", "")).await;
    let confirmed = async {
        loop {
            let listed = world.get(&top, "/_simulator/messages").await;
            let messages = listed.body["items"].as_array().unwrap();
            if messages.iter().all(|m| m["state"] == "confirmed") {
                return messages.len();
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let confirmed = timeout(MAX_WAIT, confirmed).await.expect("all confirmed");
    assert_eq!(confirmed as u64, published);
    // A ticketed order was paid.
    let kinds = ["order.paid", "order.ticketed"];
    let mut told: BTreeMap<(u64, String), u32> = BTreeMap::new();
    let mut after = json!(0);
    loop {
        let path = format!("/v1/events?limit=200&after={after}");
        let page = world.get(&gateway.address, &path).await.body;
        let items: &Vec<Value> = page["items"].as_array().unwrap();
        if items.is_empty() {
            break;
        }
        for event in items {
            let subject = event["subject"].as_str().unwrap().parse().unwrap();
            let kind = event["type"].as_str().unwrap().to_owned();
            *told.entry((subject, kind)).or_default() += 1;
        }
        after = page["next_after"].clone();
    }
    let once = (1..=published).flat_map(|number| kinds.map(|kind| ((number, kind.to_owned()), 1)));
    assert_eq!(told, once.collect::<BTreeMap<_, _>>());
}
