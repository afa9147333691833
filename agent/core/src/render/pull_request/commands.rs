//! What people asked in comments, and what came of it.

use super::{code, prose};
use crate::{
    command::{MOST_COMMANDS, Mistake, PLAN_DIGITS, WORD},
    environment::EnvironmentName,
    render::{event::holder_words, rollout, words},
    report::command::{Answer, Ended, Help, Reply, Right},
    rollout::Word,
};

/// So many answers are shown, the newest.
pub const SHOWN_ANSWERS: usize = 8;
/// Around the section: it can be set anew without the rest being known.
const BEGIN: &str = "<!-- commands -->\n";
const END: &str = "<!-- end of commands -->\n";
/// So much of a text of others is shown, in characters.
const LONGEST: usize = 300;

/// The section of the comment; nothing where nothing was asked.
pub fn section(answers: &[Answer]) -> String {
    if answers.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{BEGIN}\n#### Commands\n\n");
    for answer in answers.iter().skip(answers.len().saturating_sub(SHOWN_ANSWERS)) {
        text.push_str(&line(answer));
    }
    text.push_str(&format!("\n{END}"));
    text
}

/// A comment that stands, with this section in place of the one that it has.
pub fn onto(comment: &str, answers: &[Answer]) -> String {
    let section = section(answers);
    // In a block of code stands what others wrote, as they wrote it; ours is behind every one.
    let behind = comment.rfind("\n```").unwrap_or_default();
    if let Some(begin) = comment[behind..].find(BEGIN).map(|at| behind + at)
        && let Some(end) = comment[begin..].find(END)
    {
        let (before, after) = (&comment[..begin], &comment[begin + end + END.len()..]);
        return format!("{}\n{section}{after}", before.trim_end_matches('\n'));
    }
    match comment.rfind("\n<sub>") {
        Some(footer) => format!("{}{section}{}", &comment[..footer], &comment[footer..]),
        None => format!("{comment}\n{section}"),
    }
}

fn line(answer: &Answer) -> String {
    let Answer { of: _, who, at, asked, reply } = answer;
    let mark = match reply.ended() {
        Ended::Done => "✅",
        Ended::NotDone => "⚠️",
        Ended::NotAllowed => "⛔",
    };
    let said = said(reply);
    format!("- {mark} {} asked at {} for {}: {said}\n", code(who), words::moment(at), code(&short(asked)))
}

/// What came of a command, in Markdown.
fn said(reply: &Reply) -> String {
    let name = |environment: &EnvironmentName| code(environment.as_str());
    match reply {
        Reply::NotAllowed { needs } => format!(
            "not done, because only people with {} permission on this repository may ask for it.",
            right(*needs)
        ),
        Reply::Mistaken(mistake) => {
            format!("not done: {} {} says what can be asked.", self::mistake(mistake), code("/pointsman help"))
        }
        Reply::Edited => {
            "not done: the comment was edited before it was read. Next: write it anew; edits are never followed."
                .to_owned()
        }
        Reply::TooMany(more) => format!(
            "{} not read: a comment can hold {MOST_COMMANDS}.",
            words::count(*more, "more command was", "more commands were")
        ),
        Reply::Help(help) => self::help(help),
        Reply::PlansAgain => "it is planned again.".to_owned(),
        Reply::ForkAllowed { commit } => format!(
            "commit {} of this fork is planned with credentials; a new commit is not, until it is named too.",
            code(words::short(commit))
        ),
        Reply::ForkNeedsCommit { head } => format!("not done. {}", allow_fork(head)),
        Reply::OtherCommit { head } => format!(
            "not done: this pull request proposes {} now. Next: look at that commit, and name it.",
            code(head)
        ),
        Reply::IsMerged => format!(
            "not done: it is merged, so there is nothing left to plan. Next: {} tries again what failed.",
            code("/pointsman apply")
        ),
        Reply::IsOpen => "not done: it is not merged, so nothing of it is deployed or rolled out.".to_owned(),
        Reply::WhichEnvironment(has) => {
            format!("not done: name one of {}.", names(has))
        }
        Reply::NotOfThis { named, has } => {
            format!("not done: this pull request does not change {}. It changes {}.", name(named), names(has))
        }
        Reply::NoEnvironment => "not done: this pull request changes no environment.".to_owned(),
        Reply::NotDescribed(environment) => format!(
            "not done: the watched branch does not describe {}, or not without errors.",
            name(environment)
        ),
        Reply::Said { environment, word, services } => {
            let what = match word {
                Word::Approve => "approved: traffic moves in",
                Word::Abort => "it is turned back:",
                Word::Promote => "it moves on:",
            };
            let services: Vec<String> = services.iter().map(|service| code(service)).collect();
            format!("{what} the rollout of {} in {}.", services.join(", "), name(environment))
        }
        Reply::Refused { environment, refused } => {
            let why: Vec<String> =
                refused.iter().map(|(service, why)| prose(&rollout::refusal(service, *why))).collect();
            format!("not done in {}: {}", name(environment), why.join(" "))
        }
        Reply::NothingOpen(environment) => {
            format!("not done: no rollout of {} is under way.", name(environment))
        }
        Reply::OfAnother { environment, commit } => format!(
            "not done: what stands or is rolled out in {} came with commit {}, not with this pull request. Next: ask on the \
             pull request of that commit.",
            name(environment),
            code(words::short(commit))
        ),
        Reply::OriginUnknown { environment, commit } => format!(
            "not done: GitHub does not say which pull request commit {} in {} came with. Next: ask again when it does.",
            code(words::short(commit)),
            name(environment)
        ),
        Reply::BeganLater(environment) => format!(
            "not done: the rollout of {} began after this was written. Next: look at it, and ask again.",
            name(environment)
        ),
        Reply::Kept { says } => prose(&short(says)),
        Reply::MergeFirst => format!("not done: {}", merge_first()),
        Reply::Applies(environment) => {
            format!("{} is applied before the merge when its turn comes.", name(environment))
        }
        Reply::TriesAgain(environment) => format!("{} is tried again.", name(environment)),
        Reply::Stands(environment) => {
            format!("nothing to do: {} is what the watched branch says.", name(environment))
        }
        Reply::IsBusy(environment) => format!("nothing to do: {} is being deployed.", name(environment)),
        Reply::GoesBack(environment) => {
            format!("{} goes back to the release before when its turn comes.", name(environment))
        }
        Reply::WentBack(environment) => {
            format!("where {} is on its way back stands above.", name(environment))
        }
        Reply::Unlocked { environment, item } => format!(
            "the lock of {} is released; it was held by {}.",
            name(environment),
            prose(&short(&holder_words(&item.terraform_info())))
        ),
        Reply::LockFree(environment) => format!("nothing to do: the lock of {} is free.", name(environment)),
        Reply::OtherLock { environment, item } => format!(
            "not done: {} is locked under another ID, by {}. Next: look at it with {}.",
            name(environment),
            prose(&short(&holder_words(&item.terraform_info()))),
            code(&format!("pointsman lock show {environment}"))
        ),
        Reply::Failed { why } => format!("not done: {}", prose(&short(why))),
    }
}

/// Why it is not applied before the merge.
pub fn merge_first() -> &'static str {
    "it is deployed by merging it."
}

/// How a fork's commit is allowed to be planned.
pub(super) fn allow_fork(head: &str) -> String {
    format!(
        "Somebody with write permission, who has read this commit, can have it planned: {}.",
        code(&format!("{WORD} plan --commit {head}"))
    )
}

fn right(right: Right) -> &'static str {
    match right {
        Right::Admin => "admin",
        Right::None | Right::Read | Right::Write => "write",
    }
}

fn mistake(mistake: &Mistake) -> String {
    let quoted = |word: &String| code(&short(word));
    match mistake {
        Mistake::Unknown(word) => format!("there is no command {}.", quoted(word)),
        Mistake::NotAnEnvironment(word) => format!("{} is no name of an environment.", quoted(word)),
        Mistake::TooMuch(word) => format!("{} is a word too many.", quoted(word)),
        Mistake::NoEnvironment => "the environment is not named.".to_owned(),
        Mistake::NoId => "the lock is not named by its ID.".to_owned(),
        Mistake::NotAnId(word) => format!("{} is no ID of a lock.", quoted(word)),
        Mistake::NotACommit(word) => format!("{} is not the whole hash of a commit.", quoted(word)),
        Mistake::NotAPlan(word) => {
            format!("{} is not the first {} digits of a plan's hash, or more.", quoted(word), PLAN_DIGITS.0)
        }
        Mistake::NoValue(option) => format!("nothing follows {}.", code(option)),
        Mistake::TooLong => "the line is too long.".to_owned(),
    }
}

/// What can be asked now.
fn help(help: &Help) -> String {
    let Help { merged, fork, environments } = help;
    let environment = match environments.as_slice() {
        [one] => one.as_str(),
        _ => "ENVIRONMENT",
    };
    let asked: Vec<String> = if *merged {
        vec![
            format!("apply {environment}"),
            format!("promote {environment}"),
            format!("abort {environment} -- WHY"),
            format!("approve {environment} --plan HASH"),
            format!("rollback {environment}"),
            format!("unlock {environment} ID"),
        ]
    } else {
        let plan = fork.as_ref().map_or_else(|| "plan".to_owned(), |head| format!("plan --commit {head}"));
        vec![plan, format!("unlock {environment} ID")]
    };
    let asked: Vec<String> = asked.iter().map(|asked| code(&format!("{WORD} {asked}"))).collect();
    let of = match environments.as_slice() {
        [] | [_] => String::new(),
        several => format!(" Environments: {}.", names(several)),
    };
    format!("a line of a new comment can say {}.{of}", asked.join(", "))
}

fn names(environments: &[EnvironmentName]) -> String {
    const SHOWN: usize = 20;
    let mut names: Vec<String> =
        environments.iter().take(SHOWN).map(|environment| code(environment.as_str())).collect();
    if environments.len() > SHOWN {
        names.push(format!("{} more", environments.len() - SHOWN));
    }
    names.join(", ")
}

fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::{BEGIN, END, onto, section};
    use crate::{
        command::read,
        environment::EnvironmentName,
        report::command::{Answer, Help, Reply, Right},
        rollout::{Refusal, Word},
    };

    fn answer(who: &str, asked: &str, reply: Reply) -> Answer {
        let at = "2031-02-03T04:05:06Z".to_owned();
        Answer { of: (7, 0), who: who.to_owned(), at, asked: asked.to_owned(), reply }
    }

    fn shop() -> EnvironmentName {
        EnvironmentName::parse("production/shop").unwrap()
    }

    fn mistaken(line: &str) -> Reply {
        Reply::Mistaken(read(line).asked.remove(0).command.unwrap_err())
    }

    #[test]
    fn who_asked_what_and_what_came_of_it() {
        let hostile = "/pointsman plan @robin|<img src=x>`[x](https://evil.example)";
        let head = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334".to_owned();
        let help = |merged, fork: Option<&String>| {
            Reply::Help(Help { merged, fork: fork.cloned(), environments: vec![shop()] })
        };
        let replies = vec![
            ("/pointsman plan", Reply::PlansAgain),
            ("/pointsman plan", Reply::NotAllowed { needs: Right::Write }),
            (hostile, mistaken(hostile)),
            ("/pointsman help", help(true, None)),
            ("/pointsman help", help(false, Some(&head))),
            ("/pointsman plan", Reply::ForkNeedsCommit { head }),
            (
                "/pointsman abort",
                Reply::Said { environment: shop(), word: Word::Abort, services: vec!["web".to_owned()] },
            ),
            (
                "/pointsman approve",
                Reply::Refused { environment: shop(), refused: vec![("web".to_owned(), Refusal::OtherPlan)] },
            ),
        ];
        let answers: Vec<Answer> =
            replies.into_iter().map(|(asked, reply)| answer("robin", asked, reply)).collect();
        insta::assert_snapshot!(section(&answers));
        let many: Vec<Answer> = (0..50).map(|_| answers[0].clone()).collect();
        assert_eq!(section(&many).matches("- ✅").count(), super::SHOWN_ANSWERS);
    }

    #[test]
    fn the_section_is_set_anew_and_the_rest_stays() {
        let one = [answer("robin", "/pointsman plan", Reply::PlansAgain)];
        let two = [one[0].clone(), answer("kim", "/pointsman help", Reply::MergeFirst)];
        let text = "### Deploy\n\ndone\n\n<sub>Commit.</sub>\n";
        let with_one = onto(text, &one);
        assert_eq!(with_one, format!("### Deploy\n\ndone\n{}\n<sub>Commit.</sub>\n", section(&one)));
        assert_eq!(onto(&with_one, &two), onto(text, &two));
    }

    #[test]
    fn a_section_that_others_wrote_is_none() {
        let one = [answer("robin", "/pointsman plan", Reply::PlansAgain)];
        let two = [one[0].clone(), answer("kim", "/pointsman help", Reply::MergeFirst)];
        let text = format!("### Failed\n\n```text\n{BEGIN}lines of a log\n{END}```\n\n<sub>Commit.</sub>\n");
        let with_one = onto(&text, &one);
        assert!(with_one.contains(&format!("{BEGIN}lines of a log\n{END}```\n")), "{with_one}");
        assert_eq!(with_one.matches("#### Commands").count(), 1);
        assert_eq!(onto(&with_one, &two), onto(&text, &two));
    }
}
