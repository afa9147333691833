//! What the process that evaluates policies is asked, and answers.

use std::borrow::Cow;

use serde_json::json;

use super::files;
use crate::policy::{Answer, Doing, Evaluator, GaveUp, Question};

fn told(evaluator: &mut Evaluator, question: &str) -> String {
    let question: Question<'_> = serde_json::from_str(question).unwrap();
    serde_json::to_string(&evaluator.answer(question, &mut |_| {})).unwrap()
}

#[test]
fn a_dialogue() {
    let mut evaluator = Evaluator::default();
    let load = Question::Load {
        files: Cow::Owned(files(&[
            ("policies/a.rego", "package a\n\ndeny contains \"no\" if input.stage == \"production\"\n"),
            (
                "policies/a_test.rego",
                "package a\n\ntest_a if count(deny) == 0 with input as {\"stage\": \"x\"}\n",
            ),
        ])),
    };
    let load = serde_json::to_string(&load).unwrap();
    let lines = [
        r#"{"judge":{"input":{}}}"#,
        r#"{"load":{"files":{"policies/a.rego":"package a\ndeny contains"}}}"#,
        &load,
        r#"{"judge":{"input":{"stage":"production"}}}"#,
        r#"{"judge":{"input":{"stage":"staging"}}}"#,
        r#""test""#,
    ];
    let said: Vec<String> =
        lines.iter().map(|line| format!("> {line}\n{}", told(&mut evaluator, line))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn whoever_asks_understands_the_answer() {
    let mut evaluator = Evaluator::default();
    let answer = evaluator.answer(
        Question::Load { files: Cow::Owned(files(&[("policies/a.rego", "package a\n")])) },
        &mut |_| {},
    );
    let line = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<Answer>(&line).unwrap(), Answer::Loaded);
    let answer = evaluator.answer(Question::Judge { input: Cow::Owned(json!({})) }, &mut |_| {});
    let line = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<Answer>(&line).unwrap(), answer);
}

#[test]
fn why_there_is_no_answer() {
    let second = std::time::Duration::from_secs(1);
    let reasons = [
        GaveUp::NotStarted("No such file or directory (os error 2)".to_owned()),
        GaveUp::ProcessorTime(second * 3),
        GaveUp::Silent(second * 15),
        GaveUp::Memory(256 * 1024 * 1024),
        GaveUp::Stack,
        GaveUp::Signal(9),
        GaveUp::Ended("thread 'policies' panicked\nat somewhere".to_owned()),
        GaveUp::Ended(String::new()),
        GaveUp::Unintelligible,
        GaveUp::TooLong(16 * 1024 * 1024),
    ];
    let doing = [Doing::Loading, Doing::Judging, Doing::Testing];
    let said = reasons.iter().zip(doing.iter().cycle()).map(|(why, doing)| {
        let (what, next) =
            (crate::render::policy::gave_up(*doing, why), crate::render::policy::after_giving_up(why));
        format!("{what}\n  {next}")
    });
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"));
}

#[test]
fn tracing_says_the_same_and_tells_each_rule_before() {
    let text = "package p\n\ndeny contains \"no\" if input.a\n\nwarn_b contains \"b\" if input.b\n\nexception contains [\"b\"] if input.b\n";
    let mut evaluator = Evaluator::default();
    evaluator.answer(Question::Load { files: Cow::Owned(files(&[("policies/p.rego", text)])) }, &mut |_| {});
    let input = json!({ "a": true, "b": true });
    let mut told = Vec::new();
    let traced = evaluator.answer(Question::Trace { input: Cow::Borrowed(&input) }, &mut |asked| {
        told.push(format!("{}.{} {}:{}", asked.package, asked.rule, asked.file, asked.line));
    });
    assert_eq!(evaluator.answer(Question::Judge { input: Cow::Borrowed(&input) }, &mut |_| {}), traced);
    insta::assert_snapshot!(told.join("\n"));
}
