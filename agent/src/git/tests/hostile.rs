//! T15: a config repo that nobody means well with. Whatever stands in its trees, histories and
//! references: an answer within seconds, nothing read from outside, and words that a terminal can show.

mod corpus;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use corpus::{Case, Corpus};
use git2::{Oid, Repository, Signature};

use super::Upstream;
use crate::git::{Credentials, GitError, Snapshot, Snapshots};

/// What anybody may wait for one case.
const PATIENCE: Duration = Duration::from_secs(20);
/// Stands where only a link or a path that leads outside would find it.
const OUTSIDE: &str = "canary-outside";

/// What becomes of a commit that is the branch's: read from the upstream itself, so that it is seen also
/// where Git would not have sent it.
async fn read(upstream: &Upstream, commit: Oid) -> Result<Arc<Snapshot>, GitError> {
    upstream.repository.reference("refs/heads/main", commit, true, "").unwrap();
    let mirror = upstream.mirror();
    // What Git itself refuses to send never arrives; what is in the mirror some other way is read all the same.
    if mirror.fetch(Credentials::None, &[]).await.is_err() {
        let (from, to) =
            (upstream.repository.odb().unwrap(), Repository::open_bare(mirror.folder()).unwrap());
        let into = to.odb().unwrap();
        from.foreach(|id| {
            if let Ok(object) = from.read(*id) {
                let _ = into.write(object.kind(), object.data());
            }
            true
        })
        .unwrap();
    }
    let snapshots = Snapshots::new(mirror, "environments", "policies", crate::evaluator::program());
    Arc::new(snapshots).at(&commit.to_string()).await
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c))
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_hostile_config_repo_is_read_or_refused() {
    let corpus = Corpus::whole();
    let (mut sound, mut marked, mut refused, mut slowest) = (0, 0, 0, Duration::ZERO);
    for Case { title, commit } in &corpus.cases {
        let began = Instant::now();
        let read = read(&corpus.upstream, *commit).await;
        let took = began.elapsed();
        assert!(took < PATIENCE, "{title}: {took:?}");
        slowest = slowest.max(took);
        match read {
            Err(error) => {
                refused += 1;
                let text = error.to_string();
                assert!(is_plain(&text) && text.len() < 4_096, "{title}: {text:?}");
            }
            Ok(snapshot) => {
                let text = format!("{:?}", snapshot.reading);
                assert!(!text.contains(OUTSIDE) && !text.contains("root:x:0"), "{title}: {text}");
                let policies = snapshot.policies.as_ref().err();
                let shown = pointsman_core::render::diagnostic::text(
                    &snapshot.reading.diagnostics,
                    &pointsman_core::environment::Sources::new(),
                    pointsman_core::render::diagnostic::Colour::Never,
                );
                let shown =
                    policies.into_iter().flatten().fold(shown, |text, error| format!("{text}{error}\n"));
                assert!(is_plain(&shown), "{title}: {shown:?}");
                match snapshot.reading.has_errors() || policies.is_some() {
                    true => marked += 1,
                    false => sound += 1,
                }
            }
        }
    }
    println!(
        "T15: {} hostile commits: {refused} refused, {marked} read with errors, {sound} with nothing to say; the slowest {slowest:.1?}",
        corpus.cases.len()
    );
    assert!(corpus.cases.len() >= 200);
}

/// References whose names only look like what they are.
#[tokio::test]
async fn t15_odd_references_are_nobodys() {
    let upstream = Upstream::new();
    let main = upstream.commit("refs/heads/main", &[], &[("README", super::Text("hello"))]);
    let other = upstream.commit("refs/heads/other", &[], &[("README", super::Text("another"))]);
    upstream.repository.reference("refs/pull/7/head", Oid::from_str(&main).unwrap(), true, "").unwrap();
    let odd = [
        "refs/pull/+7/head",
        "refs/pull/007/head",
        "refs/pull/-7/head",
        "refs/pull/18446744073709551616/head",
        "refs/pull/7/merge",
        "refs/pull/7/head/head",
        "refs/pull/x/head",
        "refs/pull/0x7/head",
        "refs/pull/7a/head",
        "refs/pull/\u{664}/head",
        "refs/pull/head",
        "refs/changes/7/head",
        "refs/notes/7",
        "refs/tags/main",
        "refs/heads/refs/heads/main",
        "refs/heads/refs/pull/7/head",
        "refs/heads/gh-readonly-queue/main/pr-+7-00",
        "refs/heads/gh-readonly-queue/main/pr-007-00",
        "refs/heads/gh-readonly-queue/main/pr-7-zz",
        "refs/heads/gh-readonly-queue/mainpr-7-00",
        "refs/heads/gh-readonly-queue/other/pr-7-00",
        "refs/heads/-main",
        "refs/heads/--help",
    ];
    let mut made = 0;
    for name in odd {
        let path = upstream.repository.path().join(name);
        // Written past Git, which would refuse some of them; where another stands in the way there is none.
        let folder = path.parent().unwrap();
        if std::fs::create_dir_all(folder).is_ok() && std::fs::write(&path, format!("{other}\n")).is_ok() {
            made += 1;
        }
    }
    let heads = upstream.mirror().heads(Credentials::None).await.unwrap();
    assert_eq!(heads.branch, main);
    assert_eq!(heads.pulls, [(7, main.clone())].into(), "only refs/pull/7/head is pull request 7");
    assert!(heads.groups.is_empty(), "{:?}", heads.groups);
    println!("T15: {made} odd references");

    // A branch that is no commit, leads in a circle, or to nothing.
    let robin = Signature::now("Robin", "robin@example.com").unwrap();
    let tree = upstream.repository.treebuilder(None).unwrap().write().unwrap();
    let object = upstream.repository.find_object(tree, None).unwrap();
    let tag = upstream.repository.tag("t", &object, &robin, "a tag", true).unwrap();
    let head = upstream.repository.path().join("refs/heads/main");
    for what in [
        tree.to_string(),
        tag.to_string(),
        "5".repeat(40),
        "ref: refs/heads/main".to_owned(),
        "garbage".to_owned(),
        String::new(),
    ] {
        std::fs::write(&head, format!("{what}\n")).unwrap();
        let mirror = upstream.mirror();
        let read = match mirror.heads(Credentials::None).await {
            Ok(heads) => match mirror.fetch(Credentials::None, &[]).await {
                Ok(()) => mirror.revision(&heads.branch).map(drop),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let error = read.expect_err(&what).to_string();
        assert!(is_plain(&error), "{what}: {error:?}");
    }
}
