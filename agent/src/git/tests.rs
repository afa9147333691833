#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod hostile;

use std::{path::Path, sync::Arc};

use git2::{Oid, Repository, Signature};
use pointsman_core::environment::{Source, read};
use tempfile::TempDir;

use super::{Credentials, GitErrorKind, Mirror, Snapshots, changed, folder_sources};

/// A repository to be mirrored, written to without a work tree.
struct Upstream {
    folder: TempDir,
    repository: Repository,
}

enum Write<'t> {
    Text(&'t str),
    Link(&'t str),
    Submodule,
    Delete,
}
use Write::{Delete, Link, Submodule, Text};

impl Upstream {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path().join("config.git")).unwrap();
        Self { folder, repository }
    }

    fn url(&self) -> String {
        self.folder.path().join("config.git").display().to_string()
    }

    fn commit(&self, reference: &str, parents: &[&str], writes: &[(&str, Write<'_>)]) -> String {
        let parents: Vec<_> = parents
            .iter()
            .map(|id| self.repository.find_commit(Oid::from_str(id).unwrap()).unwrap())
            .collect();
        let mut index = git2::Index::new().unwrap();
        if let Some(parent) = parents.first() {
            index.read_tree(&parent.tree().unwrap()).unwrap();
        }
        for (path, write) in writes {
            let (mode, id) = match write {
                Text(text) => (0o100_644, self.repository.blob(text.as_bytes()).unwrap()),
                Link(target) => (0o120_000, self.repository.blob(target.as_bytes()).unwrap()),
                Submodule => (0o160_000, Oid::from_str(&"1".repeat(40)).unwrap()),
                Delete => {
                    index.remove(Path::new(path), 0).unwrap();
                    continue;
                }
            };
            let entry = git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode,
                uid: 0,
                gid: 0,
                file_size: 0,
                id,
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            index.add(&entry).unwrap();
        }
        let tree = self.repository.find_tree(index.write_tree_to(&self.repository).unwrap()).unwrap();
        let robin = Signature::new("Robin", "robin@example.com", &git2::Time::new(1_767_603_600, 0)).unwrap();
        let parents: Vec<_> = parents.iter().collect();
        let id = self.repository.commit(None, &robin, &robin, "a change", &tree, &parents).unwrap();
        self.repository.reference(reference, id, true, "").unwrap();
        id.to_string()
    }

    fn mirror(&self) -> Mirror {
        Mirror::open(&self.folder.path().join("data"), &self.url(), "main").unwrap()
    }
}

const MAIN: &str = "refs/heads/main";

#[tokio::test]
async fn heads_move_with_branches_and_pull_requests() {
    let upstream = Upstream::new();
    let mirror = upstream.mirror();
    assert_eq!(mirror.heads(Credentials::None).await.unwrap_err().kind, GitErrorKind::Empty);

    let first = upstream.commit("refs/heads/trunk", &[], &[("README", Text("hello"))]);
    let error = mirror.heads(Credentials::None).await.unwrap_err();
    assert_eq!(error.kind, GitErrorKind::BranchMissing);
    assert!(
        error.to_string().contains("there is no branch `main`") && error.to_string().contains("trunk"),
        "{error}"
    );

    upstream.commit(MAIN, &[&first], &[("README", Text("hello there"))]);
    let before = mirror.heads(Credentials::None).await.unwrap();
    assert_eq!(mirror.heads(Credentials::None).await.unwrap(), before);
    let head = upstream.commit("refs/pull/7/head", &[&before.branch], &[("README", Text("good day"))]);
    let after = mirror.heads(Credentials::None).await.unwrap();
    assert_eq!(after.pulls.get(&7), Some(&head));
    assert_eq!(after.branch, before.branch);
    assert_ne!(after.digest, before.digest);

    assert_eq!(mirror.revision(&head).unwrap_err().kind, GitErrorKind::CommitMissing);
    mirror.fetch(Credentials::None, &[7]).await.unwrap();
    assert_eq!(mirror.revision(&head).unwrap().id(), head);
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.git").display().to_string();
    let look = async |url: &str| {
        Mirror::open(folder.path(), url, "main").unwrap().heads(Credentials::None).await.unwrap_err()
    };
    assert_eq!(look(&absent).await.kind, GitErrorKind::NotFound);
    // Port 1 of loopback: nothing listens there.
    let error = look("http://127.0.0.1:1/config.git").await;
    assert_eq!(error.kind, GitErrorKind::Unreachable);
    assert!(error.to_string().contains("looking at http://127.0.0.1:1/config.git"), "{error}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(Mirror::open(&file, &absent, "main").unwrap_err().kind, GitErrorKind::Mirror);
}

#[tokio::test]
async fn blobs_are_read_and_everything_else_is_marked() {
    let upstream = Upstream::new();
    let big = "#".repeat(1024 * 1024 + 1);
    let commit = upstream.commit(
        MAIN,
        &[],
        &[
            ("environments/a.toml", Text("a = 1")),
            ("environments/link.toml", Link("/etc/passwd")),
            ("environments/module", Submodule),
            ("environments/big.toml", Text(&big)),
            ("bases/base.toml", Text("b = 1")),
            ("README", Text("not read")),
            ("policies/one.rego", Text("package one")),
            ("policies/link.rego", Link("one.rego")),
        ],
    );
    let mirror = upstream.mirror();
    mirror.fetch(Credentials::None, &[]).await.unwrap();
    let revision = mirror.revision(&commit).unwrap();
    let (sources, _) = revision.sources("environments").unwrap();
    assert_eq!(sources.text("environments/a.toml"), Some("a = 1"));
    assert_eq!(sources.text("bases/base.toml"), Some("b = 1"));
    assert_eq!(sources.get("environments/link.toml"), Some(&Source::Symlink));
    assert_eq!(sources.get("environments/module"), Some(&Source::Submodule));
    assert_eq!(sources.get("environments/big.toml"), Some(&Source::TooLarge(1024 * 1024 + 1)));
    assert_eq!(sources.get("README"), None);
    let (policies, refused) = revision.policies("policies").unwrap();
    assert_eq!(policies.get("policies/one.rego").map(String::as_str), Some("package one"));
    assert_eq!(refused, ["policies/link.rego"]);
    let snapshots = Arc::new(Snapshots::new(mirror, "environments", "policies", crate::evaluator::program()));
    let errors = snapshots.at(&commit).await.unwrap().policies.as_ref().unwrap_err().clone();
    assert!(errors[0].to_string().contains("policies/link.rego"), "{errors:?}");
}

#[tokio::test]
async fn it_is_known_whether_policies_changed_lately() {
    let upstream = Upstream::new();
    let first = upstream.commit(MAIN, &[], &[("policies/one.rego", Text("package one"))]);
    let described = upstream.commit(MAIN, &[&first], &[("environments/a.toml", Text("a = 1"))]);
    let loosened = upstream.commit(MAIN, &[&described], &[("policies/one.rego", Text("package two"))]);
    let later = upstream.commit(MAIN, &[&loosened], &[("environments/b.toml", Text("b = 1"))]);
    let mirror = upstream.mirror();
    mirror.fetch(Credentials::None, &[]).await.unwrap();
    let long = |commit: &str| mirror.revision(commit).unwrap().has_long_had("policies/").unwrap();
    assert_eq!(
        [&first, &described, &loosened, &later].map(|commit| long(commit)),
        [true, true, false, false]
    );
}

#[tokio::test]
async fn a_base_changes_its_heirs_and_nothing_else() {
    let upstream = Upstream::new();
    let heir = "extends = \"../_base.toml\"\n";
    let first = upstream.commit(
        MAIN,
        &[],
        &[
            ("environments/_base.toml", Text("[owner]\nteam = \"one\"\n")),
            ("environments/production/web.toml", Text(heir)),
            ("environments/staging/web.toml", Text(heir)),
            ("environments/staging/alone.toml", Text("[owner]\nteam = \"two\"\n")),
        ],
    );
    let second =
        upstream.commit(MAIN, &[&first], &[("environments/_base.toml", Text("[owner]\nteam = \"three\"\n"))]);
    let third = upstream.commit(
        MAIN,
        &[&second],
        &[
            ("environments/staging/alone.toml", Delete),
            ("environments/new.toml", Text("")),
            ("README", Text("")),
        ],
    );
    let mirror = upstream.mirror();
    mirror.fetch(Credentials::None, &[]).await.unwrap();
    let snapshots = Arc::new(Snapshots::new(mirror, "environments", "policies", crate::evaluator::program()));
    let (a, b, c) = (
        snapshots.at(&first).await.unwrap(),
        snapshots.at(&second).await.unwrap(),
        snapshots.at(&third).await.unwrap(),
    );
    let names = |names: &[pointsman_core::environment::EnvironmentName]| {
        names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>()
    };
    let by_base = changed(&a.fingerprints, &b.fingerprints);
    assert_eq!(names(&by_base.described), ["production/web", "staging/web"]);
    assert!(by_base.deleted.is_empty());
    let by_files = changed(&b.fingerprints, &c.fingerprints);
    assert_eq!(
        (names(&by_files.described), names(&by_files.deleted)),
        (vec!["new".to_owned()], vec!["staging/alone".to_owned()])
    );
    let paths: Vec<String> = c.revision.changed_paths(&b.revision).unwrap().into_iter().collect();
    assert_eq!(paths, ["README", "environments/new.toml", "environments/staging/alone.toml"]);
    assert_eq!(c.revision.first_parent().unwrap().map(|parent| parent.id()), Some(second.clone()));
    assert!(a.revision.first_parent().unwrap().is_none());
    let changed_in = |files: &[&str]| {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        c.revision.last_change(&files).unwrap().id()
    };
    assert_eq!(changed_in(&["environments/staging/web.toml", "environments/_base.toml"]), second);
    assert_eq!(changed_in(&["environments/staging/web.toml"]), first);
    assert_eq!(changed_in(&["environments/new.toml"]), third);
}

#[tokio::test]
async fn a_fork_in_the_history_has_a_base() {
    let upstream = Upstream::new();
    let base = upstream.commit(MAIN, &[], &[("a", Text("1"))]);
    let main = upstream.commit(MAIN, &[&base], &[("a", Text("2"))]);
    let head = upstream.commit("refs/pull/1/head", &[&base], &[("b", Text("1"))]);
    let stranger = upstream.commit("refs/pull/2/head", &[], &[("c", Text("1"))]);
    let mirror = upstream.mirror();
    mirror.fetch(Credentials::None, &[1, 2]).await.unwrap();
    let (main, head) = (mirror.revision(&main).unwrap(), mirror.revision(&head).unwrap());
    assert_eq!(main.merge_base(&head).unwrap().map(|revision| revision.id()), Some(base));
    assert!(main.merge_base(&mirror.revision(&stranger).unwrap()).unwrap().is_none());
}

#[test]
fn a_folder_is_read_without_following_links() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.toml"), "secret = 1").unwrap();
    let environments = folder.path().join("environments/production");
    std::fs::create_dir_all(&environments).unwrap();
    std::fs::create_dir_all(folder.path().join(".git")).unwrap();
    std::fs::write(folder.path().join(".git/config.toml"), "").unwrap();
    std::fs::write(environments.join("web.toml"), "").unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("environments/outside")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.toml"), environments.join("link.toml")).unwrap();
    let sources = folder_sources(folder.path(), "environments").unwrap();
    assert_eq!(sources.get("environments/outside"), Some(&Source::Symlink));
    assert_eq!(sources.get("environments/production/link.toml"), Some(&Source::Symlink));
    assert_eq!(sources.get(".git/config.toml"), None);
    assert_eq!(sources.text("environments/production/web.toml"), Some(""));
    assert!(read(&sources).has_errors());
    assert_eq!(
        folder_sources(Path::new("/nonexistent"), "environments").unwrap_err().kind,
        GitErrorKind::NotFound
    );
}
