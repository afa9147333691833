//! The proxy between the agent and the emulator: it records every call, and slows, breaks or holds
//! the ones that a test chooses.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::serve::ListenerExt;
use http::{HeaderMap, Response, StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::bucket::Bucket;
use super::call::{Asked, Call};
use super::chaos::{Chaos, Harm, TOO_LATE, Weather, hang_up, torn};
use super::count::{Count, Number};
use super::faults::Fault;
use super::hold::{Gate, Held, Place, Which};
use super::operation::{Operation, age_of, key_of};
use super::upstream::Upstream;

/// The largest request that is passed on; the agent's own are far below.
const LARGEST_REQUEST: usize = 16 * 1024 * 1024;

#[derive(Debug, Default)]
struct Rules {
    calls: Vec<Call>,
    /// Counts the clearings of `calls`: a call of before must not write into the new list.
    generation: usize,
    latency: Duration,
    faults: Vec<Fault>,
    buckets: Vec<Bucket>,
    gates: Vec<Arc<Gate>>,
    chaos: Option<Chaos>,
    signed_for: Option<Duration>,
    count: Count,
}

#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    rules: Mutex<Rules>,
}

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gate(&self, operation: &Operation, number: Option<Number>, place: Place) -> Option<Arc<Gate>> {
        let rules = self.rules();
        rules.gates.iter().find(|gate| gate.concerns(operation, number, place)).cloned()
    }
}

/// A reverse proxy on a loopback port, served by a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy in front of `upstream`, an address with a port.
    ///
    /// # Errors
    ///
    /// When no loopback port can be opened.
    pub fn start(upstream: &str) -> Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .context("opening a loopback port for the AWS proxy")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;

        let shared = Arc::new(Shared { upstream: Upstream::at(upstream), rules: Mutex::default() });
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let router = Router::new().fallback(forward).with_state(Arc::clone(&shared));
        let thread = thread::Builder::new().name("aws-proxy".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else {
                    return;
                };
                let listener = listener.tap_io(|stream| {
                    // Without it, small answers wait for acknowledgements.
                    let _ = stream.set_nodelay(true);
                });
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Its URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every call since the start or the last [`clear`](Self::clear), in the order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.rules().calls.clone()
    }

    /// The calls that may have changed something.
    #[must_use]
    pub fn mutations(&self) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.mutating);
        calls
    }

    /// Forgets the calls so far.
    pub fn clear(&self) {
        let mut rules = self.shared.rules();
        rules.calls.clear();
        rules.generation += 1;
        rules.count = Count::default();
    }

    /// Delays every later call by this long, before AWS sees it.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.rules().latency = latency;
    }

    /// Answers the next `times` calls of an operation with an error of the right shape for its
    /// protocol, without showing them to AWS. Several rules for one operation take turns in order.
    pub fn fail(&self, service: &str, operation: &str, status: u16, code: &str, message: &str, times: usize) {
        self.shared.rules().faults.push(Fault {
            service: service.to_owned(),
            operation: operation.to_owned(),
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            times,
        });
    }

    /// From now on each of these services answers `burst` calls at once, and then so many a
    /// second; what is too much is refused as the service refuses it.
    pub fn throttle(&self, services: &[&str], burst: u32, per_second: f64) {
        let buckets = services.iter().map(|service| Bucket::new(service, burst, per_second));
        self.shared.rules().buckets.extend(buckets);
    }

    /// Takes back every error that is still to come.
    pub fn heal(&self) {
        let mut rules = self.shared.rules();
        rules.faults.clear();
        rules.buckets.clear();
    }

    /// Does random harm to every later call.
    pub fn set_weather(&self, weather: Weather) {
        self.shared.rules().chaos = Some(Chaos::new(weather));
    }

    /// Refuses calls that were signed longer ago than this, as most of AWS does after five minutes.
    pub fn refuse_older_than(&self, age: Duration) {
        self.shared.rules().signed_for = Some(age);
    }

    /// Does no more harm.
    pub fn calm(&self) {
        self.shared.rules().chaos = None;
    }

    /// Mutations since the calls were cleared, heartbeats not counted.
    #[must_use]
    pub fn mutations_counted(&self) -> usize {
        self.shared.rules().count.mutations
    }

    /// Reads since the calls were cleared, but for those of what nobody changed since it was read before.
    #[must_use]
    pub fn reads_counted(&self) -> usize {
        self.shared.rules().count.reads
    }

    /// Holds the so many-th mutation (from 1) since the calls were cleared, heartbeats not counted.
    pub fn hold_mutation(&self, number: usize, place: Place) -> Held {
        self.hold_which(Which::Numbered(Number::Mutation(number)), place)
    }

    /// Holds the so many-th read (from 1), counted as [`reads_counted`](Self::reads_counted) does. AWS has
    /// changed nothing between question and answer: before it and after it is the same point.
    pub fn hold_read(&self, number: usize) -> Held {
        self.hold_which(Which::Numbered(Number::Read(number)), Place::Request)
    }

    /// Waits until AWS has done all that it was asked, also by callers that were killed meanwhile:
    /// nothing of theirs lands any more. False when `patience` ran out first.
    #[must_use]
    pub fn wait_done(&self, patience: Duration) -> bool {
        self.shared.upstream.wait_done(patience)
    }

    /// Holds every call of an operation before AWS sees it. A caller that is killed meanwhile
    /// takes its call with it: AWS never sees it.
    pub fn hold(&self, service: &str, operation: &str) -> Held {
        self.hold_at(service, operation, Place::Request)
    }

    /// Holds every call of an operation after AWS has done it, before the caller learns of it.
    pub fn hold_answer(&self, service: &str, operation: &str) -> Held {
        self.hold_at(service, operation, Place::Answer)
    }

    /// Holds the next call of an operation before AWS sees it; later ones pass.
    pub fn hold_first(&self, service: &str, operation: &str) -> Held {
        let which = Which::First { service: service.to_owned(), operation: operation.to_owned() };
        self.hold_which(which, Place::Request)
    }

    fn hold_at(&self, service: &str, operation: &str, place: Place) -> Held {
        let which = Which::Operation { service: service.to_owned(), operation: operation.to_owned() };
        self.hold_which(which, place)
    }

    fn hold_which(&self, which: Which, place: Place) -> Held {
        let gate = Gate::new(which, place);
        let mut rules = self.shared.rules();
        rules.gates.retain(|gate| !gate.is_open());
        rules.gates.push(Arc::clone(&gate));
        Held(gate)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the thread has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    // Read to its end: only then is a caller noticed that goes away while its call is held.
    let body = match to_bytes(body, LARGEST_REQUEST).await {
        Ok(bytes) => bytes,
        Err(error) => return broken(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let form = if is_form(&parts.headers) { body.to_vec() } else { Vec::new() };
    let operation = Operation::of(&parts.method, &parts.uri, &parts.headers, &form);
    let asked = Asked { path: parts.uri.to_string(), body: body.clone() };
    let (entry, number, harm) = Entry::record(&shared, &operation, &parts.headers, asked);

    let latency = shared.rules().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if let Some(gate) = shared.gate(&operation, number, Place::Request) {
        gate.pass().await;
    }
    if let Some(fault) = take_fault(&shared, &operation) {
        let answer = fault.answer(operation.protocol);
        entry.answered(&shared, answer.status(), true);
        return answer;
    }

    if let Some((status, code, message)) = harm.and_then(Harm::answer) {
        let answer = Fault::once(&operation, status, code, message).answer(operation.protocol);
        entry.answered(&shared, answer.status(), true);
        return answer;
    }
    let signed_for = shared.rules().signed_for;
    if signed_for.is_some_and(|most| age_of(&parts.headers) > operation.signed_for(most)) {
        let answer = Fault::expired(&operation).answer(operation.protocol);
        entry.answered(&shared, answer.status(), true);
        return answer;
    }
    if harm == Some(Harm::Reset) {
        hang_up();
    }

    let answer = match shared.upstream.ask(Request::from_parts(parts, Body::from(body))).await {
        Ok(answer) => answer,
        Err(error) => broken(StatusCode::BAD_GATEWAY, &format!("{error:#}")),
    };
    if let Some(gate) = shared.gate(&operation, number, Place::Answer) {
        gate.pass().await;
    }
    match harm {
        Some(Harm::LostReply) => hang_up(),
        Some(Harm::TooLate) => {
            tokio::time::sleep(TOO_LATE).await;
            hang_up()
        }
        Some(Harm::Torn) => return torn(answer).await,
        Some(Harm::Disowned) => {
            let fault = Fault::once(&operation, 500, "InternalFailure", "We failed; perhaps it was done");
            let answer = fault.answer(operation.protocol);
            entry.answered(&shared, answer.status(), false);
            return answer;
        }
        Some(Harm::Throttled | Harm::Failed | Harm::Refused | Harm::Reset) | None => {}
    }
    entry.answered(&shared, answer.status(), false);
    answer
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

fn broken(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("AWS proxy: {message}\n")));
    *response.status_mut() = status;
    response
}

fn take_fault(shared: &Shared, operation: &Operation) -> Option<Fault> {
    let mut rules = shared.rules();
    if let Some(bucket) = rules.buckets.iter_mut().find(|bucket| bucket.service() == operation.service)
        && !bucket.takes(Instant::now())
    {
        return Some(Fault::throttled(operation));
    }
    let fault = rules.faults.iter_mut().find(|fault| fault.concerns(operation))?;
    fault.times -= 1;
    Some(fault.clone())
}

/// A call's place in the list.
struct Entry {
    index: usize,
    generation: usize,
}

impl Entry {
    /// Notes a call; answers its number, and what happens to it.
    fn record(
        shared: &Shared,
        operation: &Operation,
        headers: &HeaderMap,
        asked: Asked,
    ) -> (Self, Option<Number>, Option<Harm>) {
        let mut rules = shared.rules();
        let number = rules.count.next(operation, &asked);
        let harm = rules.chaos.as_mut().and_then(|chaos| chaos.next(operation, &asked));
        rules.calls.push(Call {
            service: operation.service.clone(),
            operation: operation.name.clone(),
            mutating: operation.is_mutating(),
            key: key_of(headers),
            asked,
            harm,
            started: Instant::now(),
            ended: None,
            status: None,
            injected: false,
        });
        (Self { index: rules.calls.len() - 1, generation: rules.generation }, number, harm)
    }

    fn answered(&self, shared: &Shared, status: StatusCode, injected: bool) {
        let mut rules = shared.rules();
        if rules.generation != self.generation {
            return;
        }
        if let Some(call) = rules.calls.get_mut(self.index) {
            call.ended = Some(Instant::now());
            call.status = Some(status.as_u16());
            call.injected = injected;
        }
    }
}
