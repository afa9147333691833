use serde::{Deserialize, Serialize};

/// The lock item as it stands in Terraform's table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockItem {
    /// `<bucket>/<key>`.
    pub lock_id: String,
    /// The JSON that Terraform reads and prints, exactly as stored.
    pub info: String,
    /// What the agent adds; Terraform's and people's locks have none.
    pub mark: Option<AgentMark>,
}

/// What the agent adds to its own lock items.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AgentMark {
    /// This run, a uuid.
    pub owner: String,
    /// Grows with every taking of the lock.
    pub fence: u64,
    /// Changes with every heartbeat.
    pub record_version: u64,
    /// For readers: how long the holder writes without renewing.
    pub lease_ms: u64,
}

/// Terraform's own words for a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct LockInfo {
    /// A uuid; `force-unlock` asks for it.
    #[serde(rename = "ID")]
    pub id: String,
    /// Such as `OperationTypeApply`.
    #[serde(rename = "Operation")]
    pub operation: String,
    /// Free text.
    #[serde(rename = "Info")]
    pub info: String,
    /// `user@host`.
    #[serde(rename = "Who")]
    pub who: String,
    /// The program's version.
    #[serde(rename = "Version")]
    pub version: String,
    /// RFC 3339.
    #[serde(rename = "Created")]
    pub created: String,
    /// `<bucket>/<key>`.
    #[serde(rename = "Path")]
    pub path: String,
}

impl LockItem {
    /// Terraform's words for it, as far as they can be read.
    pub fn terraform_info(&self) -> LockInfo {
        serde_json::from_str(&self.info).unwrap_or_default()
    }
}
