//! What exists in the account before the first deploy.

use serde::Deserialize;

/// The ids of what [`Emulator::seed`](super::Emulator::seed) made.
#[derive(Debug, Clone, Deserialize)]
pub struct Estate {
    /// The VPC with the Name tag `gg-production`.
    pub vpc: String,
    /// Three subnets tagged `Tier=private`, in zones a, b and c.
    pub private_subnets: Vec<String>,
    /// Two subnets tagged `Tier=public`, in zones a and b.
    pub public_subnets: Vec<String>,
    /// The security group of the old service.
    pub legacy_security_group: String,
    /// ARN of the role `ecsTaskExecutionRole`.
    pub execution_role: String,
    /// ARN of the role `webui-task`.
    pub task_role: String,
    /// ARN of the secret `gravity-ai-chat/webui-secret-key`.
    pub webui_secret_key: String,
    /// ARN of the secret `gravity-ai-chat/database-url`.
    pub database_url: String,
    /// The EFS file system with the Name tag `gravity-ai-chat`.
    pub file_system: String,
    /// Its access point with the Name tag `webui-data`.
    pub access_point: String,
    /// ARN of the SNS topic `ops`.
    pub topic: String,
    /// The Aurora cluster.
    pub database: String,
    /// The Cloud Map namespace `webui.local`, in which the old service is `webui3`.
    pub namespace: String,
    /// The state bucket, versioned.
    pub bucket: String,
    /// The lock table, with the string key `LockID`.
    pub lock_table: String,
}
