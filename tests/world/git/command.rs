//! Calls of the `git` program, apart from the user's configuration.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{ChangedFile, Commit};

pub(super) const NAME: &str = "Robin Example";
pub(super) const EMAIL: &str = "robin@example.com";

/// Cuts a Git call off from the user's configuration, credentials and surroundings.
pub(crate) fn isolate(command: &mut Command) -> &mut Command {
    for name in
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_CEILING_DIRECTORIES"]
    {
        command.env_remove(name);
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env("GIT_AUTHOR_NAME", NAME)
        .env("GIT_AUTHOR_EMAIL", EMAIL)
        .env("GIT_COMMITTER_NAME", NAME)
        .env("GIT_COMMITTER_EMAIL", EMAIL)
}

/// Runs git in a folder and returns its output, whatever its exit code.
pub(super) fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    let output = isolate(&mut command).current_dir(folder).args(arguments).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("git cannot be started; install git 2.38 or newer: {error}"))
}

/// Runs git in a folder, which must succeed, and returns its trimmed output.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    succeeded(arguments, &run(folder, arguments))
}

/// As [`git`], with the author's and committer's time in seconds since 1970.
pub(super) fn git_at(folder: &Path, arguments: &[&str], seconds: i64) -> String {
    let date = format!("{seconds} +0000");
    let mut command = Command::new("git");
    isolate(&mut command).env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
    let output = command.current_dir(folder).args(arguments).stdin(Stdio::null()).output().expect("git");
    succeeded(arguments, &output)
}

fn succeeded(arguments: &[&str], output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {complaint}", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Runs git with the bytes as its input; it must succeed.
pub(super) fn feed(folder: &Path, arguments: &[&str], input: &[u8]) {
    let mut command = Command::new("git");
    isolate(&mut command).current_dir(folder).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("git");
    child.stdin.take().expect("piped").write_all(input).expect("git reads its input");
    let output = child.wait_with_output().expect("git ends");
    succeeded(arguments, &output);
}

pub(super) fn init(path: &Path) {
    git(Path::new("/"), &["init", "--quiet", "--bare", "--initial-branch=main", &path.to_string_lossy()]);
    for (key, value) in [
        ("http.receivepack", "true"),
        ("uploadpack.allowAnySHA1InWant", "true"),
        ("core.logAllRefUpdates", "true"),
        ("gc.auto", "0"),
    ] {
        git(path, &["config", key, value]);
    }
}

pub(super) fn log(folder: &Path, range: &str) -> Vec<Commit> {
    let format = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%B%x1e";
    let output = run(folder, &["log", format, "--end-of-options", range, "--"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split('\u{1e}').filter_map(|record| parse_commit(record.trim_start_matches('\n'))).collect()
}

fn parse_commit(record: &str) -> Option<Commit> {
    let fields: Vec<&str> = record.split('\u{1f}').collect();
    let [sha, tree, parents, author, email, date, message] = fields[..] else {
        return None;
    };
    Some(Commit {
        sha: sha.to_owned(),
        tree: tree.to_owned(),
        parents: parents.split_whitespace().map(str::to_owned).collect(),
        author: author.to_owned(),
        email: email.to_owned(),
        date: date.replace("+00:00", "Z"),
        message: message.trim_end().to_owned(),
    })
}

pub(super) fn changed_files(folder: &Path, base: &str, head: &str) -> Vec<ChangedFile> {
    let range = format!("{base}...{head}");
    let raw = git(folder, &["diff", "--raw", "--no-renames", "--abbrev=40", "--numstat", &range]);
    let mut files = Vec::new();
    for line in raw.lines().filter(|line| line.starts_with(':')) {
        let (facts, path) = line.split_once('\t').expect("a path in git's raw difference");
        let facts: Vec<&str> = facts.split(' ').collect();
        let (status, blob) = match facts[4] {
            "A" => ("added", facts[3]),
            "D" => ("removed", facts[2]),
            _ => ("modified", facts[3]),
        };
        let (path, blob) = (path.to_owned(), blob.to_owned());
        files.push(ChangedFile { path, status, additions: 0, deletions: 0, blob });
    }
    for line in raw.lines().filter(|line| !line.starts_with(':')) {
        let fields: Vec<&str> = line.splitn(3, '\t').collect();
        let [added, deleted, path] = fields[..] else {
            continue;
        };
        if let Some(file) = files.iter_mut().find(|file| file.path == path) {
            file.additions = added.parse().unwrap_or(0);
            file.deletions = deleted.parse().unwrap_or(0);
        }
    }
    files
}
