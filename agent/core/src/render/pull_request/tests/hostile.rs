//! What others write does nothing, wherever it is written: every hostile text
//! at every place of a report, read by a Markdown parser.

use std::collections::BTreeMap;

use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde_json::json;

use super::{
    HEAD, address, asked, change, comment, deploying, environment_summary, field, finding, name, ordinary,
    overview, planned, report,
};
use crate::{
    environment::{Diagnostic, Place},
    lease::LockInfo,
    plan::{Action, Disruption, Held, HeldReason, Origin, Unsettled},
    policy::{Effect, Overridden, Verdict},
    report::{
        ChangeOutcome, ChangeResult, Event as Happened, Judged, Outcome, RolloutOutcome, StoppedTask,
        pull_request::{EnvironmentReport, OtherPull, PullReport, Purpose, Status},
    },
    resource::{Kind, Rule},
    rollout::{Ended, Ending, Purpose as For, Reason, Slot},
};

/// Texts that would do something on GitHub, if they were let.
const HOSTILE: &[&str] = &[
    // Somebody is called.
    "@robin",
    "ping @acme/oncall now",
    "(@robin)",
    "a@b.example",
    "robin@deadbeef1",
    "@",
    "@@robin",
    "`@robin",
    "\\@robin",
    "*@robin*",
    "_@robin_",
    "@robin`",
    "x`@robin`y @robin",
    // Issues, commits and advisories.
    "#12",
    "fixes #12",
    "closes acme/config#7",
    "GH-12",
    "gh-12",
    "resolves GH-3.",
    "GHSA-aaaa-bbbb-cccc",
    "CVE-2026-12345",
    "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
    "see a1b2c3d",
    "acme/config@a1b2c3d4",
    "Fixes https://github.com/acme/config/issues/1",
    "a1b2c3d...d4e5f6a",
    // Links and pictures.
    "https://evil.example",
    "HTTP://EVIL.EXAMPLE",
    "www.evil.example",
    "(www.evil.example)",
    "ftp://evil.example",
    "mailto:robin@example.com",
    "xmpp:robin@example.com",
    "[x](https://evil.example)",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "![][x]",
    "[x][y]",
    "[x]",
    "[x]: https://evil.example",
    "<https://evil.example>",
    "<robin@example.com>",
    "[![x](y)](z)",
    "[^1]",
    "[^1]: note",
    "[x](<y>)",
    "![x](data:image/png;base64,AAAA)",
    // HTML.
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href=\"https://evil.example\">x</a>",
    "</details>",
    "<details open>",
    "</summary>",
    "</sub>",
    "<!-- pointsman -->",
    "-->",
    "<!--",
    "<![CDATA[x]]>",
    "<?php ?>",
    "<!DOCTYPE html>",
    "&lt;b&gt;",
    "&#64;robin",
    "&commat;robin",
    "<b",
    "<br>",
    "<details><summary>x",
    "<pre>",
    "<style>*{display:none}</style>",
    "<svg onload=alert(1)>",
    "<table><tr><td>",
    "</td></tr></table>",
    // Structure.
    "# heading",
    "## heading ##",
    "- item",
    "* item",
    "+ item",
    "1. item",
    "1) item",
    "> quote",
    "---",
    "***",
    "___",
    "===",
    "    code",
    "\tcode",
    "| a | b |",
    "a | b",
    "| --- |",
    ":-",
    ":-:",
    "- [ ] task",
    "- [x] task",
    "a\nb",
    "a\n\nb",
    "a\n# heading",
    "a\n- item",
    "a\n---",
    "a\n===",
    "a\r\n\r\n<script>",
    "a\u{2028}# b",
    "a  \nb",
    "a\\",
    // Code.
    "`",
    "``",
    "```",
    "````",
    "~~~",
    "```\n</details>",
    "`a` `b",
    "``a`",
    "` ",
    "`a`b`c`",
    "```sh\nrm\n```",
    "a```b",
    "`|`",
    "|`|",
    "`\\`",
    "\\`",
    "\\",
    "\\\\`x`",
    "$`x`$",
    "`````",
    "` ` `",
    "a`",
    // Emphasis, mathematics, emoji, alerts.
    "**bold**",
    "__bold__",
    "*i*",
    "_i_",
    "~~s~~",
    "~s~",
    "$x$",
    "$$x$$",
    "\\(x\\)",
    ":tada:",
    "[!NOTE]",
    "> [!CAUTION]\n> x",
    "**",
    "_",
    "a*b*c",
    "snake_case_name",
    "\\*",
    "==x==",
    "^x^",
    // What shows otherwise than it reads.
    "a\u{202e}b",
    "a\u{2066}b\u{2069}",
    "a\u{200b}b",
    "@\u{200b}robin",
    "a\u{200d}b",
    "a\u{feff}b",
    "a\u{ad}b",
    "a\u{61c}b",
    "a\u{180e}b",
    "a\u{3164}b",
    "a\u{e0041}b",
    "a\u{0}b",
    "a\u{7f}b",
    "a\u{85}b",
    "a\u{9b}31mb",
    "a\u{1b}[31mb",
    "\u{1b}]8;;https://evil.example\u{7}x",
    "a\u{8}b",
    "a\rb",
    "\u{fff9}a\u{fffb}",
    // Nothing, and much.
    "",
    " ",
    "\u{a0}",
    "𝔞𝔟𝔠 größe ✓ 🚂",
    "a=b&c=d",
    "C:\\temp\\new",
    "%0a%0d",
    "{{x}}",
    "${x}",
    "$(x)",
    "'; drop",
    "\"",
];

/// Puts a text at a place of a report.
type Put = fn(&mut PullReport, &str);

/// Every place that others may write at.
const PLACES: &[(&str, Put)] = &[
    ("the branch", |report, text| report.base = text.to_owned()),
    ("the page", |report, text| report.page = Some(format!("https://depot.example/{text}"))),
    ("the pull request to revert", |report, text| {
        report.revert = Some(format!("https://depot.example/{text}"));
    }),
    ("the problem of all", |report, text| report.problem = Some(format!("It is so: {}", one_line(text)))),
    ("a file's name", |report, text| report.diagnostics = vec![diagnostic(text, "x", "x")]),
    ("a file's error", |report, text| report.diagnostics = vec![diagnostic("x", text, "x")]),
    ("an error's help", |report, text| report.diagnostics = vec![diagnostic("x", "x", text)]),
    ("an environment's error", |report, text| first(report).diagnostics = vec![diagnostic(text, text, text)]),
    ("an environment's problem", |report, text| {
        first(report).problem = Some(format!("It is so:\n- {}", one_line(text)));
    }),
    ("another pull request's title", |report, text| {
        first(report).others = vec![OtherPull { number: 8, title: text.to_owned() }];
    }),
    ("the account", |report, text| plan(report).account = text.to_owned()),
    ("the region", |report, text| plan(report).region = text.to_owned()),
    ("a field's name", |report, text| plan(report).changes[0].fields[0].field = text.to_owned()),
    ("a field's value", |report, text| plan(report).changes[0].fields[0].before = json!(text)),
    ("a value that somebody changed", |report, text| {
        plan(report).changes[0].fields = vec![field(text, Rule::InPlace, text, text, Origin::Live)];
    }),
    ("a list of values", |report, text| {
        plan(report).changes[0].fields[0].after = json!([text, { "x": text }]);
    }),
    ("what AWS is at work on", |report, text| {
        plan(report).unsettled = vec![Unsettled { address: address("cache.a"), status: text.to_owned() }];
    }),
    ("what is held", |report, text| {
        let reason = HeldReason::Ignored { live: text.to_owned(), written: text.to_owned() };
        plan(report).held = vec![Held::new(address("service.web.count"), reason)];
    }),
    ("the region of prices", |report, text| plan(report).cost.region = text.to_owned()),
    ("a denial", |report, text| verdict(report, |one| one.message = text.to_owned())),
    ("a policy's file", |report, text| verdict(report, |one| one.file = text.to_owned())),
    ("a policy's rule", |report, text| {
        verdict(report, |one| (one.package, one.rule) = (text.to_owned(), text.to_owned()));
    }),
    ("an override", |report, text| {
        verdict(report, |one| {
            one.overridden = Some(Overridden {
                who: text.to_owned(),
                role: text.to_owned(),
                reason: text.to_owned(),
                until: text.to_owned(),
                file: text.to_owned(),
                line: 3,
            });
        });
    }),
    ("what AWS says of a step", |report, text| {
        let says = text.to_owned();
        first(report).follow(&Happened::Progress { address: address("service.web"), says });
    }),
    ("why a step failed", |report, text| {
        let (address, why) = (address("service.web"), text.to_owned());
        first(report).follow(&Happened::Failed { address, action: Action::Rollout, why });
    }),
    ("who holds the lock", |report, text| {
        let holder = LockInfo { who: text.to_owned(), operation: text.to_owned(), ..LockInfo::default() };
        first(report).follow(&Happened::Waiting { holder, remaining_ms: None, turn: None });
    }),
    ("a rollout", |report, text| {
        first(report).rollouts = BTreeMap::from([("web".to_owned(), text.to_owned())]);
    }),
    ("an output", |report, text| {
        outcome(report).outputs = BTreeMap::from([(text.to_owned(), text.to_owned())]);
    }),
    ("why a change failed", |report, text| {
        outcome(report).changes[0].result = ChangeResult::Failed { why: text.to_owned(), kind: None };
        first(report).status = Status::Failed;
    }),
    ("why a rollout was turned back", |report, text| {
        let ending = Ending::Restored { why: Some(Reason::GaveUp(text.to_owned())) };
        let ended = Ended {
            commit: HEAD.to_owned(),
            purpose: For::Release,
            to: Slot::B,
            opened_at_ms: 0,
            ended_at_ms: 1_000,
            ending,
            turned: None,
            unsure: None,
        };
        outcome(report).rollouts = vec![RolloutOutcome {
            service: "web".to_owned(),
            ended: Some(ended),
            at: None,
            stands: None,
            plan: String::new(),
            to_do: None,
        }];
        first(report).status = Status::Failed;
    }),
    ("a stopped task", |report, text| stopped(report, text, "x")),
    ("a stopped task's log", |report, text| stopped(report, "x", text)),
];

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn first(report: &mut PullReport) -> &mut EnvironmentReport {
    &mut report.environments[0]
}

fn plan(report: &mut PullReport) -> &mut crate::plan::Plan {
    &mut first(report).judged.as_mut().unwrap().plan
}

fn outcome(report: &mut PullReport) -> &mut Outcome {
    first(report).outcome.as_mut().unwrap()
}

fn verdict(report: &mut PullReport, change: impl FnOnce(&mut crate::policy::Finding)) {
    let mut one = finding(Effect::Deny, "no");
    change(&mut one);
    first(report).judged.as_mut().unwrap().verdict = Verdict { findings: vec![one], rules: Vec::new() };
}

fn stopped(report: &mut PullReport, text: &str, line: &str) {
    first(report).status = Status::Failed;
    outcome(report).changes[0].result = ChangeResult::Failed { why: "x".to_owned(), kind: None };
    outcome(report).stopped = vec![StoppedTask {
        service: text.to_owned(),
        task: text.to_owned(),
        why: text.to_owned(),
        exit_code: Some(1),
        log: vec![line.to_owned(), "</details>".to_owned()],
    }];
}

fn diagnostic(file: &str, message: &str, help: &str) -> Diagnostic {
    let place = Place { file: file.to_owned(), start: 0, end: 1, line: 3, column: 5 };
    Diagnostic::error("x", message).at(place).help(help)
}

/// A report of each purpose in which something stands at every place.
fn reports() -> [PullReport; 2] {
    let plan = || {
        let mut plan = ordinary();
        plan.changes = vec![change(
            "service.web",
            Kind::Service,
            Action::Rollout,
            Disruption::ConnectionsDrain,
            vec![field("count", Rule::InPlace, "1", "2", Origin::File)],
        )];
        plan
    };
    let preview = planned("production/web", plan(), asked());
    let mut deploy = deploying();
    let judged = Judged { plan: plan(), verdict: asked() };
    deploy.judged = Some(judged.clone());
    deploy.outcome = Some(Outcome {
        environment: name("production/web"),
        commit: Some(HEAD.to_owned()),
        judged,
        changes: vec![ChangeOutcome {
            address: address("service.web"),
            action: Action::Rollout,
            result: ChangeResult::Done,
            took_ms: 1,
        }],
        rollouts: Vec::new(),
        stopped: Vec::new(),
        outputs: BTreeMap::new(),
        serial: 1,
        took_ms: 1,
    });
    deploy.status = Status::Deployed;
    let with_outcome = EnvironmentReport { outcome: deploy.outcome.clone(), ..preview };
    [report(Purpose::Preview, vec![with_outcome]), report(Purpose::Deploy, vec![deploy])]
}

/// The blocks of a text, and the HTML in it.
fn skeleton(text: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let (mut blocks, mut prose) = (Vec::new(), String::new());
    let mut in_block_of_code = false;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with("https://depot.example/"), "a link to {dest_url}\n{text}");
            }
            Event::Start(Tag::Image { .. } | Tag::FootnoteDefinition(_)) | Event::FootnoteReference(_) => {
                panic!("{event:?} in\n{text}")
            }
            Event::TaskListMarker(_) | Event::Rule | Event::InlineMath(_) | Event::DisplayMath(_) => {
                panic!("{event:?} in\n{text}")
            }
            Event::Start(Tag::Emphasis | Tag::Strikethrough) => panic!("{event:?} in\n{text}"),
            Event::Start(Tag::BlockQuote(kind)) => {
                assert_eq!(kind, None, "an alert in\n{text}");
                blocks.push("quote".to_owned());
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                in_block_of_code = true;
                let CodeBlockKind::Fenced(language) = kind else { panic!("code by indentation in\n{text}") };
                blocks.push(format!("code {language}"));
            }
            Event::End(TagEnd::CodeBlock) => in_block_of_code = false,
            Event::Html(html) | Event::InlineHtml(html) => {
                prose.push(' ');
                blocks.push(html.trim().to_owned());
            }
            Event::Start(Tag::Strong | Tag::Paragraph)
            | Event::End(TagEnd::Strong | TagEnd::Paragraph | TagEnd::Link) => {}
            Event::Start(tag) => blocks.push(format!("{tag:?}")),
            Event::Text(words) if !in_block_of_code => prose.push_str(&words),
            Event::Text(_) => {}
            Event::Code(_) | Event::SoftBreak | Event::HardBreak => prose.push('\u{1}'),
            Event::End(_) => prose.push(' '),
        }
    }
    let lower = prose.to_ascii_lowercase().replace("#8 ", " ");
    for live in ["@", "#", "://", "www.", "gh-", "ghsa-", "cve-", "mailto:", "xmpp:", ":tada:"] {
        assert!(!lower.contains(live), "{live} in {lower}\n{text}");
    }
    let commit = |word: &str| word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
    let found = lower.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| commit(word));
    assert_eq!(found, None, "a commit in\n{text}");
    for character in text.chars() {
        let hidden = character != '\n'
            && crate::render::diagnostic::escaped(&character.to_string()) != character.to_string();
        assert!(!hidden, "{character:?} in\n{text}");
    }
    blocks
}

/// How many texts a report makes: each is checked.
fn texts(report: &PullReport) -> [String; 3] {
    [comment(report), overview(report), environment_summary(report, &report.environments[0])]
}

fn harmless(at: &str, put: Put, hostile: &str) -> usize {
    let mut checked = 0;
    for report in reports() {
        let with = |text: &str| {
            let mut report = report.clone();
            put(&mut report, text);
            texts(&report)
        };
        for (plain, hostile) in with("x").iter().zip(&with(hostile)) {
            let (plain, found) = (skeleton(plain), skeleton(hostile));
            assert_eq!(plain, found, "{at} changes the structure:\n{hostile}");
            checked += 1;
        }
    }
    checked
}

#[test]
fn every_hostile_text_is_harmless_at_every_place() {
    let mut checked = 0;
    for (at, put) in PLACES {
        for hostile in HOSTILE {
            checked += harmless(at, *put, hostile);
        }
    }
    println!(
        "{} hostile texts × {} places: {checked} texts of Markdown checked",
        HOSTILE.len(),
        PLACES.len()
    );
    assert!(HOSTILE.len() >= 100 && PLACES.len() >= 30, "{} × {}", HOSTILE.len(), PLACES.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_made_of_hostile_parts_is_harmless(
        parts in prop::collection::vec((0..HOSTILE.len(), prop_oneof!["", " ", "\n", "[`*_<>|#@:.!\\[\\]()-]{0,3}", "\\PC{0,4}"]), 1..6),
        place in 0..PLACES.len(),
    ) {
        let text: String = parts.iter().map(|(part, glue)| format!("{}{glue}", HOSTILE[*part])).collect();
        let (at, put) = PLACES[place];
        harmless(at, put, &text);
    }
}
