//! What AWS answered: each question with an answer of its own, so that one
//! refusal hides nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    desired::{Neighbour, Network},
    failure::CloudError,
    plan::Conflict,
};

use super::Answers;

/// What came of one question.
pub type Answer<T> = Result<T, CloudError>;

/// Who AWS says we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account's 12 digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// How something is reached: as whom, where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// As whom, in words: the profile or the role that is named.
    pub identity: String,
    /// The caller's ARN, when AWS told it.
    pub arn: Option<String>,
    /// Such as `us-east-1`.
    pub region: String,
    /// What the AWS CLI needs to act as we do: `--region … --profile …`.
    pub options: String,
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Who we are.
    pub identity: Answer<Identity>,
    /// Where state and lock are.
    pub backend: Backend,
    /// What `[network]` selects.
    pub network: Answer<Network>,
    /// Each `[external.NAME]`.
    pub externals: BTreeMap<String, Answer<Neighbour>>,
    /// Why there can be no plan.
    pub conflicts: Vec<Conflict>,
    /// What came of the questions.
    pub answers: Answers,
}

/// Where state and lock are, as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// How it is reached.
    pub access: Access,
    /// Who we are there.
    pub identity: Answer<Identity>,
    /// The bucket's name.
    pub bucket_name: String,
    /// The bucket.
    pub bucket: Bucket,
    /// The lock table's name.
    pub lock_table_name: String,
    /// Terraform's lock table.
    pub lock_table: Table,
    /// The agent's own table.
    pub run_table: Table,
}

/// The state's bucket, as it was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Bucket {
    /// There is none of this name, anywhere.
    Absent,
    /// It is in another region.
    Elsewhere {
        /// Which.
        region: String,
    },
    /// S3 refuses us.
    Closed(Ownership),
    /// No answer that says anything.
    Unknown(CloudError),
    /// It stands, and we may look at it.
    Stands(Box<BucketTraits>),
}

/// Whose a bucket is that refuses us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Our account has it: a permission lacks.
    Ours,
    /// Another account has it.
    Foreign,
    /// We may not ask.
    Unknown,
}

/// What matters of a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct BucketTraits {
    /// Whether overwritten objects are kept.
    pub versioned: Answer<bool>,
    /// Whether everything in it is encrypted.
    pub encrypted: Answer<bool>,
    /// Whether all public access is blocked.
    pub private: Answer<bool>,
    /// Whether its owner owns every object in it, whoever wrote it.
    pub owner_enforced: Answer<bool>,
}

/// A table, as it was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Table {
    /// There is none.
    Absent,
    /// No answer that says anything.
    Unknown(CloudError),
    /// It stands.
    Stands(TableTraits),
}

/// What matters of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableTraits {
    /// Its key, partition first.
    pub key: Vec<Key>,
    /// AWS's word for its state: `ACTIVE`.
    pub status: String,
    /// The attribute that says when an item goes, where one is set; asked of
    /// the agent's own table only.
    pub expires: Answer<Option<String>>,
}

/// One attribute of a table's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Partition or sort.
    pub role: KeyRole,
    /// DynamoDB's letter for its type: `S`.
    pub kind: String,
}

/// What an attribute of a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRole {
    /// Items with the same value lie together.
    Partition,
    /// And are in the order of this one.
    Sort,
}

impl Key {
    /// A text that items lie together by.
    pub fn partition(name: &str) -> Self {
        Self { name: name.to_owned(), role: KeyRole::Partition, kind: "S".to_owned() }
    }

    /// A text that items are sorted by.
    pub fn sort(name: &str) -> Self {
        Self { name: name.to_owned(), role: KeyRole::Sort, kind: "S".to_owned() }
    }
}
