//! People command the agent in comments on pull requests, and nobody else does.

use pointsman_tests::{
    agent::Running,
    github::reactions,
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

use crate::{
    PATIENCE, estate,
    road::deployed,
    shop::{FILE, NAME, QUICK, Shop, image, text},
    world,
};

/// Waits until the agent has put this under a comment.
fn wait_for(world: &World, number: u64, comment: u64, reaction: &str) {
    world.github.wait_until(PATIENCE, &format!("{reaction} under comment {comment}"), |repository| {
        reactions(repository, number, comment).iter().any(|content| content == reaction)
    });
}

/// Waits until the one comment says this.
fn wait_for_text(world: &World, number: u64, text: &str) {
    world.github.wait_until(PATIENCE, text, |repository| {
        let mut ours = repository.pulls[&number].comments.iter().filter(|comment| comment.author.is_bot);
        ours.clone().count() == 1 && ours.next_back().is_some_and(|comment| comment.body.contains(text))
    });
}

fn the_comment(world: &World, number: u64) -> String {
    let comments = world.github.pull(number).bot_comments();
    assert_eq!(comments.len(), 1, "one comment, edited in place");
    comments[0].body.clone()
}

/// A comment without its code, in which nothing does anything.
fn without_code(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(begin) = rest.find('`') {
        plain.push_str(&rest[..begin]);
        rest = &rest[begin..];
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let fence = &rest[..ticks];
        let mut from = ticks;
        rest = loop {
            let Some(at) = rest[from..].find(fence) else { break "" };
            let run = rest[from + at..].len() - rest[from + at..].trim_start_matches('`').len();
            if run == ticks {
                break &rest[from + at + ticks..];
            }
            from += at + run;
        };
    }
    plain + rest
}

/// How often the example environment was planned so far.
fn plans(agent: &Running) -> usize {
    agent.said().lines().filter(|line| line.contains("to add") && line.contains("pull=")).count()
}

fn stop(agent: Running) -> String {
    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("fault of the agent"), "{said}");
    said
}

/// Comments of somebody who may do everything, in which nothing is asked.
const SILENT: &[&str] = &[
    "Would `/pointsman apply` do it?",
    "@pointsman plan",
    "please /pointsman plan",
    "> /pointsman plan",
    "> He said\n/pointsman plan",
    "```\n/pointsman plan\n```",
    "~~~\n/pointsman plan",
    "    /pointsman plan",
    "- /pointsman plan",
    "<!--\n/pointsman plan\n-->",
    "<pre>\n/pointsman plan\n</pre>",
    "/pоintsman plan",
    "\u{202e}/pointsman plan",
    "/pointsman\u{200b} plan",
    "/Pointsman plan",
    "<!-- pointsman -->\n/pointsman plan",
    "[\n/pointsman plan\n](https://evil.example)",
];

/// Comments of the same, which begin as commands and are none.
const MISTAKEN: &[&str] = &[
    "/pointsman plam",
    "/pointsman plan production/other",
    "/pointsman plan @robin",
    "/pointsman plan <img src=x onerror=alert(1)>",
    "/pointsman plan [x](https://evil.example)`",
    "/pointsman apply production/gravity-ai-chat; rm -rf /",
    "/pointsman apply ../../etc/passwd",
    "/pointsman abort \u{202e}x",
    "/pointsman approve --plan ' OR 1=1",
    "/pointsman unlock production/gravity-ai-chat $(id)",
    "/pointsman rollback",
    "/pointsman destroy production/gravity-ai-chat",
];

#[test]
fn people_command_in_comments_and_nobody_else_does() {
    let world = world();
    world.github.set_permission("kim", "write");
    world.github.set_permission("mallory", "read");
    let agent = world.agent("");
    let number =
        world.propose("openwebui", PRODUCTION_FILE, &World::example_environment(), "Deploy OpenWebUI");
    wait_for_text(&world, number, "Plan:");
    let before = plans(&agent);

    // Whoever may write has it planned again.
    let asked = world.github.comment(number, "kim", "Looks good.\r\n\r\n/pointsman plan\r\n");
    wait_for(&world, number, asked, "rocket");
    assert_eq!(world.github.reactions(number, asked), ["eyes", "rocket"]);
    wait_for_text(&world, number, "`/pointsman plan`: it is planned again.");
    world.github.wait_until(PATIENCE, "it is planned again", |_| plans(&agent) > before);
    let before = plans(&agent);

    // Nobody else: readers, strangers, bots, and who edits.
    let by_reader = world.github.comment(number, "mallory", "/pointsman plan");
    let by_stranger = world.github.comment(
        number,
        "trudy",
        "/pointsman apply\n/pointsman rollback production/gravity-ai-chat",
    );
    let edited = world.github.edited_comment(number, "robin", "/pointsman plan");
    let by_writer = world.github.comment(number, "kim", &format!("/pointsman unlock {PRODUCTION} 6d0e5b0e"));
    wait_for(&world, number, by_writer, "-1");
    assert_eq!(world.github.reactions(number, by_reader), ["-1"]);
    assert_eq!(world.github.reactions(number, by_stranger), ["-1"]);
    assert_eq!(world.github.reactions(number, edited), ["confused"]);
    wait_for_text(&world, number, "only people with admin permission");
    let said = the_comment(&world, number);
    assert!(said.contains("⛔ `mallory`") && said.contains("⛔ `trudy`"), "{said}");
    assert!(
        said.contains("only people with write permission") && said.contains("was edited before"),
        "{said}"
    );

    // What makes no sense now says why.
    let merge_first =
        world.github.comment(number, "robin", "/pointsman apply\n/pointsman promote\n/pointsman approve");
    wait_for(&world, number, merge_first, "confused");
    wait_for_text(&world, number, "no approval is required there");
    let said = the_comment(&world, number);
    assert!(said.contains("it is deployed by merging it") && said.contains("it is not merged"), "{said}");

    // Hostile comments, by somebody who may do everything.
    let silent: Vec<u64> = SILENT.iter().map(|body| world.github.comment(number, "robin", body)).collect();
    let mistaken: Vec<u64> =
        MISTAKEN.iter().map(|body| world.github.comment(number, "robin", body)).collect();
    let help = world.github.comment(number, "robin", "/pointsman help");
    wait_for(&world, number, help, "rocket");
    for (comment, body) in silent.iter().zip(SILENT) {
        assert_eq!(world.github.reactions(number, *comment), [""; 0], "{body:?}");
    }
    for (comment, body) in mistaken.iter().zip(MISTAKEN) {
        assert_eq!(world.github.reactions(number, *comment), ["eyes", "confused"], "{body:?}");
    }
    wait_for_text(&world, number, "a line of a new comment can say");
    let said = the_comment(&world, number);
    let said_plainly = without_code(&said);
    assert!(!said_plainly.contains('@') && !said_plainly.contains("<img"), "{said}");
    assert!(said.contains("there is no command `destroy`"), "{said}");
    let plans_of_all = plans(&agent);
    assert_eq!(plans_of_all, before, "nothing else had anything planned");

    // A start repeats nothing.
    stop(agent);
    let all = world.github.pull(number).comments();
    let agent = world.agent("");
    let again = world.github.comment(number, "kim", "/pointsman plan");
    wait_for(&world, number, again, "rocket");
    world.github.wait_until(PATIENCE, "it is planned again", |_| plans(&agent) == 2);
    for comment in &all {
        let now = world.github.reactions(number, comment.id);
        assert_eq!(now.len(), comment.reactions.len(), "{comment:?}");
    }
    let said = stop(agent);
    assert_eq!(said.matches("a command was answered").count(), 1, "{said}");
    assert_eq!(estate::inventory(&world), "", "nobody made anything");
    println!(
        "comments: {} acted on, 4 refused, {} silent, {} not understood",
        3,
        SILENT.len(),
        MISTAKEN.len()
    );
    assert!(SILENT.len() + MISTAKEN.len() >= 20);
    world.github.assert_no_violations();
}

#[test]
fn a_fork_is_planned_for_one_commit_that_is_named() {
    let world = world();
    world.github.set_permission("mallory", "read");
    let number =
        world.propose("theirs", PRODUCTION_FILE, &World::example_environment(), "From somewhere else");
    world.github.make_fork(number, "mallory");
    let agent = world.agent("");
    wait_for_text(&world, number, "checked, not planned");
    let head = world.github.pull(number).head_sha();
    assert!(the_comment(&world, number).contains(&format!("`/pointsman plan --commit {head}`")));

    let theirs = world.github.comment(number, "mallory", &format!("/pointsman plan --commit {head}"));
    wait_for(&world, number, theirs, "-1");
    let unnamed = world.github.comment(number, "robin", "/pointsman plan");
    wait_for(&world, number, unnamed, "confused");
    let another =
        world.github.comment(number, "robin", &format!("/pointsman plan --commit {}", "0".repeat(40)));
    wait_for(&world, number, another, "confused");
    let short = world.github.comment(number, "robin", &format!("/pointsman plan --commit {}", &head[..12]));
    wait_for(&world, number, short, "confused");
    assert_eq!(plans(&agent), 0, "no credentials were used");

    let allowed = world.github.comment(number, "robin", &format!("/pointsman plan --commit {head}"));
    wait_for(&world, number, allowed, "rocket");
    wait_for_text(&world, number, "Plan:");
    assert_eq!(plans(&agent), 1);

    // A start forgets nothing that was allowed: the comment still says it.
    stop(agent);
    let agent = world.agent("");
    world.github.wait_until(PATIENCE, "it is planned again", |_| plans(&agent) == 1);
    wait_for_text(&world, number, "Plan:");

    // Another commit is another question.
    let file = World::example_environment().replace(r#"= "20""#, r#"= "64""#);
    assert_ne!(file, World::example_environment());
    world.git.commit("theirs", &[(PRODUCTION_FILE, Some(&file))], "Something else");
    let new = world.github.pull(number).head_sha();
    assert_ne!(new, head);
    wait_for_text(&world, number, &format!("`/pointsman plan --commit {new}`"));
    let old = world.github.comment(number, "robin", &format!("/pointsman plan --commit {head}"));
    wait_for(&world, number, old, "confused");
    let said = stop(agent);
    assert_eq!(
        said.lines().filter(|line| line.contains("to add") && line.contains(&new[..])).count(),
        0,
        "{said}"
    );
    world.github.assert_no_violations();
}

#[test]
fn a_rollout_is_turned_back_and_approved_by_comment() {
    let rollout = format!("{QUICK}\napprove_traffic = true");
    let shop = Shop::open(&rollout);
    let world = &shop.world;
    let start = || {
        let mut command = world.command();
        command.arg("run").arg("--config").arg(world.configuration(""));
        command.env("http_proxy", format!("http://{}", shop.plane.address()));
        Running::start(&mut command)
    };
    let agent = start();
    let number = world.propose("image", FILE, &text(&image('2'), &rollout), "Another image");
    wait_for_text(world, number, "Rollout: shop gets a new side");
    let early = world.github.comment(number, "robin", "/pointsman abort");
    wait_for(world, number, early, "confused");
    let commit = world.github.merge(number);
    wait_for_text(world, number, "waits for approval of plan");

    // Somebody turns it back, and nothing tries it again until somebody asks.
    let refused = world.github.comment(number, "trudy", "/pointsman approve");
    let abort = world.github.comment(number, "robin", &format!("/pointsman abort {NAME} -- not today, @kim"));
    wait_for(world, number, abort, "rocket");
    assert_eq!(world.github.reactions(number, refused), ["-1"]);
    wait_for_text(world, number, "not today");
    world.github.wait_until(PATIENCE, "it is turned back", |repository| deployed(repository, &commit));
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");
    let said = the_comment(world, number);
    assert!(!without_code(&said).contains("@kim"), "{said}");

    let again = world.github.comment(number, "robin", "/pointsman apply");
    wait_for(world, number, again, "rocket");
    wait_for_text(world, number, "waits for approval of plan");

    // Whoever starts next acts on what was said, once.
    assert_eq!(agent.stop(PATIENCE).1, 0);
    let agent = start();
    let other =
        world.github.comment(number, "robin", &format!("/pointsman approve --plan {}", "0".repeat(16)));
    wait_for(world, number, other, "confused");
    let approve = world.github.comment(number, "robin", "/pointsman approve");
    wait_for(world, number, approve, "rocket");
    wait_for_text(world, number, "Released:");
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");

    // And back.
    let back = world.github.comment(number, "robin", &format!("/pointsman rollback {NAME}"));
    wait_for(world, number, back, "rocket");
    wait_for_text(world, number, "Gone back:");
    wait_for_text(world, number, "is on its way back stands above");
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 0 22\nrule a\n");
    let said = agent.said();
    assert_eq!(said.matches("a command was answered").count(), 4, "{said}");

    // A lock that somebody left is released by its ID, and by nobody who only writes.
    world.github.set_permission("kim", "write");
    world.aws.python(&LEFT_LOCK.replace("LOCK", "gg-ai-terraform-states/production/shop/terraform.tfstate"));
    let id = "6d0e5b0e-1111-2222-3333-444455556666";
    let unlock =
        |who: &str, id: &str| world.github.comment(number, who, &format!("/pointsman unlock {NAME} {id}"));
    let (by_writer, another, left) = (unlock("kim", id), unlock("robin", "another"), unlock("robin", id));
    wait_for(world, number, by_writer, "-1");
    wait_for(world, number, another, "confused");
    wait_for(world, number, left, "rocket");
    wait_for_text(world, number, "is released; it was held by `alice@laptop`");
    let lock = world.aws.python("print(client('dynamodb').scan(TableName='terraform-state-locks')['Items'])");
    assert!(!lock.contains("alice"), "{lock}");
    stop(agent);
    world.github.assert_no_violations();
}

const LEFT_LOCK: &str = r#"
client("dynamodb").put_item(TableName="terraform-state-locks", Item={
    "LockID": {"S": "LOCK"},
    "Info": {"S": json.dumps({"ID": "6d0e5b0e-1111-2222-3333-444455556666", "Operation": "OperationTypePlan", "Info": "",
        "Who": "alice@laptop", "Version": "1.11.4", "Created": "2026-11-01T10:00:00.000000Z", "Path": "LOCK"})}})
"#;
