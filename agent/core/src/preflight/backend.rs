//! Where state and lock are: what `init` looks at and makes, and what a
//! deploy needs.

use super::{
    Finding, Problem, RUN_TABLE, Subject, Weight,
    facts::{Access, Answer, Backend, Bucket, BucketTraits, Identity, Key, Ownership, Table, TableTraits},
};
use crate::environment::Environment;

/// When an item of the agent's own table goes, in seconds since 1970.
const EXPIRES: &str = "expires_at";

/// One thing that `init --create` does. Each may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Makes the bucket.
    MakeBucket,
    /// Lets it keep what is overwritten.
    Version,
    /// Encrypts what is written to it.
    Encrypt,
    /// Blocks all public access.
    BlockPublic,
    /// Lets its owner own every object.
    EnforceOwner,
    /// Makes Terraform's lock table.
    MakeLockTable,
    /// Makes the agent's own table.
    MakeRunTable,
    /// Lets its old items go.
    Expire,
}

/// What `init` found and made.
#[derive(Clone, Debug, PartialEq)]
pub struct Initialised {
    /// Who we are in the environment's account.
    pub identity: Answer<Identity>,
    /// The backend as it is now.
    pub backend: Backend,
    /// What was made, in its order.
    pub made: Vec<Work>,
    /// What is not as it should be, after that.
    pub findings: Vec<Finding>,
}

impl Initialised {
    /// Whether everything is as it should be; what could not be asked does not count.
    pub fn is_well(&self) -> bool {
        self.findings.iter().all(|finding| finding.weight == Weight::Note)
    }
}

/// The key of Terraform's lock table.
pub fn lock_key() -> Vec<Key> {
    vec![Key::partition("LockID")]
}

/// The key of the agent's own table.
pub fn run_key() -> Vec<Key> {
    vec![Key::partition("pk"), Key::sort("sk")]
}

/// The attribute by which items of the agent's own table go.
pub fn run_expiry() -> &'static str {
    EXPIRES
}

/// All that is not as it should be, of `init`'s concern: the agent's own table
/// as well.
pub fn backend(environment: &Environment, facts: &Backend) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |about: &str, weight: Weight, problem: Problem| {
        let place = environment.place_of(about).cloned();
        found.push(Finding { about: about.to_owned(), weight, place, problem });
    };
    if let Err(error) = &facts.identity {
        // Everything else fails for the same reason.
        say("state", Weight::Error, Problem::Unanswered { error: Box::new(error.clone()) });
        return found;
    }
    bucket(facts, &mut say);
    table(facts, "state.lock_table", &facts.lock_table_name, &facts.lock_table, &lock_key(), &mut say);
    table(facts, "state", RUN_TABLE, &facts.run_table, &run_key(), &mut say);
    if let Table::Stands(TableTraits { expires, .. }) = &facts.run_table {
        match expires {
            Ok(Some(attribute)) if attribute == EXPIRES => {}
            Ok(_) => say(
                "state",
                Weight::Warning,
                Problem::NeverExpires {
                    table: RUN_TABLE.to_owned(),
                    attribute: EXPIRES.to_owned(),
                    access: facts.access.clone(),
                },
            ),
            Err(error) => say("state", Weight::Note, Problem::Unanswered { error: Box::new(error.clone()) }),
        }
    }
    found
}

/// What a deploy needs of it: that it stands, and keeps versions. The rest is
/// `init`'s.
pub(super) fn stands(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let needed =
        |finding: &Finding| finding.is_error() || matches!(finding.problem, Problem::Unversioned { .. });
    let all = backend(subject.environment, &subject.facts.backend);
    found.extend(all.into_iter().filter(needed).map(Finding::if_it_stays));
}

/// What a bucket lacks.
type Lacks = fn(String, Access) -> Problem;

fn bucket(facts: &Backend, say: &mut impl FnMut(&str, Weight, Problem)) {
    let (name, access) = (facts.bucket_name.clone(), facts.access.clone());
    let about = "state.bucket";
    match &facts.bucket {
        Bucket::Absent => say(about, Weight::Error, Problem::NoBucket { bucket: name, access }),
        Bucket::Elsewhere { region } => {
            say(about, Weight::Error, Problem::BucketElsewhere { bucket: name, region: region.clone() });
        }
        Bucket::Closed(Ownership::Foreign) => {
            say(about, Weight::Error, Problem::ForeignBucket { bucket: name, access });
        }
        Bucket::Closed(ownership) => {
            let ours = *ownership == Ownership::Ours;
            say(about, Weight::Error, Problem::ClosedBucket { bucket: name, access, ours });
        }
        Bucket::Unknown(error) => {
            say(about, Weight::Error, Problem::Unanswered { error: Box::new(error.clone()) });
        }
        Bucket::Stands(traits) => {
            let BucketTraits { versioned, encrypted, private, owner_enforced } = traits.as_ref();
            let traits: [(&Answer<bool>, Lacks); 4] = [
                (versioned, |bucket, access| Problem::Unversioned { bucket, access }),
                (encrypted, |bucket, access| Problem::Unencrypted { bucket, access }),
                (private, |bucket, access| Problem::Public { bucket, access }),
                (owner_enforced, |bucket, access| Problem::ObjectAccessLists { bucket, access }),
            ];
            for (answer, lacks) in traits {
                match answer {
                    Ok(true) => {}
                    Ok(false) => say(about, Weight::Warning, lacks(name.clone(), access.clone())),
                    Err(error) => {
                        say(about, Weight::Note, Problem::Unanswered { error: Box::new(error.clone()) });
                    }
                }
            }
        }
    }
}

fn table(
    facts: &Backend,
    about: &str,
    name: &str,
    table: &Table,
    key: &[Key],
    say: &mut impl FnMut(&str, Weight, Problem),
) {
    let (name, key) = (name.to_owned(), key.to_vec());
    match table {
        Table::Absent => {
            say(about, Weight::Error, Problem::NoTable { table: name, key, access: facts.access.clone() });
        }
        Table::Unknown(error) => {
            say(about, Weight::Error, Problem::Unanswered { error: Box::new(error.clone()) });
        }
        Table::Stands(TableTraits { key: found, .. }) if *found != key => {
            say(about, Weight::Error, Problem::OtherKey { table: name, key, found: found.clone() });
        }
        Table::Stands(TableTraits { status, .. }) if !matches!(status.as_str(), "ACTIVE" | "UPDATING") => {
            say(about, Weight::Error, Problem::TableNotReady { table: name, status: status.clone() });
        }
        Table::Stands(_) => {}
    }
}

/// What there is to make, in its order.
pub fn work(facts: &Backend) -> Vec<Work> {
    let mut work = Vec::new();
    match &facts.bucket {
        Bucket::Absent => {
            work.extend([
                Work::MakeBucket,
                Work::Version,
                Work::Encrypt,
                Work::BlockPublic,
                Work::EnforceOwner,
            ]);
        }
        Bucket::Stands(traits) => {
            let BucketTraits { versioned, encrypted, private, owner_enforced } = traits.as_ref();
            let lacking = [
                (versioned, Work::Version),
                (encrypted, Work::Encrypt),
                (private, Work::BlockPublic),
                (owner_enforced, Work::EnforceOwner),
            ];
            work.extend(
                lacking.into_iter().filter(|(answer, _)| **answer == Ok(false)).map(|(_, work)| work),
            );
        }
        // To ask for one that is ours already would reset its access list in us-east-1.
        Bucket::Closed(_) | Bucket::Elsewhere { .. } | Bucket::Unknown(_) => {}
    }
    if facts.lock_table == Table::Absent {
        work.push(Work::MakeLockTable);
    }
    match &facts.run_table {
        Table::Absent => work.extend([Work::MakeRunTable, Work::Expire]),
        Table::Stands(TableTraits { key, expires: Ok(None), .. }) if *key == run_key() => {
            work.push(Work::Expire);
        }
        Table::Stands(_) | Table::Unknown(_) => {}
    }
    work
}
