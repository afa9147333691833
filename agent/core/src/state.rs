//! The state: what the agent made, and what it last made of it. It never
//! holds a secret's value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Address,
    environment::EnvironmentName,
    hash::canonical_hash,
    lease::StateMark,
    plan::Action,
    report::{ChangeOutcome, ChangeResult},
    resource::{Desired, Observed, Resource},
    rollout::{EcsRelease, Track},
};

/// The version of the state's format.
pub const STATE_SCHEMA: u32 = 1;

/// Everything that is known of one environment between runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The version of this format.
    pub schema: u32,
    /// Whose state it is.
    pub environment: EnvironmentName,
    /// Set when the state is first made: two histories never mix.
    pub lineage: String,
    /// Grows with every write.
    pub serial: u64,
    /// The fence of the lease under which it was written; never falls.
    pub fence: u64,
    /// The commit that was last applied to the end.
    pub deployed_commit: Option<String>,
    /// When that was, RFC 3339.
    pub deployed_at: Option<String>,
    /// The pull request that was applied last, where that was before its merge:
    /// as long as it is open, what the branch says waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<u64>,
    /// What the last run that ended came to.
    pub last_run: Option<LastRun>,
    /// Every object that stands, or may stand.
    pub objects: BTreeMap<Address, Recorded>,
    /// The outputs that are known.
    pub outputs: BTreeMap<String, String>,
    /// What rollouts made of each service that they moved, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tracks: BTreeMap<String, Track>,
    /// The releases that ECS itself carries out, by their services' names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ecs_releases: BTreeMap<String, EcsRelease>,
}

/// What the last run that ended came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LastRun {
    /// The commit it worked for.
    pub commit: Option<String>,
    /// Whether everything was done.
    pub succeeded: bool,
    /// When it ended, RFC 3339.
    pub ended_at: String,
    /// In one sentence.
    pub summary: String,
    /// What failed, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<RunFailure>,
    /// It failed for a reason that does not pass by itself: the agent does not
    /// try the same version again before something changes, or somebody asks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quarantined: bool,
}

/// One change that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunFailure {
    /// On what.
    pub address: Address,
    /// What was tried.
    pub action: Action,
    /// Why not, shortened.
    pub why: String,
}

impl LastRun {
    /// So many failures of a run are kept.
    const MOST_FAILURES: usize = 5;
    /// So many characters of each reason are kept.
    const LONGEST_WHY: usize = 500;

    /// What a run that ended failed at: what is kept of it.
    pub fn failures(changes: &[ChangeOutcome]) -> Vec<RunFailure> {
        let failed = changes.iter().filter_map(|change| match &change.result {
            ChangeResult::Failed { why, kind: _ } => Some(RunFailure {
                address: change.address.clone(),
                action: change.action,
                why: why.chars().take(Self::LONGEST_WHY).collect(),
            }),
            ChangeResult::Done | ChangeResult::Skipped { .. } => None,
        });
        failed.take(Self::MOST_FAILURES).collect()
    }
}

/// One object that the agent made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its ARN, or the id that AWS's calls want.
    pub id: String,
    /// What it was last made to be; every link is known.
    pub resource: Resource,
    /// The hash of that.
    pub hash: String,
    /// What else is known of it.
    pub attributes: BTreeMap<String, String>,
    /// What it needs; it goes before these go.
    pub dependencies: Vec<Address>,
}

/// Why a stored state is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// It is not JSON of this shape.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It is of a newer version.
    #[error("it has format {0}, and this version of pointsman knows format {STATE_SCHEMA}")]
    Newer(u32),
    /// Its content is not what was written.
    #[error("its digest does not match its content: it was changed by hand, or torn")]
    Digest,
    /// It is another environment's.
    #[error("it belongs to the environment {0}")]
    Foreign(EnvironmentName),
}

/// The state as it is stored: with a digest of its own content.
#[derive(Serialize, Deserialize)]
struct Stored<S> {
    digest: String,
    state: S,
}

impl State {
    /// The state of an environment that nothing was made for.
    pub fn new(environment: EnvironmentName, lineage: String) -> Self {
        Self {
            schema: STATE_SCHEMA,
            environment,
            lineage,
            serial: 0,
            fence: 0,
            deployed_commit: None,
            deployed_at: None,
            proposed: None,
            last_run: None,
            objects: BTreeMap::new(),
            outputs: BTreeMap::new(),
            tracks: BTreeMap::new(),
            ecs_releases: BTreeMap::new(),
        }
    }

    /// The text to store.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let digest = canonical_hash(self)?;
        serde_json::to_string_pretty(&Stored { digest, state: self })
    }

    /// Which state it is, for the journal.
    pub fn mark(&self) -> Result<StateMark, serde_json::Error> {
        Ok(StateMark { lineage: self.lineage.clone(), serial: self.serial, digest: canonical_hash(self)? })
    }

    /// Which state a text is that [`Self::from_text`] accepts: by the digest as
    /// it was written, whatever this version would write.
    pub fn mark_of(text: &str) -> Option<StateMark> {
        let stored: Stored<serde_json::Value> = serde_json::from_str(text).ok()?;
        let serial = stored.state.get("serial")?.as_u64()?;
        let lineage = stored.state.get("lineage").and_then(serde_json::Value::as_str).unwrap_or_default();
        Some(StateMark { lineage: lineage.to_owned(), serial, digest: stored.digest })
    }

    /// Reads what [`Self::to_text`] wrote, and only that.
    pub fn from_text(text: &str, environment: &EnvironmentName) -> Result<Self, StateError> {
        let unreadable = |error: serde_json::Error| StateError::Unreadable(error.to_string());
        let stored: Stored<serde_json::Value> = serde_json::from_str(text).map_err(unreadable)?;
        let schema = stored.state.get("schema").and_then(serde_json::Value::as_u64).unwrap_or_default();
        if schema > u64::from(STATE_SCHEMA) {
            return Err(StateError::Newer(u32::try_from(schema).unwrap_or(u32::MAX)));
        }
        if canonical_hash(&stored.state).map_err(unreadable)? != stored.digest {
            return Err(StateError::Digest);
        }
        let state: Self = serde_json::from_value(stored.state).map_err(unreadable)?;
        if state.environment == *environment {
            Ok(state)
        } else {
            Err(StateError::Foreign(state.environment))
        }
    }

    /// Records that an object stands and was made to be this, and what it needs.
    pub fn record(
        &mut self,
        desired: &Desired,
        live: &Observed,
        dependencies: &[Address],
    ) -> Result<(), serde_json::Error> {
        let recorded = Recorded {
            id: live.id.clone(),
            hash: canonical_hash(&desired.resource)?,
            resource: desired.resource.clone(),
            attributes: live.attributes.clone(),
            dependencies: dependencies.to_vec(),
        };
        self.objects.insert(desired.address.clone(), recorded);
        Ok(())
    }

    /// Takes over what is known of a recorded object only by now.
    pub fn refresh(&mut self, address: &Address, live: &Observed) {
        if let Some(recorded) = self.objects.get_mut(address).filter(|recorded| recorded.id == live.id) {
            recorded.attributes.clone_from(&live.attributes);
        }
    }

    /// Keeps the object at an address under a name of its own, because another
    /// takes its place; returns that name.
    pub fn retire(&mut self, address: &Address) -> Option<Address> {
        let recorded = self.objects.remove(address)?;
        let retired = retired_address(address, &recorded.id);
        self.objects.insert(retired.clone(), recorded);
        Some(retired)
    }
}

/// Where a replaced object is recorded until it is deleted.
pub fn retired_address(address: &Address, id: &str) -> Address {
    address.part(&format!("retired-{}", &crate::hash::text_hash(id)[..8]))
}

/// The address that a retired object once had; the address itself for others.
pub fn unretired(address: &Address) -> Address {
    match address.as_str().rsplit_once(".retired-") {
        Some((before, _)) => Address::parse(before).unwrap_or_else(|| address.clone()),
        None => address.clone(),
    }
}
