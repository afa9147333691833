//! Tests of policies: every `test_…` rule of `*_test.rego`, and which lines of
//! the policies they reach.

use std::collections::BTreeMap;

use regorus::{Engine, Value};
use serde::{Deserialize, Serialize};

use super::{PolicyError, PolicySet, error::Spot, evaluate::evaluated, limits, rule, set};

/// What running the tests gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// By file and line.
    pub tests: Vec<TestResult>,
    /// By file, each policy file that has anything to reach.
    pub coverage: Vec<FileCoverage>,
}

impl TestReport {
    /// Whether every test passed. A set without tests has passed none and
    /// failed none.
    pub fn has_passed(&self) -> bool {
        self.tests.iter().all(|test| matches!(test.outcome, TestOutcome::Passed | TestOutcome::Skipped))
    }
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// The test file.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// Its package, without `data.`.
    pub package: String,
    /// Its name.
    pub name: String,
    /// How it went.
    pub outcome: TestOutcome,
    /// What it printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prints: Vec<String>,
}

/// How a test went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum TestOutcome {
    /// Its rule is true.
    Passed,
    /// Its name begins with `todo_test_`: it was not run.
    Skipped,
    /// Its rule is false or undefined.
    Failed,
    /// Its rule could not be evaluated.
    Error {
        /// Where the evaluation stopped.
        file: String,
        /// The line there, from 1.
        line: u32,
        /// Why.
        message: String,
    },
}

/// Which lines of a policy file the tests reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCoverage {
    /// The policy file.
    pub file: String,
    /// Lines that were evaluated.
    pub covered: Vec<u32>,
    /// Lines that could have been.
    pub not_covered: Vec<u32>,
}

impl FileCoverage {
    /// Whole percent of the lines, rounded down; 100 where there are none.
    pub fn percent(&self) -> usize {
        let all = self.covered.len() + self.not_covered.len();
        (self.covered.len() * 100).checked_div(all).unwrap_or(100)
    }
}

/// Runs the tests of a set, each within the time that a rule has.
///
/// # Errors
///
/// When tests and policies do not fit together: a test that uses a name which
/// does not exist, for instance.
pub fn run(policies: &PolicySet) -> Result<TestReport, Vec<PolicyError>> {
    limits::on_large_stack(|| run_here(policies)).unwrap_or_else(|| {
        let first = policies.tests.keys().next().map(String::as_str).unwrap_or_default();
        Err(vec![PolicyError::of_file(
            first,
            "the interpreter gave up on the tests without saying why",
            "find the test by leaving out one after the other, and report it",
        )])
    })
}

/// The same on the stack of the caller.
pub(super) fn run_here(policies: &PolicySet) -> Result<TestReport, Vec<PolicyError>> {
    let mut engine = policies.engine.clone();
    engine.set_enable_coverage(true);
    engine.set_gather_prints(true);
    engine.set_input(Value::Undefined);
    let mut errors = Vec::new();
    for (path, text) in &policies.tests {
        errors.extend(set::add(&mut engine, path, text).err());
    }
    if errors.is_empty()
        && let Err(error) = engine.eval_query("true".to_owned(), false)
    {
        let file = policies.tests.keys().next().cloned().unwrap_or_default();
        errors.push(PolicyError::from_rego(&format!("{error:#}"), &file, "correct the test"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut covered: BTreeMap<String, BTreeMap<u32, bool>> = BTreeMap::new();
    let mut tests = Vec::new();
    let pristine = engine.clone();
    for mut test in found(&mut engine, policies) {
        if test.outcome != TestOutcome::Skipped {
            engine.clear_coverage_data();
            test.outcome = ask(&mut engine, &test);
            test.prints = engine.take_prints().unwrap_or_default();
            for file in engine.get_coverage_report().map(|report| report.files).unwrap_or_default() {
                let lines = covered.entry(file.path).or_default();
                for line in file.not_covered {
                    lines.entry(line).or_insert(false);
                }
                lines.extend(file.covered.into_iter().map(|line| (line, true)));
            }
            if matches!(test.outcome, TestOutcome::Error { .. }) {
                engine = pristine.clone();
            }
        }
        tests.push(test);
    }
    tests.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    covered.retain(|file, _| !policies.tests.contains_key(file));
    let coverage = covered.into_iter().map(|(file, lines)| {
        let with =
            |is: bool| lines.iter().filter(|(_, reached)| **reached == is).map(|(line, _)| *line).collect();
        FileCoverage { file, covered: with(true), not_covered: with(false) }
    });
    Ok(TestReport { tests, coverage: coverage.collect() })
}

fn found(engine: &mut Engine, policies: &PolicySet) -> Vec<TestResult> {
    let mut tests: BTreeMap<(String, String), TestResult> = BTreeMap::new();
    for module in engine.get_modules() {
        let package = module.package.refr.span().text().to_owned();
        for rule in &module.policy {
            let file = rule.span().source.file().clone();
            let Some((name, line)) = rule::name_and_line(rule) else { continue };
            let outcome = match (name.starts_with("test_"), name.starts_with("todo_test_")) {
                _ if !policies.tests.contains_key(&file) => continue,
                (true, _) => TestOutcome::Failed,
                (_, true) => TestOutcome::Skipped,
                (false, false) => continue,
            };
            tests.entry((package.clone(), name.clone())).or_insert(TestResult {
                file,
                line,
                package: package.clone(),
                name,
                outcome,
                prints: Vec::new(),
            });
        }
    }
    tests.into_values().collect()
}

fn ask(engine: &mut Engine, test: &TestResult) -> TestOutcome {
    match evaluated(engine, format!("data.{}.{}", test.package, test.name)) {
        Ok(Value::Bool(true)) => TestOutcome::Passed,
        Ok(_) => TestOutcome::Failed,
        Err(error) => {
            let spot = Spot::read(&error);
            let message = if error.contains("exceeded time limit") {
                format!("takes longer than {:?}", limits::timer().limit)
            } else {
                spot.message
            };
            let line = if spot.file.is_some() { spot.line } else { test.line };
            TestOutcome::Error { file: spot.file.unwrap_or_else(|| test.file.clone()), line, message }
        }
    }
}
