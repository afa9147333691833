//! One pull request as it is played: what people do to it, and what is read of it.

use std::collections::BTreeMap;

use pointsman_tests::{
    github::{RecordedRequest, Repository, reactions},
    story::World,
};

use super::{
    event::{Event, Named, Who},
    history::{History, Opinion, Plan, Sight},
};
use crate::PATIENCE;

/// How a command ends.
const ENDS: [&str; 3] = ["rocket", "confused", "-1"];
/// So many looks of the agent must have begun after something happened: the first may have read it
/// half, the second has it all, and has come to an end when the third begins.
const LOOKS: usize = 3;

/// An environment of one queue.
#[derive(Debug)]
pub(super) struct Place {
    name: String,
    /// The queue's value that lives.
    pub(super) live: u32,
    /// What was merged before and is not applied: its pull request, and the plan that waits.
    pub(super) before: Option<(u64, String)>,
}

impl Place {
    pub(super) fn new(at: usize, live: u32) -> Self {
        Self { name: format!("q{at}"), live, before: None }
    }

    fn environment(&self) -> String {
        format!("production/{}", self.name)
    }

    pub(super) fn file(&self) -> String {
        format!("environments/production/{}.toml", self.name)
    }

    pub(super) fn lock(&self) -> String {
        format!("gg-ai-terraform-states/production/{}/terraform.tfstate", self.name)
    }

    pub(super) fn queue(&self) -> String {
        format!("{}-jobs", self.name)
    }

    /// What the file says; a remark is another file and the same plan.
    pub(super) fn text(&self, value: u32, remark: u32) -> String {
        format!(
            "# Remark {remark}\nschema = 1\n\n[aws]\nregion = \"us-east-1\"\naccount = \"908027381725\"\n\n\
             [state]\nbucket = \"gg-ai-terraform-states\"\nkey = \"production/{}/terraform.tfstate\"\n\
             lock_table = \"terraform-state-locks\"\n\n[tags]\nApplication = \"{0}\"\n\n\
             [network]\nvpc = {{ name = \"gg-production\" }}\n\n\
             [queue.jobs]\nmax_message_size = {value}\n",
            self.name
        )
    }

    /// Whether it is deployed as this commit describes it.
    pub(super) fn is_deployed(&self, repository: &Repository, commit: &str) -> bool {
        repository.deployments.iter().any(|deployment| {
            let last = deployment.statuses.last().map(|status| status.state.as_str());
            deployment.sha == commit
                && deployment.environment == self.environment()
                && last == Some("success")
        })
    }
}

/// A command that was written, and what is to come of it where that is sure.
#[derive(Debug)]
struct Asked {
    on: u64,
    comment: u64,
    /// Who approves the plan with which hash.
    approves: Option<(String, String)>,
    is_kept: Option<bool>,
}

/// A pull request and everything that happened to it.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) number: u64,
    pub(super) history: History,
    pub(super) is_open: bool,
    /// The commit that it was merged as.
    pub(super) merged: Option<String>,
    pub(super) is_applied: bool,
    /// The plan of its head stands in the comment, and is kept as shown.
    pub(super) is_settled: bool,
    /// Somebody changed what lives: from then on it is not sure when its plan becomes another.
    is_touched: bool,
    remarks: u32,
    /// The approval hashes of the plans that were shown, the newest last.
    shown: Vec<String>,
    asked: Vec<Asked>,
    /// Looks before the last event, since something happened.
    looks: Option<usize>,
    did: Vec<String>,
}

/// What an event needs to happen.
pub(super) struct With<'a> {
    pub(super) world: &'a World,
    pub(super) place: &'a Place,
    /// One that was never used.
    pub(super) value: u32,
    /// The approval hash of another pull request's plan.
    pub(super) foreign: String,
    /// So much of a hash is written.
    pub(super) digits: usize,
    /// Nothing else happens at this moment.
    pub(super) is_alone: bool,
}

impl Played {
    pub(super) fn open(world: &World, place: &Place, described: u32) -> Self {
        let branch = format!("to-{described}");
        let title = format!("{} takes {described} bytes", place.name);
        let number = world.propose(&branch, &place.file(), &place.text(described, 0), &title);
        let head = world.github.pull(number).head_sha();
        let writers = ["ann", "ben"].map(|name| format!("{name}{number}"));
        for login in &writers {
            world.github.set_permission(login, "write");
        }
        world.github.set_permission(&format!("mallory{number}"), "read");
        Self {
            number,
            history: History::of(place.live, described, head, &writers),
            is_open: true,
            merged: None,
            is_applied: false,
            is_settled: false,
            is_touched: false,
            remarks: 0,
            shown: Vec::new(),
            asked: Vec::new(),
            looks: None,
            did: Vec::new(),
        }
    }

    fn login(&self, who: Who) -> String {
        match who {
            Who::Ann => format!("ann{}", self.number),
            Who::Ben => format!("ben{}", self.number),
            Who::Mallory => format!("mallory{}", self.number),
            Who::Author => "robin".to_owned(),
        }
    }

    /// The hash of the plan that was shown last.
    pub(super) fn shown(&self) -> Option<String> {
        self.shown.last().cloned()
    }

    /// The plan that stands in the comment.
    pub(super) fn seen(&self, world: &World) -> Option<Plan> {
        let comments = world.github.pull(self.number).bot_comments();
        let (_, after) = comments.last()?.body.split_once("max_message_size: ")?;
        let (from, after) = after.split_once(" → ")?;
        let (to, _) = after.split_once(' ')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    }

    pub(super) fn happens(&mut self, event: Event, with: &With<'_>) {
        let With { world, place, value, foreign: _, digits: _, is_alone: _ } = with;
        let (github, number) = (&world.github, self.number);
        self.did.push(format!("{event:?}"));
        self.looks = Some(0);
        match event {
            Event::Approve(who) => self.review(world, who, Opinion::Approves),
            Event::Object(who) => self.review(world, who, Opinion::Objects),
            Event::Dismiss(who) => {
                github.dismiss(number, &self.login(who));
                self.history.dismissed(&self.login(who));
            }
            Event::Command(who, named) => self.command(who, named, with),
            Event::Push => self.push(world, place, *value),
            Event::PushRemark => self.push(world, place, self.history.described),
            Event::Touch => {
                let queue = place.queue();
                let _ = world.aws.python(&format!(
                    "sqs = client('sqs')\nurl = sqs.get_queue_url(QueueName='{queue}')['QueueUrl']\n\
                     sqs.set_queue_attributes(QueueUrl=url, Attributes={{'MaximumMessageSize': '{value}'}})"
                ));
                self.history.touched(*value);
                self.is_touched = true;
            }
            Event::Revoke(who) => {
                github.set_permission(&self.login(who), "read");
                self.history.revoked(&self.login(who));
            }
            Event::GiveBack(who) => {
                github.set_permission(&self.login(who), "write");
                self.history.given_back(self.login(who));
            }
            Event::Close => {
                github.close(number);
                self.is_open = false;
            }
            Event::Reopen => {
                github.reopen(number);
                self.is_open = true;
            }
            Event::Apply => {
                let line = format!("/pointsman apply {}", place.environment());
                let comment = github.comment(number, "robin", &line);
                self.asked.push(Asked { on: number, comment, approves: None, is_kept: None });
            }
            Event::CommandBefore => {
                let Some((before, plan)) = &place.before else { return };
                let line = format!("/pointsman approve {} --plan {plan}", place.environment());
                let comment = github.comment(*before, &format!("ann{before}"), &line);
                self.asked.push(Asked { on: *before, comment, approves: None, is_kept: None });
            }
            Event::Merge => self.merged = Some(github.merge(number)),
        }
    }

    fn review(&mut self, world: &World, who: Who, opinion: Opinion) {
        let verdict = match opinion {
            Opinion::Approves => "APPROVED",
            Opinion::Objects => "CHANGES_REQUESTED",
        };
        let before = self.seen(world);
        world.github.review(self.number, &self.login(who), verdict);
        let sight = match (before, self.seen(world)) {
            (Some(before), Some(after)) if before != after => Sight::Changed,
            (Some(plan), Some(_)) if self.is_settled => Sight::Stood(plan),
            // While the comment is written anew: what stood there before.
            (before, after) => Sight::Hardly(before.or(after).unwrap_or(self.history.plan())),
        };
        self.history.reviewed(self.login(who), opinion, sight);
    }

    fn command(&mut self, who: Who, named: Named, with: &With<'_>) {
        let last = self.shown();
        let earlier = self.shown.iter().rfind(|hash| Some(*hash) != last.as_ref()).cloned();
        let hash = match named {
            Named::Shown => last.clone(),
            Named::Earlier => earlier,
            Named::Foreign => None,
        };
        let hash = hash.unwrap_or_else(|| with.foreign.clone());
        let line = format!("/pointsman approve {} --plan {}", with.place.environment(), &hash[..with.digits]);
        let comment = with.world.github.comment(self.number, &self.login(who), &line);
        let is_sure = with.is_alone && self.is_settled && !self.is_touched && !self.is_applied;
        let is_kept = self.history.may_approve(&self.login(who)) && Some(&hash) == last.as_ref();
        self.asked.push(Asked {
            on: self.number,
            comment,
            approves: Some((self.login(who), hash)),
            is_kept: is_sure.then_some(is_kept),
        });
    }

    fn push(&mut self, world: &World, place: &Place, described: u32) {
        self.remarks += 1;
        let branch = world.github.read(|repository| repository.pulls[&self.number].head_branch.clone());
        let text = place.text(described, self.remarks);
        let head = world.git.commit(&branch, &[(&place.file(), Some(&text))], "Another thought");
        self.history.pushed(head, described);
        self.is_settled = false;
    }

    /// Waits until its commands are dealt with.
    pub(super) fn hear(&mut self, world: &World, plans: &BTreeMap<String, Plan>) {
        for Asked { on, comment, approves, is_kept } in std::mem::take(&mut self.asked) {
            let has_ended = |repository: &Repository| {
                reactions(repository, on, comment).iter().any(|reaction| ENDS.contains(&reaction.as_str()))
            };
            let waited = format!("what comes of a command on #{on}: {:?}", self.did);
            world.github.wait_until(PATIENCE, &waited, has_ended);
            let kept = world.github.reactions(on, comment).iter().any(|reaction| reaction == "rocket");
            let Some((who, hash)) = approves else { continue };
            assert!(is_kept.is_none_or(|sure| sure == kept), "{who} approves {hash}: kept {kept}\n{self:#?}");
            if let Some(plan) = plans.get(&hash).filter(|_| kept) {
                self.history.said(who, *plan);
            }
        }
    }

    /// Counts the agent's looks from now on, if anything happened.
    pub(super) fn mark(&mut self, requests: &[RecordedRequest]) {
        self.looks = self.looks.map(|_| self.count(requests));
    }

    fn count(&self, requests: &[RecordedRequest]) -> usize {
        let path = format!("/pulls/{}/reviews", self.number);
        requests.iter().filter(|request| request.path.ends_with(&path)).count()
    }

    /// Waits until the agent has said what there is to say of it.
    pub(super) fn wait(&mut self, world: &World, place: &Place) {
        let since = self.looks.take();
        match (&self.merged, since) {
            (Some(commit), Some(since)) if !self.is_applied => {
                let waited = format!("what comes of #{} after its merge: {:?}", self.number, self.did);
                world.github.wait_until_asked(PATIENCE, &waited, |repository, requests| {
                    place.is_deployed(repository, commit) || self.count(requests) >= since + LOOKS
                });
            }
            (None, _) if self.is_open => {
                let head = self.history.head();
                let waited = format!("the plan of #{} at {head}", self.number);
                world.github.wait_until(PATIENCE, &waited, |repository| {
                    let mut checks =
                        repository.checks.iter().filter(|check| check.head_sha == head).peekable();
                    checks.peek().is_some() && checks.all(|check| check.status == "completed")
                });
            }
            _ => {}
        }
    }

    /// Learns which plan was shown last. Whether that is the one that stands in the comment, of the commit
    /// that counts now.
    pub(super) fn learns(
        &mut self,
        shown: Option<(&String, &String)>,
        seen: Option<Plan>,
        plans: &mut BTreeMap<String, Plan>,
    ) -> bool {
        if self.is_applied || (self.merged.is_none() && !self.is_open) {
            return true;
        }
        self.is_settled = false;
        let (Some((commit, hash)), Some(seen)) = (shown, seen) else { return false };
        let wanted = self.merged.as_deref().unwrap_or(self.history.head());
        if commit != wanted || seen.1 != self.history.described {
            return false;
        }
        // The same plan has the same hash, and another has another.
        let has_another = plans.iter().any(|(of, plan)| *plan == seen && of != hash);
        if has_another || *plans.entry(hash.clone()).or_insert(seen) != seen {
            return false;
        }
        if self.shown.last() != Some(hash) {
            self.shown.push(hash.clone());
        }
        self.is_settled = true;
        true
    }
}
