//! T17: hostile pull requests. Forks, edited policies, commands of people who may not, and texts that
//! would do something where they are shown: no credentials are used for them, nothing is written,
//! no policy is passed, and nobody is called.

mod attacks;
mod jobs;
mod payloads;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use pointsman_tests::{
    agent::Running,
    github::{RecordedRequest, Repository, hidden_in, live_in, reactions},
    process::{children, peak, resident},
    story::World,
    visitor::{get, server_of},
};

use crate::{PATIENCE, road::deployed, world};
use attacks::{Attack, End, Said};
use jobs::{BASE_POLICY, FILE, POLICY, jobs};

const CHECK: &str = "pointsman / production/jobs";

/// So many are open at once.
const BATCH: usize = 20;
/// The longest that all of these are waited for: what people wrote lately is read and checked again at
/// every poll, a comment of 60,000 characters like any other.
const LONGEST: Duration = PATIENCE.saturating_mul(5);
/// The most memory that the agent may take on, in MiB.
const MOST_MORE: f64 = 192.0;
/// The most processes that evaluate policies at once: two for forks, four that read and four that judge
/// what others propose, and the watched branch's.
const MOST_EVALUATORS: usize = 12;

/// A repository with one policy, and people of whom `kim` may write.
fn base() -> World {
    let world = world();
    let clone = world.clone_of("main");
    let mut standing = vec![(POLICY.to_owned(), Some(BASE_POLICY))];
    let mut folders = vec!["policies".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(clone.path().join(&folder)).unwrap().flatten() {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() { folders.push(path) } else { standing.push((path, None)) }
        }
    }
    let files: Vec<(&str, Option<&str>)> =
        standing.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    world.git.commit("main", &files, "One policy");
    world.github.set_permission("kim", "write");
    drop(clone);
    world
}

/// Whether the check of constant name, which is posted last, and all others of a commit have ended.
fn judged(repository: &Repository, sha: &str) -> bool {
    let mut checks = repository.checks.iter().filter(|check| check.head_sha == sha);
    checks.clone().any(|check| check.name == "pointsman") && checks.all(|check| check.status == "completed")
}

/// Proposes as `robin`, and merges what was planned; answers the commit and how it ended.
fn merged(world: &World, branch: &str, files: &[(&str, Option<&str>)]) -> (u64, String, String) {
    world.git.branch(branch, "main");
    let head = world.git.commit(branch, files, "As agreed");
    let number = world.github.open_pull(branch, "main", "As agreed", "");
    world.github.wait_until(PATIENCE, "it is planned", |repository| judged(repository, &head));
    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "it is deployed, or not", |repository| {
        deployed(repository, &commit) && judged(repository, &commit)
    });
    let last = world.github.pull(number).deployments().pop().and_then(|one| one.statuses.last().cloned());
    (number, commit, last.map(|status| status.state).unwrap_or_default())
}

/// Everything that the agent keeps, and the environment's own objects, as they stand.
fn stands(world: &World) -> String {
    world.aws.python(
        "s3 = client('s3')\n\
         for bucket in sorted(b['Name'] for b in s3.list_buckets()['Buckets']):\n    \
         for v in s3.list_object_versions(Bucket=bucket).get('Versions', []):\n        \
         print(bucket, v['Key'], v['ETag'], v.get('VersionId'))\n\
         for table in ('terraform-state-locks', 'pointsman-runs'):\n    \
         for item in sorted(client('dynamodb').scan(TableName=table, ConsistentRead=True)['Items'], key=json.dumps):\n        \
         print(table, json.dumps(item, sort_keys=True))\n\
         sqs = client('sqs')\n\
         for url in sorted(sqs.list_queues().get('QueueUrls', [])):\n    \
         print(url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['DelaySeconds'])['Attributes'], sqs.list_queue_tags(QueueUrl=url).get('Tags'))\n\
         print(client('scheduler').list_schedules()['Schedules'])",
    )
}

/// Watches how many processes evaluate policies at once, and what they take.
struct Evaluators {
    over: Arc<AtomicBool>,
    watching: JoinHandle<(usize, f64)>,
}

impl Evaluators {
    fn of(agent: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&over);
        let watching = std::thread::spawn(move || {
            let (mut most, mut largest) = (0, 0.0_f64);
            while !stop.load(Ordering::Relaxed) {
                let now = children(agent);
                most = most.max(now.len());
                largest = now.into_iter().map(peak).fold(largest, f64::max);
                std::thread::sleep(Duration::from_millis(10));
            }
            (most, largest)
        });
        Self { over, watching }
    }

    fn ended(self) -> (usize, f64) {
        self.over.store(true, Ordering::Relaxed);
        self.watching.join().unwrap()
    }
}

/// An attack that was made.
struct Made<'a> {
    attack: &'a Attack,
    number: u64,
    head: String,
    comments: Vec<(u64, Said)>,
}

/// Opens pull requests, and waits until the agent has said what it says of each.
fn make<'a>(world: &World, attacks: &'a [Attack]) -> Vec<Made<'a>> {
    let heads: Vec<String> = attacks
        .iter()
        .map(|Attack { branch, files, message, .. }| {
            let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_deref())).collect();
            world.git.commit(branch, &files, message)
        })
        .collect();
    let made: Vec<Made<'_>> = attacks
        .iter()
        .zip(heads)
        .map(|(attack, head)| {
            let Attack { author, branch, title, body, .. } = attack;
            let number = if attack.is_fork() {
                world.github.open_fork(author, branch, "main", title, body)
            } else {
                world.github.open_pull_as(author, branch, "main", title, body)
            };
            let say = |said: &Said| {
                let said = Said { body: said.body.replace("HEAD", &head), ..said.clone() };
                let write = if said.edited {
                    world.github.edited_comment(number, &said.who, &said.body)
                } else {
                    world.github.comment(number, &said.who, &said.body)
                };
                (write, said)
            };
            let comments = attack.comments.iter().map(say).collect();
            Made { attack, number, head, comments }
        })
        .collect();
    let last = made.last().expect("at least one").number;
    // Read after all of the others: GitHub counts seconds.
    std::thread::sleep(Duration::from_millis(1_100));
    let help = world.github.comment(last, "robin", "/pointsman help");
    world.github.wait_until(LONGEST, "all are judged, and all comments are read", |repository| {
        made.iter().all(|made| judged(repository, &made.head))
            && reactions(repository, last, help).iter().any(|reaction| reaction == "rocket")
    });
    made
}

/// Fails unless everything came as it should; answers how many comments were refused.
fn came_as_it_should(world: &World, made: &Made<'_>) -> usize {
    let Made { attack, number, head, comments } = made;
    let pull = world.github.pull(*number);
    let conclusion = |name: &str| pull.check(name).and_then(|check| check.conclusion).unwrap_or_default();
    let ours = pull.bot_comments();
    assert!(ours.len() <= 1, "one comment, edited in place: {ours:?}");
    let comment = ours.first().map(|comment| comment.body.clone()).unwrap_or_default();
    let seen = (conclusion(CHECK), conclusion("pointsman"));
    let seen = (seen.0.as_str(), seen.1.as_str());
    let place = format!("#{number}, {attack:?}\n{seen:?}\n{comment}");
    match attack.end {
        End::Checked => {
            assert_eq!(seen, ("neutral", "success"), "{place}");
            assert!(comment.contains(&format!("`/pointsman plan --commit {head}`")), "{place}");
        }
        End::Postponed => {
            assert_eq!(seen, ("neutral", "success"), "{place}");
            assert!(comment.contains("would be read as the profile `administrator`"), "{place}");
            assert!(!comment.contains("/pointsman plan --commit"), "it would not be planned: {place}");
        }
        End::Denied => {
            assert_eq!(seen, ("failure", "failure"), "{place}");
            assert!(comment.contains("the tag Forbidden is not allowed"), "{place}");
        }
        End::Refused => assert_eq!(seen.1, "failure", "{place}"),
        End::Planned => assert_eq!(seen, ("success", "success"), "{place}"),
        End::Nothing => assert_eq!(seen, ("", "success"), "{place}"),
        End::Any => assert!(!seen.1.is_empty(), "{place}"),
    }
    let mut refused = 0;
    for (id, said) in comments {
        let reactions = world.github.reactions(*number, *id);
        refused += usize::from(!reactions.is_empty());
        // Strangers are refused, or not heard; who may write and edits is told so.
        let allowed = if said.who == "kim" { "confused" } else { "-1" };
        assert!(
            reactions.iter().all(|reaction| reaction == allowed),
            "{reactions:?} under {said:?}\n{place}"
        );
        let all = pull.comments();
        let stored = all.iter().find(|comment| comment.id == *id).expect("nobody deletes it");
        assert_eq!((&stored.body, stored.edits), (&said.body, u32::from(said.edited)), "nobody edits it");
    }
    refused
}

/// What the agent wrote, request by request: texts in Markdown, and plain ones.
fn written(request: &RecordedRequest) -> (Vec<String>, Vec<String>) {
    let Some(body) = request.body.as_ref().filter(|_| request.is_write()) else { return Default::default() };
    let text = |value: &serde_json::Value| value.as_str().map(ToOwned::to_owned);
    let output = &body["output"];
    let annotations = output["annotations"].as_array().cloned().unwrap_or_default();
    let markdown = [&body["body"], &output["summary"]].into_iter().filter_map(text).collect();
    let plain = [&body["name"], &body["description"], &body["environment"], &output["title"]];
    let of_lines = annotations.iter().flat_map(|one| [&one["title"], &one["message"]]);
    (markdown, plain.into_iter().chain(of_lines).filter_map(text).collect())
}

/// Fails when anything that the agent ever wrote does something; answers how many texts there were.
fn all_harmless(world: &World) -> usize {
    let known: BTreeSet<u64> =
        world.github.read(|repository| repository.pulls.keys().copied().skip(1).collect());
    let mut texts = 0;
    for request in world.github.requests() {
        let (markdown, plain) = written(&request);
        texts += markdown.len() + plain.len();
        for text in &markdown {
            let found = live_in(text, world.github.url(), &known, "pwn");
            assert!(found.is_empty(), "{} {}: {found:#?} in\n{text}", request.method, request.path);
        }
        for text in plain {
            let found = hidden_in(&text);
            assert!(found.is_empty(), "{} {}: {found:?} in\n{text}", request.method, request.path);
        }
    }
    texts
}

fn stop(agent: Running) -> String {
    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("fault of the agent"), "{said}");
    let hidden = hidden_in(&said);
    assert!(hidden.is_empty(), "{hidden:?} in the log\n{said}");
    said
}

fn t17(count: usize) {
    let began = Instant::now();
    let world = base();
    let proxy = world.aws.proxy();
    let agent = world.agent("[server]\nlisten = \"127.0.0.1:0\"\n");
    let server = server_of(&agent, PATIENCE);
    let (_, _, state) = merged(&world, "jobs", &[(FILE, Some(&jobs().to_string()))]);
    assert_eq!(state, "success", "{}", agent.said());
    let (untouched, before) = (stands(&world), resident(agent.id()));

    let canary = world.folder().join("pwned");
    let all = attacks::of(count, &canary.to_string_lossy());
    let (forks, ours): (Vec<Attack>, Vec<Attack>) = all.into_iter().partition(Attack::is_fork);
    let evaluators = Evaluators::of(agent.id());
    let (mut families, mut comments, mut refused, mut reads) = (BTreeMap::<&str, usize>::new(), 0, 0, 0);
    for attacks in [&forks, &ours] {
        proxy.clear();
        for batch in attacks.chunks(BATCH) {
            let opened = Instant::now();
            let made = make(&world, batch);
            println!("{} more, judged in {:.0?}", made.len(), opened.elapsed());
            for made in &made {
                refused += came_as_it_should(&world, made);
                *families.entry(made.attack.family).or_default() += 1;
                comments += made.comments.len();
                world.github.close(made.number);
            }
        }
        let calls = proxy.calls();
        if attacks == &forks {
            assert!(calls.is_empty(), "forks had AWS called: {calls:?}");
        }
        let writes: Vec<String> = proxy.mutations().iter().map(ToString::to_string).collect();
        assert!(writes.is_empty(), "pull requests had something written: {writes:?}");
        reads += calls.len();
    }
    let (most, largest) = evaluators.ended();
    let (after, highest) = (resident(agent.id()), peak(agent.id()));
    assert_eq!(stands(&world), untouched);
    assert!(!canary.exists(), "a shell ran");
    assert_eq!(world.github.read(|repository| repository.deployments.len()), 1, "nothing is deployed");
    let pages = world.github.read(|repository| repository.pulls.len());
    for path in (1..=pages).map(|number| format!("/pulls/{number}")).chain(["/".to_owned()]) {
        let page = get(server, &path).text;
        for tag in ["<img", "<svg", "<script>alert", "<details open", "\u{1b}", "\u{202e}"] {
            assert!(!page.contains(tag), "{tag} on {path}\n{page}");
        }
    }
    println!(
        "T17: {} pull requests in {} families: {}; {comments} comments, {refused} refused; calls to AWS because of {} forks: 0; \
         because of {} that may be planned: {reads}, none of them a write",
        forks.len() + ours.len(),
        families.len(),
        families.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", "),
        forks.len(),
        ours.len(),
    );
    println!(
        "the agent's memory: {before:.0} MiB before, {after:.0} after, {highest:.0} at most; \
         at most {most} processes evaluated policies at once, with {largest:.0} MiB at most"
    );
    assert!(after < before + MOST_MORE && most <= MOST_EVALUATORS, "too much");
    assert_eq!(families.len(), attacks::families().count());

    the_agent_is_unharmed(&world, &untouched);
    let (said, texts) = (stop(agent), all_harmless(&world));
    println!(
        "{texts} texts on GitHub and {} lines of its log: none does anything; {:.0?}",
        said.lines().count(),
        began.elapsed()
    );
    world.github.assert_no_violations();
}

/// A merge that takes the policy out with what it denies is denied; what is right is deployed.
fn the_agent_is_unharmed(world: &World, untouched: &str) {
    let proxy = world.aws.proxy();
    proxy.clear();
    let forbidden = jobs().with("[queue.jobs]", "Forbidden = \"yes\"\n\n[queue.jobs]").to_string();
    let (number, _, state) = merged(world, "bypass", &[(FILE, Some(&forbidden)), (POLICY, None)]);
    assert_eq!(state, "failure");
    let comment = world.github.pull(number).bot_comments()[0].body.clone();
    assert!(comment.contains("the tag Forbidden is not allowed"), "{comment}");
    let own = |service: &str| ["dynamodb", "s3"].contains(&service);
    let written: Vec<String> =
        proxy.mutations().iter().filter(|call| !own(&call.service)).map(ToString::to_string).collect();
    assert!(written.is_empty(), "{written:?}");
    let queues = |stands: &str| {
        stands.lines().filter(|line| line.contains("http")).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(queues(&stands(world)), queues(untouched));

    let right = jobs().with("delay = \"1s\"", "delay = \"42s\"").to_string();
    let (_, _, state) = merged(world, "right", &[(FILE, Some(&right)), (POLICY, Some(BASE_POLICY))]);
    assert_eq!(state, "success");
    assert!(queues(&stands(world)).iter().any(|queue| queue.contains("'42'")), "{}", stands(world));
}

#[test]
fn t17_hostile_pull_requests_use_no_credentials_write_nothing_and_call_nobody() {
    t17(35);
}

#[test]
#[ignore = "300 pull requests: minutes"]
fn t17_three_hundred_hostile_pull_requests() {
    t17(300);
}
