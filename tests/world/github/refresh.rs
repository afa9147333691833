//! Follows Git: pushes move pull requests, and their test merges are made anew.

use std::collections::BTreeMap;

use super::state::{Merged, Pull, Repository, State, now};

impl Repository {
    /// Takes over what Git says now. True when something moved.
    pub(super) fn refresh(&mut self) -> bool {
        let branches: BTreeMap<String, String> = self.git.branches().into_iter().collect();
        if branches == self.branches {
            return false;
        }
        self.branches = branches;
        let numbers: Vec<u64> =
            self.pulls.values().filter(|pull| pull.open).map(|pull| pull.number).collect();
        for number in numbers {
            self.follow(number);
        }
        true
    }

    /// Points an open pull request at its branches as they are now.
    pub(super) fn follow(&mut self, number: u64) {
        let Some(pull) = self.pulls.get_mut(&number) else {
            return;
        };
        let base = self.branches.get(&pull.base_branch).cloned();
        let Some(head) = self.branches.get(&pull.head_branch).cloned() else {
            // GitHub closes a pull request whose branch is deleted.
            pull.close();
            return;
        };
        let Some(base) = base else { return };
        if pull.head_sha != head {
            pull.updated_at = now();
        }
        if self.git.is_ancestor(&head, &base) && !pull.head_sha.is_empty() {
            // Someone pushed a merge of it by hand: GitHub marks it merged.
            pull.head_sha = head;
            pull.merge_commit_sha = Some(base);
            pull.merged = Some(Merged { by: pull.author.clone(), at: now() });
            pull.close();
            return;
        }
        (pull.head_sha, pull.base_sha) = (head, base);
        let test_merge = self.git.test_merge(&pull.base_sha, &pull.head_sha).ok();
        pull.mergeable = Some(test_merge.is_some());
        self.git.update_ref(&format!("refs/pull/{number}/head"), &pull.head_sha);
        if let Some(sha) = &test_merge {
            self.git.update_ref(&format!("refs/pull/{number}/merge"), sha);
        }
        pull.merge_commit_sha = test_merge;
    }
}

impl Pull {
    pub(super) fn close(&mut self) {
        self.open = false;
        self.updated_at = now();
        self.closed_at = Some(now());
    }
}

impl State {
    pub(super) fn refresh(&mut self) -> bool {
        let mut moved = false;
        for repository in &mut self.repositories {
            moved |= repository.refresh();
        }
        moved
    }
}
