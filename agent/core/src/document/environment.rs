use std::collections::BTreeMap;

use serde::Serialize;

use super::{Planned, Problem, journal::OpenRun};
use crate::{
    Address,
    environment::{Diagnostic, EnvironmentName, Reading},
    graph::{Graph, Node},
    journal::Run,
    lease::{LockInfo, LockItem},
    policy::{Verdict, test::TestReport},
    resource::Kind,
    state::{LastRun, State},
};

/// What a check found.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Checked<'r> {
    /// How many errors.
    pub errors: usize,
    /// How many warnings.
    pub warnings: usize,
    /// How long it took in milliseconds; told by `watch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// Every environment that was checked, by name.
    pub environments: Vec<CheckedEnvironment<'r>>,
    /// Everything that was found. Bytes begin at 0, lines and columns (in characters) at 1.
    pub diagnostics: &'r [Diagnostic],
}

/// An environment that was checked.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct CheckedEnvironment<'r> {
    /// Its name.
    pub name: &'r str,
    /// Whether it can be used as it is written; policies may still deny it.
    pub ok: bool,
    /// Its file, and what that extends.
    pub files: &'r [String],
}

impl<'r> Checked<'r> {
    pub(super) fn of(reading: &'r Reading, took_ms: Option<u64>) -> Self {
        let errors = reading.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let sound = reading.environments.iter().map(|one| CheckedEnvironment {
            name: one.name.as_str(),
            ok: true,
            files: &one.files,
        });
        let broken = reading.broken.iter().map(|one| CheckedEnvironment {
            name: one.name.as_str(),
            ok: false,
            files: &one.files,
        });
        let mut environments: Vec<CheckedEnvironment<'_>> = sound.chain(broken).collect();
        environments.sort_by_key(|checked| checked.name);
        let diagnostics = &reading.diagnostics;
        Self { errors, warnings: diagnostics.len() - errors, took_ms, environments, diagnostics }
    }
}

/// What was found of drift.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Drift {
    /// Every environment that was looked at.
    pub environments: Vec<DriftOf>,
    /// Those that could not be looked at, and why.
    pub problems: Vec<ProblemOf>,
}

/// What was found of one environment's drift.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct DriftOf {
    /// Which.
    pub environment: String,
    /// Whether anything differs; null when nothing was ever deployed.
    pub drifted: Option<bool>,
    /// What would bring it back to what was deployed; null when nothing was.
    pub plan: Option<Planned>,
}

/// Why an environment could not be looked at, while others could.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct ProblemOf {
    /// Which.
    pub environment: String,
    /// Why.
    #[serde(flatten)]
    pub problem: Problem,
}

/// What is known of environments.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Status {
    /// Every one that was asked for.
    pub environments: Vec<StatusOf>,
    /// Those that could not be looked at, and why.
    pub problems: Vec<ProblemOf>,
}

/// What is known of one environment without looking at its objects.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct StatusOf {
    /// Which.
    pub environment: EnvironmentName,
    /// The commit that was last deployed to the end; null when none was, or it was a folder.
    pub deployed_commit: Option<String>,
    /// When that was, RFC 3339.
    pub deployed_at: Option<String>,
    /// The pull request that was applied last, where that was before its merge; null otherwise.
    pub proposed: Option<u64>,
    /// What the last run came to.
    pub last_run: Option<LastRun>,
    /// The state's serial; null before the first deploy.
    pub serial: Option<u64>,
    /// Everything that is recorded, by address.
    pub objects: BTreeMap<Address, RecordedObject>,
    /// The outputs of the last deploy.
    pub outputs: BTreeMap<String, String>,
    /// Who holds the lock; null when it is free.
    pub lock: Option<Lock>,
    /// The run that began and did not end; null when there is none.
    pub open_run: Option<OpenRun>,
    /// Whether the table of runs stands; nothing can be deployed without it.
    pub has_run_table: bool,
    /// The serial that the journal knows, where the state that stands is not that one and is not used; null
    /// when it is.
    pub regressed_behind: Option<u64>,
}

/// One object as it is recorded.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RecordedObject {
    /// What it is.
    pub kind: Kind,
    /// Its ARN, or the id that AWS's calls want.
    pub id: String,
}

/// A lock that is held.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Lock {
    /// Whether an agent or this command line holds it: then it runs out by itself.
    pub is_agents: bool,
    /// What Terraform's users see of it.
    #[serde(flatten)]
    pub info: LockInfo,
}

impl Lock {
    /// The lock as it was read.
    pub fn new(item: &LockItem) -> Self {
        Self { is_agents: item.mark.is_some(), info: item.terraform_info() }
    }
}

impl StatusOf {
    /// What state, lock and fence tell.
    pub fn new(
        environment: EnvironmentName,
        state: Option<&State>,
        lock: Option<&LockItem>,
        open_run: Option<&Run>,
        has_run_table: bool,
        regressed_behind: Option<u64>,
    ) -> Self {
        let recorded = |state: &State| {
            let object = |(address, recorded): (&Address, &crate::state::Recorded)| {
                let object = RecordedObject { kind: recorded.resource.kind(), id: recorded.id.clone() };
                (address.clone(), object)
            };
            state.objects.iter().map(object).collect()
        };
        Self {
            environment,
            deployed_commit: state.and_then(|state| state.deployed_commit.clone()),
            deployed_at: state.and_then(|state| state.deployed_at.clone()),
            proposed: state.and_then(|state| state.proposed),
            last_run: state.and_then(|state| state.last_run.clone()),
            serial: state.map(|state| state.serial),
            objects: state.map(recorded).unwrap_or_default(),
            outputs: state.map(|state| state.outputs.clone()).unwrap_or_default(),
            lock: lock.map(Lock::new),
            open_run: open_run.map(|run| OpenRun::new(run, lock)),
            has_run_table,
            regressed_behind,
        }
    }
}

/// The outputs of the last deploy.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Outputs {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// By name.
    pub outputs: BTreeMap<String, String>,
}

/// How the policies' tests went.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct PolicyTest {
    /// Whether every test passed.
    pub passed: bool,
    /// Each test, and which lines they reach.
    #[serde(flatten)]
    pub report: TestReport,
}

/// What the policies say of an environment or its plan.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Judgement {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// Whether nothing denies.
    pub allowed: bool,
    /// What each rule said.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Judgement {
    /// The verdict, and what it comes to.
    pub fn new(environment: EnvironmentName, verdict: Verdict) -> Self {
        Self { environment, allowed: verdict.is_allowed(), verdict }
    }
}

/// An environment's objects and what they need.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Drawn {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// Everything in it, by address.
    pub nodes: Vec<DrawnNode>,
    /// What needs what.
    pub edges: Vec<DrawnEdge>,
}

/// One thing in the graph.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct DrawnNode {
    /// Its address.
    pub address: Address,
    /// Its part in the environment.
    pub role: Role,
    /// What it is: a kind of AWS object, of external, or of network part; null when it is not managed yet.
    pub of_kind: Option<&'static str>,
}

/// What part something has in an environment.
#[derive(Clone, Copy, Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It is made.
    Object,
    /// It is referred to, never written.
    External,
    /// It is looked up, never written.
    Network,
    /// It is described, and this version does not manage it.
    NotYetManaged,
}

/// From something to what it needs.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct DrawnEdge {
    /// What needs.
    pub from: Address,
    /// What is needed.
    pub to: Address,
}

impl Drawn {
    pub(super) fn of(graph: &Graph) -> Self {
        let nodes = graph.nodes.iter().map(|(address, node)| {
            let (role, of_kind) = match node {
                Node::Object(kind) => (Role::Object, Some(kind.as_str())),
                Node::External(kind) => (Role::External, Some(*kind)),
                Node::Network(part) => (Role::Network, Some(*part)),
                Node::NotYetManaged => (Role::NotYetManaged, None),
            };
            DrawnNode { address: address.clone(), role, of_kind }
        });
        let edges = graph.edges.iter().map(|edge| DrawnEdge { from: edge.from.clone(), to: edge.to.clone() });
        Self { environment: graph.environment.clone(), nodes: nodes.collect(), edges: edges.collect() }
    }
}
