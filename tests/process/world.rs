//! Processes, and helpers to control and query them.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::timeout;

use crate::ask::Ask;

/// The limit of every wait; a longer wait is a failure.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(30);

/// Tests run one at a time, because they measure time and start many processes.
static ONE: Mutex<()> = Mutex::const_new(());

/// A process with its output. Dropping it kills the process; a failed test prints the output.
pub(crate) struct Process {
    name: String,
    child: Child,
    output: watch::Receiver<Vec<String>>,
}

impl Process {
    /// Starts the command; its output is copied to a file beside those of the other processes.
    fn start(name: &str, mut command: Command, dir: &std::path::Path) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let file = std::fs::File::create(dir.join(format!("{name}.log"))).unwrap();
        let (lines, output) = watch::channel(Vec::new());
        let (file, lines) = (Arc::new(file), Arc::new(lines));
        keep(child.stdout.take().unwrap(), file.clone(), lines.clone());
        keep(child.stderr.take().unwrap(), file, lines);
        Self {
            name: name.to_owned(),
            child,
            output,
        }
    }

    /// Waits for the first line that contains this, including earlier lines.
    pub(crate) async fn line(&mut self, part: &str) -> String {
        let has = |lines: &Vec<String>| lines.iter().any(|line| line.contains(part));
        let found = timeout(MAX_WAIT, self.output.wait_for(has)).await;
        let lines = found
            .unwrap_or_else(|_| panic!("{} did not print {part}", self.name))
            .unwrap_or_else(|_| panic!("{} ended without printing {part}", self.name));
        lines.iter().find(|l| l.contains(part)).unwrap().clone()
    }

    /// Everything that the process printed until its end.
    pub(crate) async fn whole_output(&mut self) -> String {
        // The last of the two readers drops the sender.
        let ended = timeout(MAX_WAIT, async {
            while self.output.changed().await.is_ok() {}
        });
        ended.await.expect("the output to end");
        self.output.borrow().join("\n")
    }

    /// Waits for the process to end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        timeout(MAX_WAIT, self.child.wait())
            .await
            .unwrap_or_else(|_| panic!("{} did not end", self.name))
            .unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub(crate) fn pid(&self) -> Pid {
        let id = self.child.id().expect("a process that runs");
        Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
    }

    /// Waits until the process has stopped itself at a pause point, shortly after it logs the stop.
    pub(crate) async fn paused(&mut self) {
        self.line("stopping here until SIGCONT").await;
        let stopped = async {
            // Queries stops only, and leaves them pending, so that `end` still sees the exit.
            let ask = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(self.pid()), ask).unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let stopped = timeout(MAX_WAIT, stopped).await;
        stopped.unwrap_or_else(|_| panic!("{} did not stop", self.name));
    }

    /// Kills the process with `kill -9`, and waits for its end.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.end().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("--- {} ---", self.name);
            for line in self.output.borrow().iter() {
                println!("{line}");
            }
        }
        // The child would be killed when its handle is dropped, which is now. Wait for its end, because the next process
        // needs its journal.
        if self.child.id().is_some() && self.child.start_kill().is_ok() {
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = waitid(WaitId::Pid(self.pid()), ended);
        }
    }
}

fn keep(
    from: impl AsyncRead + Unpin + Send + 'static,
    file: Arc<std::fs::File>,
    lines: Arc<watch::Sender<Vec<String>>>,
) {
    tokio::spawn(async move {
        let mut from = BufReader::new(from).lines();
        while let Ok(Some(line)) = from.next_line().await {
            writeln!(&*file, "{line}").unwrap();
            lines.send_modify(|lines| lines.push(line));
        }
    });
}

/// The simulator, and a folder for journals.
pub(crate) struct World {
    pub(crate) top: String,
    pub(crate) dir: tempfile::TempDir,
    _simulator: Process,
    http: reqwest::Client,
    _one: MutexGuard<'static, ()>,
}

/// A gateway process that serves.
pub(crate) struct Gateway {
    pub(crate) process: Process,
    pub(crate) address: String,
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The resource that the write created: the order, refund or change of a succeeded operation.
    pub(crate) fn created(&self) -> &Value {
        let members = ["order", "refund", "change"].map(|member| &self.body[member]);
        let mut created = members.into_iter().filter(|member| member.is_object());
        created
            .next()
            .unwrap_or_else(|| panic!("nothing was created: {self:?}"))
    }

    /// The problem's code, or an empty string.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A gateway with short intervals and timeouts, on loopback and any port.
const FAST: &[(&str, &str)] = &[
    ("GATEWAY__SERVER__LISTEN", "127.0.0.1:0"),
    ("GATEWAY__AUTH__MODE", "none"),
    ("GATEWAY__TOP__APP_KEY", "12345678"),
    ("GATEWAY__TOP__APP_SECRET", "sandbox-secret"),
    ("GATEWAY__ACCOUNTS__DEFAULT__SESSION", "sandbox-session"),
    ("GATEWAY__ACCOUNTS__DEFAULT__CHANNEL", "SANDBOX"),
    ("GATEWAY__TOP__REFUND__KINDS__VOLUNTARY", "1"),
    // A fixed key gives a passenger the same id in every journal.
    (
        "GATEWAY__STORE__HASH_KEY",
        "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
    ),
    ("GATEWAY__TOP__DEADLINE", "1s"),
    ("GATEWAY__TOP__CONNECT_TIMEOUT", "500ms"),
    ("GATEWAY__TOP__QUOTA__REQUESTS_PER_SECOND", "5000"),
    ("GATEWAY__TOP__QUOTA__BURST", "5000"),
    ("GATEWAY__TOP__QUOTA__LOOKS_PER_SECOND", "2000"),
    ("GATEWAY__TOP__RETRY__BASE", "10ms"),
    ("GATEWAY__TOP__RETRY__MAX", "20ms"),
    ("GATEWAY__RECONCILE__FIRST_LOOK", "50ms"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "1s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "1200ms"),
    ("GATEWAY__RECONCILE__MAX_INTERVAL", "200ms"),
    ("GATEWAY__RECONCILE__INLINE_WAIT", "3s"),
    ("GATEWAY__RECONCILE__ATTENTION_AFTER", "60s"),
    ("GATEWAY__TELEMETRY__LOG_FORMAT", "json"),
];

/// The binary under test, without this process's environment.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fliggy-gateway"));
    command.env_clear();
    command
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Like [`World::start`], with this configuration of the simulator.
    pub(crate) async fn start_with(env: &[(&str, &str)]) -> Self {
        let one = ONE.lock().await;
        let dir = tempfile::tempdir().unwrap();
        let mut command = binary();
        command.args(["top-simulator", "--listen", "127.0.0.1:0"]);
        command.envs(env.iter().copied());
        let mut simulator = Process::start("simulator", command, dir.path());
        let line = simulator.line("listens on ").await;
        let (_, address) = line.split_once("listens on ").unwrap();
        let top = address.trim().strip_suffix("/router/rest").unwrap();
        Self {
            top: top.to_owned(),
            dir,
            _simulator: simulator,
            http: reqwest::Client::builder()
                .timeout(MAX_WAIT)
                .pool_max_idle_per_host(0)
                .no_proxy()
                .build()
                .unwrap(),
            _one: one,
        }
    }

    /// Starts any command of the binary.
    pub(crate) fn run(&self, name: &str, command: Command) -> Process {
        Process::start(name, command, self.dir.path())
    }

    /// Configures a gateway on this journal; later pairs take precedence.
    pub(crate) fn on_journal(&self, command: &mut Command, journal: &str, env: &[(&str, &str)]) {
        command
            .envs(FAST.iter().copied())
            .env(
                "GATEWAY__TOP__ENDPOINT",
                format!("{}/router/rest", self.top),
            )
            .env(
                "GATEWAY__STORE__URL",
                format!("sqlite://{}", self.path(journal).display()),
            )
            .envs(env.iter().copied());
    }

    /// A gateway on this journal, which may not serve yet.
    pub(crate) fn spawn(&self, journal: &str, env: &[(&str, &str)]) -> Process {
        let mut command = binary();
        command.arg("serve");
        self.on_journal(&mut command, journal, env);
        self.run(journal, command)
    }

    pub(crate) async fn gateway(&self, journal: &str, env: &[(&str, &str)]) -> Gateway {
        Gateway::serving(self.spawn(journal, env)).await
    }

    /// The path of a journal, or of another file beside it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A connection to a journal.
    pub(crate) async fn connected(&self, journal: &str) -> SqliteConnection {
        let url = format!("sqlite://{}", self.path(journal).display());
        SqliteConnection::connect(&url).await.unwrap()
    }

    /// Runs SQL on a journal.
    pub(crate) async fn sql(&self, journal: &str, sql: &str) {
        let mut connection = self.connected(journal).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn get(&self, base: &str, path: &str) -> Answer {
        let sent = read(self.http.get(format!("{base}{path}"))).await;
        sent.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) async fn post(&self, base: &str, path: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{base}{path}"));
        let request = request.header(CONTENT_TYPE, "application/json");
        let sent = read(request.body(body.to_string())).await;
        sent.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Sends a write; the gateway may die during the request.
    pub(crate) async fn ask(
        &self,
        base: &str,
        ask: &Ask,
        wait: Option<u32>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self
            .http
            .post(format!("{base}{}", ask.path))
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", &ask.key)
            .body(ask.body.to_string());
        if let Some(seconds) = wait {
            request = request.header("Prefer", format!("wait={seconds}"));
        }
        read(request).await
    }

    /// Adds a fault to the simulator.
    pub(crate) async fn fault(&self, rule: Value) {
        let answer = self.post(&self.top, "/_simulator/faults", &rule).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// A valid booking of the first offer that anybody may book.
    pub(crate) async fn example(&self, gateway: &Gateway) -> Value {
        let search = json!({
            "journeys": [{
                "from": "BJS", "to": "XMN", "date": "2030-05-20",
                "flights": [{
                    "flight_no": "CZ8957", "departure_time": "2030-05-20T08:45:00+08:00",
                    "from_airport": "PKX", "to_airport": "XMN",
                    "operating_flight_no": null, "cabin": null,
                }],
            }],
        });
        let found = self
            .post(&gateway.address, "/v1/flights/search", &search)
            .await;
        assert_eq!(found.status, 200, "{found:?}");
        let items = found.body["items"].as_array().unwrap();
        let offer = items
            .iter()
            .find(|o| o["bookable"] == json!(true) && o["member_fare"].is_null())
            .expect("a plain offer");
        let adult = &offer["prices"]["adult"];
        let yuan = |field: &str| -> f64 { adult[field].as_str().unwrap().parse().unwrap() };
        json!({
            "offer": offer,
            "passengers": [{
                "name": "测试旅客", "type": "adult",
                "document": {"type": "id_card", "number": "11010119900307002X", "expires_on": null},
                "birth_date": "1990-03-07", "gender": "male", "nationality": null,
                "mobile_country_code": "86", "mobile": "13000000000",
            }],
            "contact": {
                "name": "测试联系人", "mobile_country_code": "86", "mobile": "13000000000",
                "phone": null, "email": "test@example.com", "document": null,
            },
            "total_price": format!("{:.2}", yuan("fare") + yuan("taxes_total")),
        })
    }

    /// An order booked under this number.
    pub(crate) async fn booked(&self, gateway: &Gateway, out_order_no: &str) -> Value {
        let ask = Ask::book(&self.example(gateway).await, out_order_no);
        let booked = self.ask(&gateway.address, &ask, Some(20)).await.unwrap();
        assert_eq!(booked.status, 201, "{booked:?}");
        booked.created().clone()
    }

    /// Waits until the simulator has received this write.
    pub(crate) async fn until_received(&self, ask: &Ask) {
        let received = async {
            while self.received(ask.kind, &ask.subject).await == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(MAX_WAIT, received).await.expect("a call upstream");
    }

    /// All operations in this state, newest first.
    pub(crate) async fn in_state(&self, gateway: &Gateway, state: &str) -> Vec<Value> {
        self.all(gateway, &format!("state={state}&")).await
    }

    /// All operations that match, newest first.
    pub(crate) async fn all(&self, gateway: &Gateway, filter: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/operations?{filter}limit=200{cursor}");
            let page = self.get(&gateway.address, &path).await;
            assert_eq!(page.status, 200, "{page:?}");
            found.extend(page.body["items"].as_array().unwrap().iter().cloned());
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    /// One operation with its timeline.
    pub(crate) async fn operation(&self, gateway: &Gateway, id: &str) -> Value {
        let answer = self
            .get(&gateway.address, &format!("/v1/operations/{id}"))
            .await;
        assert_eq!(answer.status, 200, "{id} is lost: {answer:?}");
        answer.body
    }

    /// One operation, once it has settled.
    pub(crate) async fn settled(&self, gateway: &Gateway, id: &str) -> Value {
        let path = format!("/v1/operations/{id}?wait=25s");
        let operation = self.get(&gateway.address, &path).await.body;
        assert!(!operation["settled_at"].is_null(), "{operation}");
        operation
    }

    /// Waits until no operation is open; none may need attention. An operation without a
    /// known resource as a control settles once there is one.
    pub(crate) async fn drained(&self, gateway: &Gateway) {
        let drain = async {
            for state in ["accepted", "sending", "unknown"] {
                while let Some(open) = self.in_state(gateway, state).await.first() {
                    let id = open["id"].as_str().unwrap();
                    self.get(&gateway.address, &format!("/v1/operations/{id}?wait=20s"))
                        .await;
                }
            }
        };
        timeout(MAX_WAIT, drain).await.expect("nothing open");
        let compared = async {
            let alone = |operation: &Value| operation["attention"] == "no_control";
            while self
                .in_state(gateway, "needs_attention")
                .await
                .iter()
                .any(alone)
            {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        // The assertion below reports the operations that are left.
        let _ = timeout(MAX_WAIT, compared).await;
        let for_a_person = self.in_state(gateway, "needs_attention").await;
        assert!(for_a_person.is_empty(), "{for_a_person:?}");
    }
}

impl Gateway {
    /// Waits until the process logs its address.
    pub(crate) async fn serving(mut process: Process) -> Self {
        let line = process.line(r#""message":"serving""#).await;
        let line: Value = serde_json::from_str(&line).unwrap();
        let address = format!("http://{}", line["address"].as_str().unwrap());
        Self { process, address }
    }

    /// Stops the process with a signal, and waits for its end.
    pub(crate) async fn stop(&mut self) {
        self.process.signal(Signal::TERM);
        assert!(self.process.end().await.success());
    }

    /// Waits until the process logs its address; `None` if it was killed before.
    pub(crate) async fn serving_or_killed(mut process: Process) -> Option<Self> {
        let serving = r#""message":"serving""#;
        let has = |lines: &Vec<String>| lines.iter().any(|line| line.contains(serving));
        // An error is the end of the output.
        let is_serving = timeout(MAX_WAIT, process.output.wait_for(has))
            .await
            .expect("a process that serves or ends")
            .is_ok();
        if is_serving {
            return Some(Self::serving(process).await);
        }
        assert_eq!(process.end().await.signal(), Some(Signal::KILL.as_raw()));
        None
    }
}

/// The states of an operation in order, each once.
pub(crate) fn states(operation: &Value) -> Vec<&str> {
    let timeline = operation["timeline"].as_array().unwrap();
    let mut states: Vec<_> = timeline
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect();
    states.dedup();
    states
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    Ok(Answer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    })
}
