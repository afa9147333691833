use serde::{Deserialize, Serialize};

use super::{AgentMark, LockInfo, LockItem};

/// Terraform's lock file (`use_lockfile`) as it stands beside the state. Agents
/// keep each other out by the lock item and its fence; whoever has taken that
/// puts this as well, so that a Terraform that knows the file alone waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockFile {
    /// Its content, exactly as stored: the JSON that Terraform reads and prints.
    pub text: String,
    /// Its version, as the bucket tells them apart: the `ETag`.
    pub version: String,
    /// What the agent adds; Terraform's and people's have none.
    pub mark: Option<FileMark>,
}

/// What the agent adds to its own lock file: Terraform ignores it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileMark {
    /// Of the taking that it belongs to, as in the lock item.
    #[serde(rename = "AgentOwner")]
    pub owner: String,
    /// Of that taking.
    #[serde(rename = "AgentFence")]
    pub fence: u64,
    /// Where the lock item stands: fences of another table mean nothing here.
    #[serde(rename = "AgentTable")]
    pub table: String,
}

/// The greatest fence that is believed.
const MOST: u64 = 1 << 48;

#[derive(Serialize)]
struct Content<'c> {
    #[serde(flatten)]
    info: &'c LockInfo,
    #[serde(flatten)]
    mark: &'c FileMark,
}

/// What whoever has taken the lock item does about the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileClaim {
    /// Put ours: over this version, or where there is none.
    Put {
        /// The version of an agent whose lease is over; none when there is no file.
        over: Option<String>,
    },
    /// It is ours.
    Ours {
        /// Its version.
        version: String,
    },
    /// It is not an agent's, or an agent's of another table, or of a fence that is
    /// not below ours: never touched. The lock item is given back.
    Foreign,
}

impl LockFile {
    /// What follows a state's key in that of its lock file.
    pub const SUFFIX: &str = ".tflock";

    /// A file as it was read.
    pub fn of(text: String, version: String) -> Self {
        let mark = serde_json::from_str(&text).ok();
        // No fence ever grows so far: somebody made it up.
        let mark = mark.filter(|mark: &FileMark| mark.fence <= MOST);
        Self { text, version, mark }
    }

    /// What is put for a taking.
    pub fn content(info: &LockInfo, mark: &FileMark) -> String {
        serde_json::to_string(&Content { info, mark }).unwrap_or_default()
    }

    /// Whether it keeps agents of this table out, whatever the lock item says. A
    /// file of one of them does not: there the item decides.
    pub fn keeps_out(&self, table: &str) -> bool {
        self.mark.as_ref().is_none_or(|mark| mark.table != table)
    }

    /// The fence of the agent whose file it is; 0 where it is no agent's. Fences
    /// never fall, even when a table was lost.
    pub fn fence(&self) -> u64 {
        self.mark.as_ref().map_or(0, |mark| mark.fence)
    }

    /// The file in the form of the lock item, for readers; `lock_id` is that of
    /// the item.
    pub fn as_item(&self, lock_id: &str) -> LockItem {
        let mark = self.mark.as_ref().map(|FileMark { owner, fence, table: _ }| AgentMark {
            owner: owner.clone(),
            fence: *fence,
            record_version: 0,
            lease_ms: 0,
        });
        LockItem { lock_id: format!("{lock_id}{}", Self::SUFFIX), info: self.text.clone(), mark }
    }
}

impl FileMark {
    /// What to do about the file as it stands, now that the lock item is ours.
    /// Whatever agent's file has a smaller fence is of a lease that is over: the
    /// lock item could not be taken before.
    pub fn claim(&self, standing: Option<&LockFile>) -> FileClaim {
        let Some(file) = standing else {
            return FileClaim::Put { over: None };
        };
        match &file.mark {
            Some(mark) if mark == self => FileClaim::Ours { version: file.version.clone() },
            Some(mark) if mark.table == self.table && mark.fence < self.fence => {
                FileClaim::Put { over: Some(file.version.clone()) }
            }
            Some(_) | None => FileClaim::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERRAFORM: &str = r#"{"ID":"t","Operation":"OperationTypeApply","Info":"","Who":"anna@laptop","Version":"1.11.4","Created":"2026-01-05T09:00:00Z","Path":"b/k"}"#;

    fn mark(owner: &str, fence: u64) -> FileMark {
        FileMark { owner: owner.to_owned(), fence, table: "locks".to_owned() }
    }

    fn file(mark: &FileMark) -> LockFile {
        let info = LockInfo { id: mark.owner.clone(), ..LockInfo::default() };
        LockFile::of(LockFile::content(&info, mark), "e".to_owned())
    }

    #[test]
    fn a_file_is_read_as_it_was_written_and_terraform_reads_it_too() {
        let read = file(&mark("a", 7));
        assert_eq!(read.mark, Some(mark("a", 7)));
        let item = read.as_item("b/k");
        assert_eq!((item.terraform_info().id.as_str(), item.lock_id.as_str()), ("a", "b/k.tflock"));
        assert_eq!(item.mark.map(|mark| mark.fence), Some(7));
    }

    #[test]
    fn what_is_not_an_agents_is_never_touched() {
        let half = r#"{"ID":"x","AgentOwner":"x"}"#;
        let signed = r#"{"AgentOwner":"x","AgentFence":-1,"AgentTable":"locks"}"#;
        let endless = r#"{"AgentOwner":"x","AgentFence":18446744073709551615,"AgentTable":"locks"}"#;
        for text in [TERRAFORM, half, signed, endless, "", "{}", "[1]", "\u{0}", "null"] {
            let foreign = LockFile::of(text.to_owned(), "e".to_owned());
            assert_eq!(foreign.mark, None, "{text}");
            assert_eq!(mark("a", u64::MAX).claim(Some(&foreign)), FileClaim::Foreign, "{text}");
            assert!(foreign.keeps_out("locks"), "{text}");
        }
    }

    #[test]
    fn only_a_lease_that_is_over_is_written_over() {
        let ours = mark("a", 7);
        assert_eq!(ours.claim(None), FileClaim::Put { over: None });
        assert_eq!(ours.claim(Some(&file(&ours))), FileClaim::Ours { version: "e".to_owned() });
        assert_eq!(ours.claim(Some(&file(&mark("b", 6)))), FileClaim::Put { over: Some("e".to_owned()) });
        let elsewhere = FileMark { table: "others".to_owned(), ..mark("b", 1) };
        for other in [file(&mark("b", 7)), file(&mark("b", 8)), file(&elsewhere)] {
            assert_eq!(ours.claim(Some(&other)), FileClaim::Foreign);
        }
        assert!(file(&elsewhere).keeps_out("locks"));
        assert!(!file(&mark("b", 8)).keeps_out("locks"), "the item decides");
    }
}
