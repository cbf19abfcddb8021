//! One run: the steps that are possible next, and their execution.

use std::sync::LazyLock;
use std::time::Duration;

use fliggy_gateway::domain::booking::Booking;
use fliggy_gateway::domain::ids::{HashKey, OperationId, OrderId};
use fliggy_gateway::domain::money::Money;
use fliggy_gateway::domain::notice::{News, Notice, OrderNumber};
use fliggy_gateway::domain::operation::{Operation, State};
use fliggy_gateway::operations::reconcile::evidence::CreatedNumbers;
use fliggy_gateway::operations::reconcile::resolve::{Resolution, Resolve};
use fliggy_gateway::operations::writes::kinds::book::Book;
use fliggy_gateway::operations::writes::kinds::close::Close;
use fliggy_gateway::operations::writes::kinds::pay::Pay;
use fliggy_gateway::operations::writes::perform::{Performed, Refusal, Write, WriteRequest};
use fliggy_gateway::store::{Content, NewMessage};
use fliggy_gateway::top::envelope::{self, Envelope};
use fliggy_gateway::top::method::Method as _;
use fliggy_gateway::top::wire::Search;
use fliggy_gateway::translate::{Context, search};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::ledger::TOTAL;
use crate::process::{Process, STALE, VOCABULARY, wall};
use crate::steps::{Step, of_gate, open};
use crate::world::{Caller, Fate, Pending, Reply, Shared, World, written};

/// What a caller requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    what: What,
    key: u32,
    retry_of: Option<OperationId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Pay(u64),
    Close(u64),
    Book(&'static str),
}

/// One run of the model.
pub(crate) struct Run {
    pub(crate) world: Shared,
    process: Process,
    requests: Vec<Request>,
    pub(crate) limits: Limits,
}

/// The maximum number of events of each kind in a run.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) requests: usize,
    /// Crashes and stops of a process.
    pub(crate) ends: u32,
    pub(crate) operator: u32,
    pub(crate) outages: u32,
    pub(crate) messages: u32,
    /// Whether the shortest and the longest waits are tried.
    pub(crate) long_waits: bool,
    pub(crate) subjects: Vec<What>,
}

static BOOKING: LazyLock<Booking> = LazyLock::new(|| {
    let sample =
        include_bytes!("../../openapi/top/samples/alitrip.flight.service.search.response.json");
    let context = Context {
        vocabulary: &VOCABULARY,
        key: &HashKey::new([0; 32]),
        account: &"default".parse().unwrap(),
        now: "2030-05-01T10:00:00+08:00".parse().unwrap(),
    };
    let found = match envelope::decode(Search::NAME, sample) {
        Ok(Envelope::Answer(answer)) => search::answer(answer, &context).unwrap(),
        _ => panic!("the sample cannot be parsed"),
    };
    serde_json::from_value(json!({
        "out_order_no": "MODEL",
        "offer": found.offers[0],
        "passengers": [{
            "name": "测试旅客", "type": "adult",
            "document": {"type": "id_card", "number": "11010119900307002X"},
            "birth_date": "1990-03-07", "gender": "male",
            "mobile_country_code": "86", "mobile": "13000000000",
        }],
        "contact": {"name": "测试联系人", "mobile_country_code": "86", "mobile": "13000000000"},
        "total_price": TOTAL,
    }))
    .unwrap()
});

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap()
}

/// Runs every task that can run now. Time does not advance.
async fn settle() {
    // The task of `block_on` continues once the others are idle.
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

// === impl Request ===

impl Request {
    /// The first request of a run.
    pub(crate) fn new(what: What) -> Self {
        Self {
            what,
            key: 0,
            retry_of: None,
        }
    }
}

// === impl What ===

impl What {
    fn words(self) -> String {
        match self {
            Self::Pay(order) => format!("pay order {order}"),
            Self::Close(order) => format!("close order {order}"),
            Self::Book(reference) => format!("book {reference}"),
        }
    }
}

impl What {
    /// The news that a message about the subject brings.
    fn news(self) -> News {
        match self {
            Self::Pay(_) => News::OrderPaid,
            Self::Close(_) => News::OrderClosed,
            Self::Book(_) => News::OrderTicketed,
        }
    }
}

// === impl Run ===

impl Run {
    pub(crate) async fn start(limits: Limits) -> Self {
        let world = Shared::new();
        let process = Process::start(&world);
        settle().await;
        Self {
            world,
            process,
            requests: Vec::new(),
            limits,
        }
    }

    // --- possible steps

    /// Every step that is possible next, the default step first.
    pub(crate) fn enabled(&mut self) -> Vec<Step> {
        let mut world = self.world.lock();
        world.tidy();
        let mut steps = Vec::new();
        for gate in &world.gates {
            of_gate(&world, gate, &mut steps);
        }
        if world.ledger.hidden().next().is_some() {
            steps.push(Step::Show);
        }
        drop(world);
        let waits = self.waits();
        // A wait is always possible.
        steps.extend(waits.into_iter().map(Step::Wait));
        steps.push(Step::Stall(Duration::from_millis(1_200)));
        self.caller_and_operator_steps(&mut steps);
        if self.limits.ends > 0 {
            steps.push(Step::Crash);
            if !self.process.is_stopping() {
                steps.push(Step::Stop);
            }
        }
        let unreadable = self.world.lock().unreadable;
        if unreadable {
            steps.push(Step::Unreadable(false));
        } else if self.limits.outages > 0 {
            steps.push(Step::Unreadable(true));
        }
        steps
    }

    /// Waits that may matter: short and long ones, the next pass of the reconciler, and both sides
    /// of the moments at which open operations become stale.
    fn waits(&self) -> Vec<Duration> {
        const EDGE: Duration = Duration::from_millis(50);
        let mut waits = vec![Duration::from_millis(600), Duration::from_secs(6)];
        if self.limits.long_waits {
            waits.extend([Duration::from_millis(20), Duration::from_secs(60)]);
        }
        let world = self.world.lock();
        let next_pass = world.pass + Duration::from_secs(5) + Duration::from_millis(1);
        waits.push(next_pass.saturating_duration_since(Instant::now()));
        let now = wall(world.zero).as_millisecond();
        for row in world.rows() {
            if matches!(row.state(), State::Accepted | State::Sending) {
                let left = row.touched_ms + millis(STALE) - now;
                let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
                waits.push(left.saturating_sub(EDGE));
                waits.push(left + EDGE);
            }
        }
        waits.retain(|wait| !wait.is_zero());
        waits
    }

    fn caller_and_operator_steps(&self, steps: &mut Vec<Step>) {
        let world = self.world.lock();
        if self.limits.messages > 0 {
            for what in self.limits.subjects.iter().copied() {
                steps.push(Step::Message(what, what.news()));
            }
        }
        if self.requests.len() < self.limits.requests {
            let key = u32::try_from(self.requests.len()).unwrap();
            for what in self.limits.subjects.iter().copied() {
                steps.push(Step::Ask(Request {
                    what,
                    key,
                    retry_of: None,
                }));
            }
            for request in &self.requests {
                let repeat = Step::Ask(request.clone());
                if !steps.contains(&repeat) {
                    steps.push(repeat);
                }
            }
            // A caller that got `retry_of required` may retry the operation that the problem names.
            for (caller, request) in world.callers.iter().zip(&self.requests) {
                if let Some(Reply {
                    operation: Some(id),
                    standing: Err("retry_of required"),
                }) = caller.reply
                {
                    let retry_of = Some(id);
                    let request = Request {
                        key,
                        retry_of,
                        ..request.clone()
                    };
                    steps.push(Step::Ask(request));
                }
            }
        }
        if self.limits.operator > 0 {
            for row in world.rows() {
                if matches!(row.state(), State::Unknown | State::NeedsAttention) {
                    steps.push(Step::LookUpNow(row.id));
                    if truth(&world, &row).is_some() {
                        steps.push(Step::Resolve(row.id));
                    }
                }
            }
        }
    }

    // --- execution

    /// Executes a step, and everything that follows from the step at once.
    pub(crate) async fn take(&mut self, step: Step) {
        let line = self.describe(&step);
        self.world.lock().say(line);
        match step {
            Step::Wait(time) => self.pass_time(time, false).await,
            Step::Stall(time) => self.pass_time(time, true).await,
            Step::Ask(request) => self.ask(request).await,
            Step::Message(what, news) => self.receive(what, news).await,
            Step::LookUpNow(id) => {
                self.limits.operator -= 1;
                let operations = self.process.operations.clone();
                tokio::spawn(async move { operations.look_up_now(id).await.map(drop) });
            }
            Step::Resolve(id) => self.resolve(id),
            Step::Crash => {
                self.limits.ends -= 1;
                self.next_process();
            }
            Step::Stop => {
                self.limits.ends -= 1;
                self.process.stop();
            }
            Step::Unreadable(unreadable) => {
                self.limits.outages -= u32::from(unreadable);
                self.world.lock().unreadable = unreadable;
            }
            of_gate => open(&mut self.world.lock(), &of_gate),
        }
        settle().await;
        self.replace_stopped().await;
    }

    async fn receive(&mut self, what: What, news: News) {
        self.limits.messages -= 1;
        let number = match what {
            What::Pay(order) | What::Close(order) => order.to_string(),
            What::Book(reference) => reference.to_owned(),
        };
        let message = NewMessage {
            topic: "alitrip_flight_TradeNotify".to_owned(),
            digest: String::new(),
            user_id: None,
            published_at: None,
            received_at: wall(self.world.lock().zero),
            content: Content::Notice {
                account: self.process.account.clone(),
                notice: Notice {
                    id: format!("message-{}", self.limits.messages),
                    order: Some(OrderNumber(number)),
                    news,
                },
            },
        };
        // An error means that the journal cannot be read or written now; TOP sends the message again.
        if let Ok(receptions) = self.process.operations.receive(vec![message]).await {
            self.world.lock().say(format!("  {receptions:?}"));
        }
    }

    fn next_process(&mut self) {
        self.world.lock().crash();
        self.process = Process::start(&self.world);
    }

    /// Starts the next process if this one has stopped.
    async fn replace_stopped(&mut self) {
        if self.process.has_stopped() {
            self.world.lock().say("  stopped");
            self.next_process();
            settle().await;
        }
    }

    async fn pass_time(&self, time: Duration, stall: bool) {
        let until = Instant::now() + time;
        loop {
            let limit = self.world.lock().next_limit();
            let next = limit.map_or(until, |limit| limit.min(until));
            let left = next.saturating_duration_since(Instant::now());
            if stall {
                tokio::time::advance(left).await;
            } else {
                tokio::time::sleep(left).await;
            }
            self.world.lock().apply_limits();
            if next >= until {
                return;
            }
        }
    }

    async fn ask(&mut self, request: Request) {
        let Request {
            what,
            key,
            retry_of,
        } = request.clone();
        let write_request = WriteRequest {
            caller: "app".to_owned(),
            account: self.process.account.clone(),
            idempotency_key: format!("key-{key}"),
            path: "/".to_owned(),
            body: format!("{what:?} {retry_of:?}").into_bytes(),
            retry_of,
            allow_duplicate: what != What::Book("MODEL-A"),
            wait: None,
        };
        let total = Money::parse(TOTAL).unwrap();
        match what {
            What::Pay(order) => {
                let order_id = OrderId::new(order).unwrap();
                let pay = Pay {
                    order_id,
                    total,
                    extra: None,
                };
                self.perform(pay, write_request);
            }
            What::Close(order) => {
                let order_id = OrderId::new(order).unwrap();
                let close = Close {
                    order_id,
                    extra: None,
                };
                self.perform(close, write_request);
            }
            What::Book(reference) => {
                let mut booking = BOOKING.clone();
                booking.out_order_no = reference.parse().unwrap();
                let book = Book {
                    booking,
                    extra: None,
                };
                self.perform(book, write_request);
            }
        }
        self.requests.push(request);
        settle().await;
    }

    fn perform<W: Write>(&self, write: W, write_request: WriteRequest) {
        let (world, operations) = (self.world.clone(), self.process.operations.clone());
        let (boot, caller) = {
            let mut world = world.lock();
            let boot = world.boot;
            world.callers.push(Caller {
                boot,
                drafted: None,
                reply: None,
            });
            (boot, world.callers.len() - 1)
        };
        tokio::spawn(async move {
            let performed = operations.perform(write, write_request).await;
            world.alive(boot).await;
            let mut world = world.lock();
            let reply = reply_of(performed);
            let shown = reply.operation.map(|id| world.name(id));
            let line = match reply.standing {
                Ok(standing) => written(standing),
                Err(why) => why.to_owned(),
            };
            world.say(format!(
                "  caller {} gets: {} {line}",
                caller + 1,
                shown.unwrap_or_default()
            ));
            world.callers[caller].reply = Some(reply);
        });
    }

    fn resolve(&mut self, id: OperationId) {
        self.limits.operator -= 1;
        let resolve = {
            let mut world = self.world.lock();
            world.resolved.insert(id);
            let row = world.row(id).unwrap();
            let resolution = truth(&world, &row).unwrap();
            let made = CreatedNumbers {
                order_id: world.ledger.order_of(id).and_then(OrderId::new),
                ..CreatedNumbers::default()
            };
            Resolve {
                version: row.version,
                resolution,
                reason: "the operator knows".to_owned(),
                operator: "operator".to_owned(),
                made,
            }
        };
        let operations = self.process.operations.clone();
        tokio::spawn(async move { operations.resolve(id, &resolve).await.map(drop) });
    }

    // --- the end

    /// Opens every gate until no operation is open any more, and checks the result against the laws.
    pub(crate) async fn finish(&mut self) {
        let stopping = self.process.is_stopping();
        self.world.lock().heal(stopping);
        settle().await;
        let mut quiet = false;
        for _ in 0..200 {
            if self.is_quiet() {
                quiet = true;
                break;
            }
            self.pass_time(Duration::from_secs(5), false).await;
            self.replace_stopped().await;
        }
        let mut world = self.world.lock();
        if !quiet {
            world.violation("an operation stays open".to_owned());
        }
        world.summary();
        world.judge();
    }

    /// Whether no gate waits and no operation is open.
    pub(crate) fn is_over(&self) -> bool {
        self.world.lock().gates.is_empty() && self.is_quiet()
    }

    fn is_quiet(&self) -> bool {
        let world = self.world.lock();
        let waiting = |caller: &Caller| caller.reply.is_none() && caller.boot == world.boot;
        !world.callers.iter().any(waiting)
            && world.next_limit().is_none()
            && world.rows().iter().all(|row| match row.state() {
                State::Succeeded | State::Rejected | State::NotExecuted => {
                    row.next_look_at.is_none()
                }
                State::NeedsAttention => true,
                State::Accepted | State::Sending | State::Unknown => false,
            })
    }

    /// The trace and its hash.
    pub(crate) fn trace(&self) -> (Vec<String>, String) {
        let world = self.world.lock();
        let mut hash = Sha256::new();
        for line in &world.log {
            hash.update(line);
            hash.update("\n");
        }
        (world.log.clone(), hex::encode(hash.finalize()))
    }

    fn describe(&self, step: &Step) -> String {
        let world = self.world.lock();
        let gate = |number: &u32| {
            let gate = world.gates.iter().find(|gate| gate.number == *number);
            gate.map_or("?", |gate| &gate.label).to_owned()
        };
        match step {
            Step::Commit(g) => format!("commit: {}", gate(g)),
            Step::Fail(g) => format!("the commit fails: {}", gate(g)),
            Step::Abandon(g) => format!("the commit is reported as failed: {}", gate(g)),
            Step::Drop(g) => format!("the commit never happens: {}", gate(g)),
            Step::Acknowledge(g) => format!("acknowledge: {}", gate(g)),
            Step::LoseAcknowledgement(g) => {
                format!("the acknowledgement is lost: {}", gate(g))
            }
            Step::Leave(g) => format!("send: {}", gate(g)),
            Step::NoConnection(g) => format!("no connection: {}", gate(g)),
            Step::Execute(g) => format!("TOP executes: {}", gate(g)),
            Step::ExecuteHidden(g) => format!("TOP executes, hidden from reads: {}", gate(g)),
            Step::Forget(g) => format!("TOP never executes: {}", gate(g)),
            Step::Refuse(g, refusal) => format!("TOP refuses ({refusal:?}): {}", gate(g)),
            Step::AnswerDone(g) => format!("TOP reports success: {}", gate(g)),
            Step::Pretend(g) => format!("TOP reports success, never executes: {}", gate(g)),
            Step::AnswerTimeout(g) => format!("TOP reports a timeout: {}", gate(g)),
            Step::Break(g) => format!("the connection breaks: {}", gate(g)),
            Step::Show => "TOP shows its hidden effects".to_owned(),
            Step::AnswerRead(g) => format!("TOP responds: {}", gate(g)),
            Step::FreezeRead(g) => format!("TOP reads, responds later: {}", gate(g)),
            Step::Wait(time) => format!("wait {} ms", time.as_millis()),
            Step::Stall(time) => format!("stall {} ms", time.as_millis()),
            Step::Message(what, news) => format!("a message: {news:?}, {}", what.words()),
            Step::Ask(request) => {
                let retry = request
                    .retry_of
                    .map(|id| format!(", retry of {}", world.name(id)));
                format!(
                    "caller {} requests: {} under key {}{}",
                    self.requests.len() + 1,
                    request.what.words(),
                    request.key,
                    retry.unwrap_or_default()
                )
            }
            Step::LookUpNow(id) => format!("look up {} now", world.name(*id)),
            Step::Resolve(id) => format!("resolve {}", world.name(*id)),
            Step::Crash => "CRASH".to_owned(),
            Step::Stop => "stop".to_owned(),
            Step::Unreadable(true) => "the journal cannot be read".to_owned(),
            Step::Unreadable(false) => "the journal can be read".to_owned(),
        }
    }
}

/// The true outcome of an operation, once it cannot change any more.
fn truth(world: &World, row: &Operation) -> Option<Resolution> {
    if world.ledger.is_executed(row.id) {
        return Some(Resolution::Succeeded);
    }
    let undecided = world.gates.iter().any(|gate| match &gate.pending {
        Pending::Upstream { write, fate, .. } => {
            write.operation == Some(row.id) && *fate == Fate::Undecided
        }
        Pending::Leave(write, _) => write.subject == row.intent.subject().text(),
        Pending::Commit(..) | Pending::Acknowledge(..) | Pending::Read(..) => false,
    });
    (!undecided).then_some(Resolution::NotExecuted)
}

fn reply_of(performed: Result<Performed, Refusal>) -> Reply {
    let refused = |operation: Option<Box<Operation>>, why| Reply {
        operation: operation.map(|o| o.id),
        standing: Err(why),
    };
    match performed {
        Ok(performed) => Reply {
            operation: Some(performed.operation.id),
            standing: Ok(performed.operation.standing),
        },
        Err(Refusal::KeyReused) => refused(None, "key reused"),
        Err(Refusal::Locked(other)) => refused(Some(other), "locked"),
        Err(Refusal::AlreadyDone(other)) => refused(Some(other), "already done"),
        Err(Refusal::Duplicate(other)) => refused(Some(other), "duplicate"),
        Err(Refusal::RetryOfRequired(other)) => refused(Some(other), "retry_of required"),
        Err(Refusal::NothingToRetry) => refused(None, "nothing to retry"),
        Err(Refusal::JournalUnavailable) => refused(None, "journal unavailable"),
        Err(Refusal::NotAcknowledged) => refused(None, "not acknowledged"),
        Err(Refusal::Stopping) => refused(None, "stopping"),
    }
}
