//! What commands print with `--json`: one document each, with the version of
//! its shape and its kind. docs/json.md shows each; their JSON Schemas are made
//! from these types, and stand under schema/json.

mod environment;
mod journal;
mod run;
mod schema;

use serde::Serialize;

pub use environment::{
    Checked, Drawn, Drift, DriftOf, Judgement, Lock, Outputs, PolicyTest, ProblemOf, Status, StatusOf,
};
pub use journal::{Ended, FaultOf, Historied, Locked, OpenRun, RunOf};
pub use run::{Fault, Planned, Problem};
pub use schema::{KINDS, json_schema};

use crate::{
    environment::Reading,
    graph::Graph,
    policy::test::TestReport,
    report::{Event, Outcome, adoption::Adoption},
};

/// The version of every shape here; raised when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// What is printed: the version and the kind, and beside them what is told.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Document<B> {
    /// The version of this shape.
    pub schema: u32,
    /// Which shape it is.
    pub kind: &'static str,
    /// What is told.
    #[serde(flatten)]
    pub body: B,
}

fn document<B>(kind: &'static str, body: B) -> Document<B> {
    Document { schema: VERSION, kind, body }
}

/// What `check` found; how long it took, where that is told.
pub fn check(reading: &Reading, took_ms: Option<u64>) -> Document<Checked<'_>> {
    document("check", Checked::of(reading, took_ms))
}

/// A plan: also what `plan --out` writes.
pub fn plan(planned: Planned) -> Document<Planned> {
    document("plan", planned)
}

/// What came of `apply` or `destroy`.
pub fn outcome(outcome: &Outcome) -> Document<&Outcome> {
    document("outcome", outcome)
}

/// What `drift` found.
pub fn drift(environments: Vec<DriftOf>, problems: Vec<ProblemOf>) -> Document<Drift> {
    document("drift", Drift { environments, problems })
}

/// What `status` knows.
pub fn status(environments: Vec<StatusOf>, problems: Vec<ProblemOf>) -> Document<Status> {
    document("status", Status { environments, problems })
}

/// What `history` tells.
pub fn history(history: Historied) -> Document<Historied> {
    document("history", history)
}

/// Who holds the lock, and what was released.
pub fn lock(lock: Locked) -> Document<Locked> {
    document("lock", lock)
}

/// What `adopt` found, and what it recorded.
pub fn adoption(adoption: &Adoption) -> Document<&Adoption> {
    document("adoption", adoption)
}

/// The outputs of the last deploy.
pub fn outputs(outputs: Outputs) -> Document<Outputs> {
    document("outputs", outputs)
}

/// How the policies' tests went.
pub fn policy_test(report: TestReport) -> Document<PolicyTest> {
    document("policy_test", PolicyTest { passed: report.has_passed(), report })
}

/// What the policies say of an environment or its plan.
pub fn verdict(judgement: Judgement) -> Document<Judgement> {
    document("verdict", judgement)
}

/// An environment's objects and what they need.
pub fn graph(graph: &Graph) -> Document<Drawn> {
    document("graph", Drawn::of(graph))
}

/// Something that happens while a command works: a line on standard error.
pub fn event(event: &Event) -> Document<&Event> {
    document("event", event)
}

/// Why a command did not do what it was asked to; with what was done, if anything was.
pub fn error(problem: Problem) -> Document<Problem> {
    document("error", problem)
}
