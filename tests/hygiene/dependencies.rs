//! Dependencies point one way: agent → aws → engine → core, and core is free of async, network,
//! files and AWS in all that it brings along.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    process::Command,
};

use serde::Deserialize;

use crate::{none, repository::root};

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    /// Nothing for what the program itself is linked with; else `dev` or `build`.
    kind: Option<String>,
}

/// What each package is linked with, by name; tests' and build scripts' dependencies left out.
struct Graph {
    linked: BTreeMap<String, BTreeSet<String>>,
    own: BTreeSet<String>,
}

impl Graph {
    fn read() -> Self {
        let version = output(&["rustc", "-vV"]);
        let host =
            version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        // Only this platform's packages are on the disk after a build.
        let json = output(&[
            &cargo,
            "metadata",
            "--locked",
            "--offline",
            "--format-version=1",
            "--filter-platform",
            host,
        ]);
        let metadata: Metadata = serde_json::from_str(&json).expect("cargo metadata prints JSON");
        let names: BTreeMap<&str, &str> =
            metadata.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let name =
            |id: &str| names.get(id).map_or_else(|| panic!("no package {id}"), |name| (*name).to_owned());
        let mut linked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in &metadata.resolve.nodes {
            let edges = node.deps.iter().filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            linked.entry(name(&node.id)).or_default().extend(edges.map(|edge| name(&edge.pkg)));
        }
        Self { linked, own: metadata.workspace_members.iter().map(|id| name(id)).collect() }
    }

    fn direct(&self, package: &str) -> &BTreeSet<String> {
        self.linked.get(package).unwrap_or_else(|| panic!("the workspace has no package {package}"))
    }

    /// Every package that this one is linked with, with the way to it: `a → b → c`.
    fn all(&self, package: &str) -> BTreeMap<String, String> {
        let mut ways = BTreeMap::from([(package.to_owned(), package.to_owned())]);
        let mut next = VecDeque::from([package.to_owned()]);
        while let Some(from) = next.pop_front() {
            let way = ways[&from].clone();
            for to in self.direct(&from) {
                if !ways.contains_key(to) {
                    ways.insert(to.clone(), format!("{way} → {to}"));
                    next.push_back(to.clone());
                }
            }
        }
        ways
    }

    /// Fails when the package is linked with one that the rule names.
    fn assert_without(&self, package: &str, what: &str, forbidden: impl Fn(&str) -> bool) {
        let all = self.all(package);
        let findings: Vec<String> =
            all.iter().filter(|(name, _)| forbidden(name)).map(|(_, way)| way.clone()).collect();
        none(&findings, &format!("{package} must stay free of {what}; it comes in by:"));
        println!("{package}: {} packages, none of them {what}", all.len() - 1);
    }
}

fn output(command: &[&str]) -> String {
    let output = Command::new(command[0])
        .args(&command[1..])
        .current_dir(root())
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

fn is_aws(name: &str) -> bool {
    let families = ["aws-sdk-", "aws-smithy-"];
    families.iter().any(|family| name.starts_with(family))
        || ["aws-config", "aws-credential-types", "aws-runtime", "aws-sigv4", "aws-types"].contains(&name)
}

fn is_network(name: &str) -> bool {
    [
        "axum",
        "git2",
        "h2",
        "hyper",
        "hyper-util",
        "libgit2-sys",
        "mio",
        "octocrab",
        "openssl-sys",
        "reqwest",
        "rustls",
        "socket2",
    ]
    .contains(&name)
}

fn is_async(name: &str) -> bool {
    ["async-std", "async-trait", "futures", "futures-core", "futures-util", "smol", "tokio"].contains(&name)
}

#[test]
fn crates_point_one_way() {
    let graph = Graph::read();
    let story: [(&str, &[&str]); 5] = [
        ("pointsman-core", &[]),
        ("pointsman-engine", &["pointsman-core"]),
        ("pointsman-aws", &["pointsman-core", "pointsman-engine"]),
        ("pointsman", &["pointsman-aws", "pointsman-core", "pointsman-engine"]),
        ("pointsman-tests", &[]),
    ];
    let named: BTreeSet<String> = story.iter().map(|(package, _)| (*package).to_owned()).collect();
    assert_eq!(graph.own, named, "a new crate needs its place in this test and in ARCHITECTURE.md");
    let mut findings = Vec::new();
    for (package, allowed) in story {
        for own in graph.direct(package).intersection(&graph.own) {
            if !allowed.contains(&own.as_str()) {
                findings.push(format!("{package} → {own}"));
            }
        }
    }
    none(
        &findings,
        "Dependencies point agent → aws → engine → core; move the code to the side that may know both:",
    );
}

#[test]
fn core_is_linked_with_nothing_that_acts() {
    let graph = Graph::read();
    graph.assert_without("pointsman-core", "async", is_async);
    graph.assert_without("pointsman-core", "network", is_network);
    graph.assert_without("pointsman-core", "AWS", is_aws);
    let acting =
        ["chrono", "fastrand", "getrandom", "jiff", "notify", "rand", "rustix", "tempfile", "time", "uuid"];
    let findings: Vec<String> = graph
        .direct("pointsman-core")
        .iter()
        .filter(|name| acting.contains(&name.as_str()))
        .cloned()
        .collect();
    none(&findings, "Clocks, chance and files are handed to core as values; it does not depend on:");
}

#[test]
fn the_engine_tells_the_story_without_aws() {
    let graph = Graph::read();
    graph.assert_without("pointsman-engine", "AWS", is_aws);
    graph.assert_without("pointsman-engine", "GitHub, Git and web", |name| {
        ["axum", "git2", "hyper", "octocrab", "reqwest", "rustls"].contains(&name)
    });
}

#[test]
fn one_crate_depends_on_the_aws_sdk() {
    let graph = Graph::read();
    let findings: Vec<String> = graph
        .own
        .iter()
        .filter(|package| *package != "pointsman-aws")
        .flat_map(|package| graph.direct(package).iter().map(move |name| (package, name)))
        .filter(|(_, name)| is_aws(name))
        .map(|(package, name)| format!("{package} → {name}"))
        .collect();
    none(&findings, "AWS's SDK is a dependency of agent/aws only:");
}

/// `cargo demo` builds without dev-dependencies, the tests with them. Where that changes a feature of a
/// crate low in the tree, each of the two compiles AWS's SDK anew after the other.
#[test]
fn tests_and_demonstration_share_their_build() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let features = |edges: &str| -> BTreeSet<String> {
        let options = [
            "--locked",
            "--offline",
            "--workspace",
            "--prefix=none",
            "--format={p} with {f}",
            "--edges",
            edges,
        ];
        let tree = output(&[&[cargo.as_str(), "tree"][..], &options].concat());
        tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
    };
    let tests = features("normal,build,dev");
    let findings: Vec<String> = features("normal,build").difference(&tests).cloned().collect();
    none(
        &findings,
        "A dev-dependency turns on features of these, beyond what the program has (`cargo tree --edges features \
         --invert NAME` says which); turn the feature off, or on for all in [workspace.dependencies]:",
    );
}

/// Cargo gives a dependency the features that anybody in the build wants: tests may bring what the
/// program, built alone as it is released, would lack. Without Unicode `(?i)` is an invalid
/// expression, and a policy that cannot be evaluated denies.
#[test]
fn the_program_alone_understands_the_expressions_of_policies() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let tree = output(&[
        &cargo,
        "tree",
        "--locked",
        "--offline",
        "--package",
        "pointsman",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p} {f}",
    ]);
    let regex = tree.lines().find(|line| line.starts_with("regex v")).expect("policies have expressions");
    for feature in ["perf", "unicode"] {
        assert!(regex.split([' ', ',']).any(|one| one == feature), "{regex} lacks {feature}");
    }
    println!("the program alone has {regex}");
}
