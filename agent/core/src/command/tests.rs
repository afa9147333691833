#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests; what they count is printed")]

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::{Command, LONGEST_COMMENT, MOST_COMMANDS, Mistake, read};
use crate::environment::EnvironmentName;

const COMMIT: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";

fn name(text: &str) -> EnvironmentName {
    EnvironmentName::parse(text).unwrap()
}

fn one(body: &str) -> Result<Command, Mistake> {
    let reading = read(body);
    assert_eq!((reading.asked.len(), reading.more), (1, 0), "{body:?}: {reading:?}");
    reading.asked.into_iter().next().unwrap().command
}

#[test]
fn what_people_write() {
    let shop = || Some(name("production/shop"));
    for (line, command) in [
        ("/pointsman", Command::Help),
        ("/pointsman help", Command::Help),
        ("/pointsman plan", Command::Plan { environment: None, commit: None }),
        ("/pointsman plan production/shop", Command::Plan { environment: shop(), commit: None }),
        (
            "/pointsman plan --commit a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
            Command::Plan { environment: None, commit: Some(COMMIT.to_owned()) },
        ),
        ("/pointsman\tapply \t production/shop ", Command::Apply { environment: shop(), break_glass: None }),
        ("  /pointsman promote", Command::Promote { environment: None }),
        ("/pointsman abort", Command::Abort { environment: None, why: None }),
        (
            "/pointsman abort production/shop -- sign-in fails -- again",
            Command::Abort { environment: shop(), why: Some("sign-in fails -- again".to_owned()) },
        ),
        ("/pointsman abort -- ", Command::Abort { environment: None, why: None }),
        ("/pointsman approve", Command::Approve { environment: None, plan: None }),
        (
            "/pointsman approve production/shop --plan 0123456789abcdef",
            Command::Approve { environment: shop(), plan: Some("0123456789abcdef".to_owned()) },
        ),
        (
            "/pointsman unlock production/shop 6d0e5b0e-1111-2222-3333-444455556666",
            Command::Unlock {
                environment: name("production/shop"),
                id: "6d0e5b0e-1111-2222-3333-444455556666".to_owned(),
            },
        ),
        ("/pointsman rollback production/shop", Command::Rollback { environment: name("production/shop") }),
    ] {
        assert_eq!(one(line), Ok(command.clone()), "{line}");
        assert_eq!(one(&format!("Thanks!\r\n\r\n{line}\r\n")), Ok(command.clone()), "{line}");
        assert_eq!(one(&format!("{line}\n---\nSent from afar")), Ok(command), "{line}");
    }
}

#[test]
fn nothing_is_guessed() {
    let text = |text: &str| text.to_owned();
    for (line, mistake) in [
        ("/pointsman plam", Mistake::Unknown(text("plam"))),
        ("/pointsman Plan", Mistake::Unknown(text("Plan"))),
        ("/pointsman --plan", Mistake::Unknown(text("--plan"))),
        ("/pointsman plan please", Mistake::TooMuch(text("x"))),
        ("/pointsman plan ../../etc", Mistake::NotAnEnvironment(text("../../etc"))),
        ("/pointsman plan `production/shop`", Mistake::NotAnEnvironment(text("`production/shop`"))),
        ("/pointsman plan --commit", Mistake::NoValue("--commit")),
        ("/pointsman plan --commit a1b2c3d", Mistake::NotACommit(text("a1b2c3d"))),
        ("/pointsman apply --force", Mistake::TooMuch(text("--force"))),
        ("/pointsman apply -- now", Mistake::TooMuch(text("--"))),
        ("/pointsman approve --plan ABCDEF012345", Mistake::NotAPlan(text("ABCDEF012345"))),
        ("/pointsman approve --plan 0123", Mistake::NotAPlan(text("0123"))),
        ("/pointsman unlock", Mistake::NoEnvironment),
        ("/pointsman unlock production/shop", Mistake::NoId),
        ("/pointsman unlock production/shop $(id)", Mistake::NotAnId(text("$(id)"))),
        ("/pointsman rollback", Mistake::NoEnvironment),
        ("/pointsman abort a b", Mistake::TooMuch(text("b"))),
    ] {
        let found = one(line);
        // `please` could be an environment: whether there is one is not known here.
        if line.ends_with("please") {
            assert_eq!(found, Ok(Command::Plan { environment: Some(name("please")), commit: None }));
        } else {
            assert_eq!(found, Err(mistake), "{line}");
        }
    }
    assert_eq!(one(&format!("/pointsman abort -- {}", "a".repeat(1_000))), Err(Mistake::TooLong));
}

/// Comments in which nothing is asked, however much they look like it.
fn silent() -> Vec<String> {
    let command = "/pointsman apply production/shop";
    let mut all: Vec<String> = [
        "",
        " ",
        "\n\n",
        "pointsman plan",
        "@pointsman plan",
        "@pointsman[bot] apply",
        "/pointsmen apply",
        "/Pointsman apply",
        "/POINTSMAN APPLY",
        "//pointsman apply",
        "/ pointsman apply",
        "\\/pointsman apply",
        "/pointsman: apply",
        "/pointsman, apply",
        "/pointsman/apply",
        "/pointsmanapply",
        "/pointsman\u{a0}apply",
        "/pointsman\u{200b} apply",
        "\u{200b}/pointsman apply",
        "\u{feff}/pointsman apply",
        "/\u{200d}pointsman apply",
        "/points\u{ad}man apply",
        "\u{202e}/pointsman apply",
        "/pointsman\u{202e} apply",
        "\u{2066}/pointsman apply\u{2069}",
        "\u{2044}pointsman apply",
        "\u{2215}pointsman apply",
        "\u{ff0f}pointsman apply",
        "/\u{440}\u{43e}intsman apply",
        "/pоintsman apply",
        "/pointsmаn apply",
        "/ｐｏｉｎｔｓｍａｎ apply",
        "/pointsman\u{2003}apply",
        "/pointsman\u{b}apply",
        "/pointsman\u{c}apply",
        "/pointsman\u{0}apply",
        "/pointsman\u{1b}[31m apply",
        "/pointsman\u{85}apply",
        "/pointsman\u{2028}apply",
        "/points&#109;an apply",
        "&#47;pointsman apply",
        "please /pointsman apply",
        "- /pointsman apply",
        "* /pointsman apply",
        "1. /pointsman apply",
        "+ /pointsman apply",
        "# /pointsman apply",
        "> /pointsman apply",
        ">/pointsman apply",
        "> > /pointsman apply",
        "   > /pointsman apply",
        "> quoted\n/pointsman apply",
        "> [!NOTE]\n> /pointsman apply",
        "- > quoted\n/pointsman apply",
        "    /pointsman apply",
        "\t/pointsman apply",
        "   \t/pointsman apply",
        "```\n/pointsman apply\n```",
        "~~~\n/pointsman apply\n~~~",
        "````\n```\n/pointsman apply\n````",
        "```sh\n/pointsman apply",
        "~~~~ x\n/pointsman apply\n~~~\n/pointsman apply",
        "```\n    ```\n/pointsman apply\n```",
        "- ```\n  /pointsman apply\n  ```",
        "1. ~~~\n   /pointsman apply\n   ~~~",
        "- ```\n```\n/pointsman apply\n```",
        "> ```\n> /pointsman apply\n> ```",
        "``\n/pointsman apply\n``",
        "`a\n/pointsman apply\nb`",
        "<!--\n/pointsman apply\n-->",
        "<!--\n\n/pointsman apply\n\n-->",
        "text <!--\n/pointsman apply\n-->",
        "<pre>\n/pointsman apply\n</pre>",
        "<pre>\n\n/pointsman apply\n\n</pre>",
        "<script>\n/pointsman apply\n</script>",
        "<style>\n/pointsman apply\n</style>",
        "<div>\n/pointsman apply\n</div>",
        "<textarea>\n/pointsman apply\n</textarea>",
        "**/pointsman apply**",
        "**a\n/pointsman apply\nb**",
        "*a\n/pointsman apply\nb*",
        "_a\n/pointsman apply\nb_",
        "[\n/pointsman apply\n](https://evil.example)",
        "[a\n/pointsman apply](https://evil.example)",
        "![a\n/pointsman apply](https://evil.example)",
        "[/pointsman apply](https://evil.example)",
        "</pointsman apply>",
        "<https://evil.example>/pointsman apply",
        "`/pointsman apply`",
        "``/pointsman apply``",
        "a | b\n--|--\n/pointsman apply | b",
        "| /pointsman apply |\n| --- |",
        "$$\n> /pointsman apply\n$$",
        "[a]: /x \"\n/pointsman apply\n\"",
        "<?php\n/pointsman apply\n?>",
        "<![CDATA[\n/pointsman apply\n]]>",
        "<!X\n/pointsman apply\n>",
        "<a title=\"\n/pointsman apply\n\">x</a>",
        "pointsman:/pointsman apply",
        "http://x/pointsman apply",
        "/pointsman.apply",
        "/pointsman;apply",
        "/pointsman|apply",
        "/pointsman$(apply)",
        "/pointsman`apply`",
        "/pointsman\"apply\"",
        "/pointsman'apply'",
        "/pointsman=apply",
        "/pointsman-apply",
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    all.push(format!("{command}{}", " ".repeat(LONGEST_COMMENT)));
    all.push(format!("{}{command}", "x".repeat(LONGEST_COMMENT * 5)));
    all.push(format!("{}{command}", ">".repeat(LONGEST_COMMENT - 100)));
    all.push(format!("{}{command}", "- ".repeat(30_000)));
    all.push(format!("{}{command}", "[".repeat(60_000)));
    all.push(format!("{}\n> {command}", "*a_".repeat(20_000)));
    all.push(format!("{}{command}", "<!--".repeat(15_000)));
    all.push(format!("{}\n> {command}", "`".repeat(60_000)));
    all
}

/// Lines that begin as a command and hold something that no command holds.
const MISTAKEN: &[&str] = &[
    "/pointsman plan\u{200b}",
    "/pointsman plan \u{200b}",
    "/pointsman plan\u{a0}production/shop",
    "/pointsman \u{202e}plan",
    "/pointsman plan \u{202e}pohs/noitcudorp",
    "/pointsman apply production/\u{455}hop",
    "/pointsman apply production/shop;rm",
    "/pointsman apply production/shop && rm -rf /",
    "/pointsman apply $(id)",
    "/pointsman apply `id`",
    "/pointsman apply ../production/shop",
    "/pointsman apply /production/shop",
    "/pointsman apply production//shop",
    "/pointsman apply production/shop/",
    "/pointsman apply _base",
    "/pointsman apply @robin",
    "/pointsman apply #1",
    "/pointsman apply <img src=x>",
    "/pointsman apply [x](https://evil.example)",
    "/pointsman apply *",
    "/pointsman apply production/*",
    "/pointsman apply production/shop\u{0}",
    "/pointsman apply \u{1b}[31m",
    "/pointsman run",
    "/pointsman destroy production/shop",
    "/pointsman --help",
    "/pointsman -h",
    "/pointsman plan --json",
    "/pointsman plan --commit HEAD",
    "/pointsman plan --commit main",
    "/pointsman plan production/shop production/other",
    "/pointsman approve --plan '' OR 1=1",
    "/pointsman approve --plan ffff",
    "/pointsman unlock production/shop ''",
    "/pointsman unlock production/shop --id x",
    "/pointsman rollback --yes production/shop",
    "/pointsman PLAN",
    "/pointsman p\u{43b}an",
    "/pointsman plan | tee",
    "/pointsman plan > x",
    "/pointsman plan < x",
    "/pointsman /pointsman plan",
];

#[test]
fn hostile_comments_ask_for_nothing() {
    let silent = silent();
    let asking: Vec<String> = silent
        .iter()
        .filter(|body| !read(body).asked.is_empty())
        .map(|body| body.chars().take(80).collect())
        .collect();
    assert_eq!(asking, [""; 0]);
    for line in MISTAKEN {
        assert!(one(line).is_err(), "{line:?}: {:?}", one(line));
    }
    println!(
        "hostile comments: {} that ask for nothing, {} that are not understood",
        silent.len(),
        MISTAKEN.len()
    );
    assert!(silent.len() + MISTAKEN.len() >= 100);
}

#[test]
fn several_commands_are_several_and_bounded() {
    let body = "/pointsman plan\n/pointsman apply\ntext\n\n```\n/pointsman abort\n```\n/pointsman help\n";
    let commands: Vec<_> =
        read(body).asked.into_iter().map(|asked| asked.command.unwrap().to_string()).collect();
    assert_eq!(commands, ["/pointsman plan", "/pointsman apply", "/pointsman help"]);
    let reading = read(&"/pointsman help\n".repeat(1_000));
    assert_eq!((reading.asked.len(), reading.more), (MOST_COMMANDS, 1_000 - MOST_COMMANDS));
}

fn environment() -> impl Strategy<Value = EnvironmentName> {
    "[a-z0-9][a-z0-9._-]{0,8}(/[A-Za-z0-9][a-z0-9._-]{0,8}){0,2}"
        .prop_filter_map("a name", |text| EnvironmentName::parse(&text))
}

fn command() -> impl Strategy<Value = Command> {
    let some = || proptest::option::of(environment());
    prop_oneof![
        (some(), proptest::option::of("[0-9a-f]{40}"))
            .prop_map(|(environment, commit)| Command::Plan { environment, commit }),
        some().prop_map(|environment| Command::Apply { environment, break_glass: None }),
        some().prop_map(|environment| Command::Promote { environment }),
        (some(), proptest::option::of("[a-z@#<>`*-]([ -~]{0,40}[a-z])?"))
            .prop_map(|(environment, why)| Command::Abort { environment, why }),
        (some(), proptest::option::of("[0-9a-f]{12,64}"))
            .prop_map(|(environment, plan)| Command::Approve { environment, plan }),
        (environment(), "[0-9a-zA-Z][0-9a-zA-Z._:-]{0,40}")
            .prop_map(|(environment, id)| Command::Unlock { environment, id }),
        environment().prop_map(|environment| Command::Rollback { environment }),
        Just(Command::Help),
    ]
}

/// Pieces of which hostile comments are made.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just("/pointsman".to_owned()),
        4 => prop_oneof![
            Just(" plan"), Just(" apply"), Just(" abort -- "), Just(" --commit "), Just(" unlock "), Just("production/shop"),
            Just("\n"), Just("\r\n"), Just("\r"), Just("\t"), Just("```\n"), Just("~~~\n"), Just("> "), Just("- "), Just("    "),
            Just("<!--"), Just("-->"), Just("<pre>\n"), Just("`"), Just("**"), Just("[a]("), Just("|"), Just("\u{200b}"),
            Just("\u{202e}"), Just("&#47;"), Just("\\"), Just("---\n"),
        ].prop_map(ToOwned::to_owned),
        2 => any::<char>().prop_map(|c| c.to_string()),
        1 => "\\PC{0,12}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What holds for every comment.
fn check(body: &str) {
    let reading = read(body);
    assert!(reading.asked.len() <= MOST_COMMANDS);
    for asked in reading.asked {
        assert!(asked.line.starts_with("/pointsman"), "{asked:?}");
        if let Ok(command) = asked.command {
            // What was understood is exactly what it shows.
            let shown = command.to_string();
            assert_eq!(one_line(&shown), Ok(command), "{body:?}");
        }
    }
}

fn one_line(line: &str) -> Result<Command, Mistake> {
    super::line::command(line)
}

proptest! {
    #[test]
    fn a_command_is_read_as_it_is_shown(command in command()) {
        let body = command.to_string();
        prop_assert_eq!(one_line(&body), Ok(command.clone()));
        if !matches!(command, Command::Abort { why: Some(_), .. }) {
            prop_assert_eq!(one(&body), Ok(command.clone()));
            prop_assert_eq!(one(&format!("Hello\n\n{body}\n\nthere")), Ok(command));
        }
    }

    #[test]
    fn no_comment_panics(body in hostile()) {
        check(&body);
    }
}

/// T14: so many comments, out of CI. The variable `COMMENTS` says another number.
#[test]
#[ignore = "ten million comments take long"]
#[allow(clippy::disallowed_methods, reason = "who runs it says how many")]
fn ten_million_comments() {
    let many: u32 = std::env::var("COMMENTS").map_or(10_000_000, |many| many.parse().unwrap());
    let mut runner = TestRunner::deterministic();
    let (hostile, mut commands) = (hostile(), 0_u64);
    for round in 1..=many {
        let body = hostile.new_tree(&mut runner).unwrap().current();
        commands += read(&body).asked.iter().filter(|asked| asked.command.is_ok()).count() as u64;
        if round % 16 == 0 {
            check(&body);
        }
        // Who ends it early knows how far it came.
        if round % 100_000 == 0 || round == many {
            println!("T14: {round} comments made up, {commands} commands in them, no panic");
        }
    }
}
