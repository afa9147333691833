//! Policies that loop, allocate or recurse are denied in bounded time and memory, and whoever asked
//! is unharmed.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use pointsman_tests::{
    agent::{Ended, Program, ended},
    story::{PRODUCTION_FILE, World},
};
use tempfile::TempDir;

use crate::{PATIENCE, world};

/// What the process may use beyond what it has at its start, and room for that.
const MOST_MEBIBYTES: u64 = 256 + 96;

/// Runs a command and says its code, its seconds, and the most memory that it or any process
/// under it had at once.
const MEASURED: &str = "
import resource, subprocess, sys, time
began = time.monotonic()
ended = subprocess.run(sys.argv[1:])
took = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f'{took:.1f} {used.ru_utime + used.ru_stime:.1f} {used.ru_maxrss // 1024}', file=sys.stderr)
sys.exit(ended.returncode)
";

/// A config repo with the example estate and these policies.
fn folder(policies: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&pointsman_tests::repository().join("environments"), &folder.path().join("environments"));
    for (name, text) in policies {
        let path = folder.path().join("policies").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_pointsman"))
}

/// A check, with seconds, processor seconds and mebibytes.
fn checked(folder: &TempDir) -> (Ended, [f64; 3]) {
    let mut command = Command::new("python3");
    command.args(["-I", "-S", "-c", MEASURED]).arg(env!("CARGO_BIN_EXE_pointsman"));
    command.args(["check", "--repo"]).arg(folder.path()).env("NO_COLOR", "1").stdin(Stdio::null());
    let ended = ended(&mut command);
    let last = ended.err.lines().last().unwrap_or_default().to_owned();
    let figures: Vec<f64> = last.split(' ').filter_map(|figure| figure.parse().ok()).collect();
    let figures = figures.try_into().unwrap_or_else(|_| panic!("no figures: {}", ended.err));
    (ended, figures)
}

fn chain(rules: usize) -> String {
    let links: String = (0..rules).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "a{n} if a{}", n + 1);
        text
    });
    format!("package p\ndeny contains \"reached\" if a0\n{links}a{rules} if true\n")
}

/// `first` doubled over and over: each rule is `join` of the one before, twice.
fn doubled(times: usize, first: &str, join: &str) -> String {
    let links: String = (0..times).fold(String::new(), |mut text, n| {
        let before = format!("x{n}");
        let _ = writeln!(text, "x{} := {}", n + 1, join.replace('$', &before));
        text
    });
    format!("package p\ndeny contains \"long\" if count(x{times}) > 0\nx0 := {first}\n{links}")
}

fn messages(rules: usize) -> String {
    let each: String = (0..rules).fold(String::new(), |mut text, n| {
        let _ = writeln!(
            text,
            "warn_{n} contains sprintf(\"%d %s\", [i, long]) if some i in numbers.range(1, 150)"
        );
        text
    });
    format!("package p\nlong := concat(\"\", [\"xxxxxxxxxx\" | some _ in numbers.range(1, 250)])\n{each}")
}

#[test]
fn policies_that_loop_allocate_or_recurse_are_denied() {
    let rule = |body: &str| format!("package p\ndeny contains \"no\" if {{\n\t{body}\n}}\n");
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "loops in loops",
            rule(
                "some a in numbers.range(1, 3000)\n\tsome b in numbers.range(1, 3000)\n\tsome c in numbers.range(1, 3000)\n\ta + b + c < 0",
            ),
            "takes longer than 1s",
        ),
        (
            "a comprehension of comprehensions",
            rule(
                "n := numbers.range(1, 3000)\n\tcount([[a, b, c] | some a in n; some b in n; some c in n]) == 0",
            ),
            "",
        ),
        ("one huge range", rule("count(numbers.range(1, 5000000000)) == 0"), "could not be evaluated"),
        (
            "a huge set",
            rule("count({sprintf(\"%d\", [x]) | some x in numbers.range(1, 100000000)}) == 0"),
            "could not be evaluated",
        ),
        ("a string that doubles", doubled(48, "\"0123456789\"", "concat(\"\", [$, $])"), "more than 256 MiB"),
        ("a list that doubles", doubled(48, "[1, 2, 3, 4]", "array.concat($, $)"), "more than 256 MiB"),
        ("a wide number", rule("sprintf(\"%2000000000d\", [1]) == \"\""), ""),
        (
            "texts in texts",
            rule(
                "x := concat(\"\", [\"a\" | some _ in numbers.range(1, 20000)])\n\treplace(replace(x, \"a\", x), \"a\", x) == \"\"",
            ),
            "more than 256 MiB",
        ),
        (
            "a walk over everything twice",
            rule(
                "x := numbers.range(1, 2000)\n\tcount([p | walk([x, x, x, x, x, x], [p, _]); walk([x, x, x, x], [p, _])]) == 0",
            ),
            "takes longer than 1s",
        ),
        (
            "rules in a circle",
            "package p\ndeny contains \"no\" if a\na if b\nb if a\n".to_owned(),
            "recursion detected",
        ),
        (
            "a function that calls itself",
            "package p\ndeny contains \"no\" if f(1) == 2\nf(x) := f(x + 1)\n".to_owned(),
            "",
        ),
        ("a chain of 5,000 rules", chain(5000), "5002 rules in all files"),
        (
            "literals nested 5,000 deep",
            rule(&format!("x := {}1{}\n\tx == 1", "[".repeat(5000), "]".repeat(5000))),
            "takes too long",
        ),
        (
            "objects nested 5,000 deep",
            rule(&format!("x := {}1{}\n\tx == 1", "{\"a\": ".repeat(5000), "}".repeat(5000))),
            "takes too long",
        ),
        (
            "parentheses nested 50,000 deep",
            rule(&format!("{}true{}", "(".repeat(50_000), ")".repeat(50_000))),
            "",
        ),
        ("a sum of 5,000 numbers", rule(&format!("1{} == 0", " +\n1".repeat(5_000))), "operators"),
        ("messages without end", messages(60), "longer than 16 MiB"),
    ];
    println!("{:<36} {:>6} {:>6} {:>5}  answer", "a policy with", "s", "cpu s", "MiB");
    for (name, policy, words) in cases {
        let folder = folder(&[("hostile.rego", &policy)]);
        let (ended, [seconds, processor, mebibytes]) = checked(&folder);
        let said = format!("{}{}", ended.out, ended.err);
        let line = said.lines().find(|line| {
            ["error[policy]", "hostile.rego", "policies/"].iter().any(|word| line.contains(word))
        });
        println!(
            "{name:<36} {seconds:>6.1} {processor:>6.1} {mebibytes:>5.0}  {}",
            line.unwrap_or_default().chars().take(120).collect::<String>()
        );
        assert_eq!(ended.code, 1, "{name} was not denied:\n{said}");
        assert!(said.contains(words), "{name}: `{words}` is not among\n{said}");
        // Two environments are judged, each may take its time.
        assert!(processor < 25.0, "{name} took {processor} s of processor time");
        assert!(mebibytes < MOST_MEBIBYTES as f64, "{name} took {mebibytes} MiB");
    }
}

#[test]
fn one_environment_that_cannot_be_judged_harms_no_other() {
    let policy = "package p\n\nwarn contains \"judged\"\n\ndeny contains \"no\" if {\n\tinput.stage == \"production\"\n\tcount(numbers.range(1, 5000000000)) == 0\n}\n";
    let folder = folder(&[("hostile.rego", policy)]);
    let ended = ended(program().command().args(["check", "--repo"]).arg(folder.path())).expect_code(1);
    let lines: Vec<&str> = ended.out.lines().filter(|line| line.contains("gravity-ai-chat: ")).collect();
    println!("{}", lines.join("\n"));
    assert!(lines.iter().any(|line| line.contains("staging/gravity-ai-chat: judged")), "{}", ended.out);
    let denied = "production/gravity-ai-chat: the rule `p.deny` could not be evaluated: it needed more than 256 MiB of memory";
    assert!(lines.iter().any(|line| line.contains(denied)), "{}", ended.out);
}

#[test]
fn a_process_that_is_killed_is_a_denial() {
    let slow = "package p\n\ndeny contains \"no\" if {\n\tsome a in numbers.range(1, 3000)\n\tsome b in numbers.range(1, 3000)\n\ta + b < 0\n}\n";
    let folder = folder(&[("slow.rego", slow)]);
    let mut command = program().command();
    command.args(["check", "--repo"]).arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let began = Instant::now();
    let evaluator = loop {
        if let Some(evaluator) = children(child.id()).first() {
            break *evaluator;
        }
        assert!(began.elapsed() < PATIENCE, "it starts no process");
        std::thread::yield_now();
    };
    let killed = Command::new("kill").args(["-9", &evaluator.to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("its process was ended by signal 9. What is not evaluated is not allowed"),
        "{said}"
    );
}

#[test]
fn the_agent_goes_on() {
    let world = world();
    let hostile = doubled(48, "\"0123456789\"", "concat(\"\", [$, $])");
    world.git.commit("main", &[("policies/hostile.rego", Some(&hostile))], "A policy that allocates");
    let agent = world.agent("");
    let conclusion = |number: u64| {
        let head = world.github.pull(number).head_sha();
        world.github.wait_until(PATIENCE, "the plan is reported", |repository| {
            let mut checks = repository.checks.iter().filter(|check| check.head_sha == head).peekable();
            checks.peek().is_some() && checks.all(|check| check.status == "completed")
        });
        let check = world.github.pull(number).check("pointsman / production/gravity-ai-chat");
        check.and_then(|check| check.conclusion).unwrap_or_default()
    };
    let file = World::example_environment();
    let number = world.propose("openwebui", PRODUCTION_FILE, &file, "Deploy OpenWebUI");
    assert_eq!(conclusion(number), "failure");
    let comment = world.github.pull(number).bot_comments()[0].body.clone();
    let why =
        "could not be evaluated: it needed more than 256 MiB of memory. What is not evaluated is not allowed";
    assert!(comment.contains(why) && comment.contains("policies/hostile.rego:2"), "{comment}");

    world.git.commit("main", &[("policies/hostile.rego", None)], "Take it out");
    let next = world.propose("openwebui-again", PRODUCTION_FILE, &file, "Deploy OpenWebUI");
    assert_eq!(conclusion(next), "success", "{}", agent.said());
    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn what_policies_print_stops_nothing() {
    let loud = "package p\n\nwarn contains \"done\" if count([1 | some n in numbers.range(1, 4000); print(\"line\", n, \"and more than a pipe holds\")]) > 0\n";
    let folder = folder(&[("loud.rego", loud)]);
    let ended = ended(program().command().args(["check", "--repo"]).arg(folder.path())).expect_code(0);
    assert!(ended.out.contains("staging/gravity-ai-chat: done"), "{}", ended.out);
}

#[test]
fn the_process_has_nothing_but_its_pipes() {
    // Whatever it is sent, it answers in its own words or ends; it opens nothing.
    let mut command = program().command();
    command.arg("policy-evaluator").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, b"{\"load\":{\"files\":{}}}\n").unwrap();
    let limits = limits_of(child.id());
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "\"loaded\"\n");
    for (name, most) in
        [("Max processes", 0), ("Max open files", 3), ("Max file size", 0), ("Max core file size", 0)]
    {
        assert_eq!(limits.get(name), Some(&most), "{limits:?}");
    }
    assert!(limits.contains_key("Max address space") && limits.contains_key("Max cpu time"), "{limits:?}");
}

/// The soft limits of a process that are numbers, once it has set them.
fn limits_of(process: u32) -> std::collections::BTreeMap<String, u64> {
    let began = Instant::now();
    loop {
        let text = fs::read_to_string(PathBuf::from(format!("/proc/{process}/limits"))).unwrap_or_default();
        let limits: std::collections::BTreeMap<String, u64> = text
            .lines()
            .filter_map(|line| {
                let (name, rest) = line.split_at_checked(26)?;
                Some((name.trim().to_owned(), rest.split_whitespace().next()?.parse().ok()?))
            })
            .collect();
        if limits.get("Max open files") == Some(&3) && limits.contains_key("Max cpu time") {
            return limits;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it does not bound itself: {text}");
        std::thread::yield_now();
    }
}

/// The processes that a process has started.
fn children(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .collect()
}
