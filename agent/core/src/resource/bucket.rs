use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};

/// An S3 bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Unique among everybody's buckets; at most 63 characters, lower case.
    pub name: String,
    /// All four ways to make anything in it public are blocked.
    pub public_access_blocked: bool,
    /// `BucketOwnerEnforced` when no access list gives anything away.
    pub ownership: String,
    /// Old versions of objects are kept.
    pub versioned: bool,
    /// `s3`, or a KMS key.
    pub encryption: String,
    /// Days after which objects are deleted.
    pub expire_after: Option<i32>,
    /// Days after which old versions are deleted.
    pub noncurrent_expire_after: Option<i32>,
    /// Names of further lifecycle rules: none of ours.
    pub other_rules: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Spec for Bucket {
    fn fields(&self) -> Vec<Field> {
        let Self {
            name,
            public_access_blocked,
            ownership,
            versioned,
            encryption,
            expire_after,
            noncurrent_expire_after,
            other_rules,
            tags,
        } = self;
        let mut fields = vec![
            Field::replace("name", name.clone()),
            Field::in_place("public_access_blocked", *public_access_blocked),
            Field::in_place("ownership", ownership.clone()),
            Field::in_place("versioned", *versioned),
            Field::in_place("encryption", encryption.clone()),
            Field::in_place("expire_after", *expire_after),
            Field::in_place("noncurrent_expire_after", *noncurrent_expire_after),
            Field::in_place("other_rules", other_rules.clone()),
        ];
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        Vec::new()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        Vec::new()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
