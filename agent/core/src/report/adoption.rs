//! What a look at everything that carries an environment's tags came to.

use serde::Serialize;

use crate::{Address, environment::EnvironmentName, resource::Kind, rollout::Track};

/// What stands of an environment, and what is recorded of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Adoption {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// Everything that stands, by address.
    pub found: Vec<Standing>,
    /// Of each service that is released from side to side, which side is live.
    pub sides: Vec<SidesFound>,
    /// What the file describes and does not stand: the next apply makes it.
    pub missing: Vec<Address>,
    /// The run that did not end and is closed by this; null when there is none.
    pub open_run: Option<u64>,
    /// The serial of the state that was written; null when none was.
    pub serial: Option<u64>,
}

/// The two sides of a service, as they were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SidesFound {
    /// The service's name.
    pub service: String,
    /// What is recorded of it.
    pub track: Track,
    /// The tasks of the side that gets no traffic and that no recorded rollout
    /// needs: the next apply takes them away.
    pub left: u32,
}

/// One object that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Standing {
    /// Its address; null when its tags name none.
    pub address: Option<Address>,
    /// What it is; null when it is known by its tags only.
    pub of_kind: Option<Kind>,
    /// Its ARN, or the id that AWS's calls want.
    pub id: String,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What becomes of something that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is recorded.
    Recorded,
    /// It is recorded as the old state or the journal describes it; the file does not.
    RecordedNotInFile,
    /// It carries the environment's tags, and nothing describes it: it is not recorded.
    NotInFile,
    /// It has a name of ours and not our tags: it is not recorded.
    NotOurs,
}

impl Adoption {
    /// How many objects are recorded.
    pub fn recorded(&self) -> usize {
        let recorded = [Verdict::Recorded, Verdict::RecordedNotInFile];
        self.found.iter().filter(|standing| recorded.contains(&standing.verdict)).count()
    }
}

/// Something that carries an environment's tags, as the index of tags tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// Its ARN.
    pub arn: String,
    /// The address that it is tagged with.
    pub address: Option<Address>,
}

impl Tagged {
    /// Whether it is the object with this id and, where it is known, this ARN.
    pub fn is(&self, id: &str, arn: Option<&str>) -> bool {
        let own = self.arn.strip_suffix(":*").unwrap_or(&self.arn);
        let ends = |mark: char| own.strip_suffix(id).is_some_and(|head| head.ends_with(mark));
        own == id || arn == Some(own) || ends(':') || ends('/')
    }

    /// Whether it is another object of the kind that this ARN is of, and not a
    /// part of that object which carries its tags: `cluster` of a `replicationgroup`.
    pub fn is_alike(&self, arn: &str) -> bool {
        fn kind(arn: &str) -> Option<(&str, &str)> {
            let mut parts = arn.splitn(6, ':').skip(2);
            let service = parts.next()?;
            let end = parts.nth(2)?;
            Some((service, end.split(['/', ':']).next()?))
        }
        kind(&self.arn).is_some() && kind(&self.arn) == kind(arn)
    }
}

#[cfg(test)]
mod tests {
    use super::Tagged;

    fn tagged(arn: &str) -> Tagged {
        Tagged { arn: arn.to_owned(), address: None }
    }

    #[test]
    fn an_object_is_known_by_its_id_or_its_arn() {
        assert!(tagged("arn:aws:ec2:us-east-1:1:security-group/sg-1").is("sg-1", None));
        assert!(tagged("arn:aws:logs:us-east-1:1:log-group:/pointsman/a:*").is("/pointsman/a", None));
        assert!(!tagged("arn:aws:ec2:us-east-1:1:security-group/sg-12").is("sg-1", None));
        assert!(tagged("arn:aws:sqs:us-east-1:1:a").is("https://q/1/a", Some("arn:aws:sqs:us-east-1:1:a")));
    }

    #[test]
    fn a_part_is_no_other_object() {
        let group = "arn:aws:elasticache:us-east-1:1:replicationgroup:a";
        assert!(!tagged("arn:aws:elasticache:us-east-1:1:cluster:a-001").is_alike(group));
        let revision = "arn:aws:ecs:us-east-1:1:task-definition/a:2";
        assert!(tagged("arn:aws:ecs:us-east-1:1:task-definition/a:1").is_alike(revision));
    }
}
