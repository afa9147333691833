//! Pull requests of people who mean harm, made by turns: the same in every run.

use super::{
    jobs::{BASE_POLICY, FILE, NAME, POLICY, jobs, quoted},
    payloads::{self, PATHS, mixed, shell, speech},
};

/// One pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attack {
    pub(super) family: &'static str,
    /// Who opens it: `kim` may write, nobody else may.
    pub(super) author: String,
    pub(super) branch: String,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) message: String,
    pub(super) files: Vec<(String, Option<String>)>,
    pub(super) comments: Vec<Said>,
    pub(super) end: End,
}

/// A comment, in which `HEAD` is the commit that is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) who: String,
    pub(super) body: String,
    pub(super) edited: bool,
}

/// What the agent makes of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Without errors, not planned; whoever may write is told how to have it planned.
    Checked,
    /// Without errors; planned after the merge alone, whoever allows it, because it would be read as
    /// somebody else.
    Postponed,
    /// The base's policies deny it.
    Denied,
    /// There are errors.
    Refused,
    /// It is planned.
    Planned,
    /// No environment is changed.
    Nothing,
    /// It does not matter.
    Any,
}

impl Attack {
    /// Whether it comes from a fork.
    pub(super) fn is_fork(&self) -> bool {
        self.author != "kim"
    }
}

type Family = (&'static str, fn(usize, &str) -> Attack);

/// All families, in turns.
const FAMILIES: &[Family] = &[
    ("forks", forks),
    ("policies", policies),
    ("commands", commands),
    ("shells", shells),
    ("words", words),
    ("imitations", imitations),
    ("sizes", sizes),
];

/// So many attacks; none of them may make the file `canary`.
pub(super) fn of(count: usize, canary: &str) -> Vec<Attack> {
    let make = |number: usize| {
        let (family, make) = FAMILIES[number % FAMILIES.len()];
        let attack = make(number / FAMILIES.len(), canary);
        let branch = payloads::branch(&format!("{number}/{}", attack.branch));
        Attack { family, branch, ..attack }
    };
    (0..count).map(make).collect()
}

pub(super) fn families() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|(name, _)| *name)
}

/// Somebody without rights, each time somebody else.
fn stranger(turn: usize) -> String {
    format!("hydra-{turn}")
}

/// What a stranger proposes who only changes the environment's file.
fn proposal(turn: usize, text: String) -> Attack {
    Attack {
        family: "",
        author: stranger(turn),
        branch: "topic".to_owned(),
        title: "A small correction".to_owned(),
        body: String::new(),
        message: "Correct it".to_owned(),
        files: vec![(FILE.to_owned(), Some(text))],
        comments: Vec::new(),
        end: End::Checked,
    }
}

/// Strangers change an environment.
fn forks(turn: usize, _: &str) -> Attack {
    let changed = jobs().with("delay = \"1s\"", &format!("delay = \"{}s\"", turn + 2));
    let attack = proposal(turn, changed.to_string());
    let with = |old: &str, new: &str| jobs().with(old, new).to_string();
    match turn % 8 {
        0 => attack,
        // Whose role is assumed, and whose bucket is read.
        1 => {
            let aws = "[aws]\nprofile = \"administrator\"\n\n[state]\nbucket = \"evil-bucket\"";
            Attack { end: End::Postponed, ..proposal(turn, with("[state]", aws)) }
        }
        2 => Attack {
            // The base of all.
            files: vec![(
                "environments/production/_base.toml".to_owned(),
                Some("schema = 1\nextends = \"../_base.toml\"\n[aws]\naccount = \"666666666666\"\n[state]\nbucket = \"evil\"\n".to_owned()),
            )],
            end: End::Any,
            ..attack
        },
        // Another environment that claims the same state.
        3 => Attack {
            files: vec![("environments/production/twin.toml".to_owned(), Some(jobs().to_string()))],
            end: End::Refused,
            ..attack
        },
        4 => Attack { files: vec![(FILE.to_owned(), None)], end: End::Any, ..attack },
        5 => Attack {
            comments: vec![
                said(turn, "/pointsman plan --commit HEAD"),
                said(turn, &format!("/pointsman plan {NAME} --commit HEAD\n/pointsman apply")),
            ],
            ..attack
        },
        // An environment of their own.
        6 => Attack {
            files: vec![("environments/production/pwn.toml".to_owned(), Some(jobs().in_state("pwn").to_string()))],
            end: End::Any,
            ..attack
        },
        _ => proposal(turn, with("[queue.jobs]", "[queue.pwn]\n\n[queue.jobs]")),
    }
}

/// Somebody wants another policy to judge.
fn policies(turn: usize, _: &str) -> Attack {
    let forbidden = jobs().with("[queue.jobs]", "Forbidden = \"yes\"\n\n[queue.jobs]").to_string();
    let allow_all = "package tags\n\nexception contains [\"\", \"forbidden\"]\n\nallow := true\n";
    let weaker = BASE_POLICY.replace("deny_forbidden", "warn_forbidden");
    let loops = "package pwn\n\ndeny contains \"x\" if {\n\tn := numbers.range(1, 3000)\n\tcount([1 | some a in n; some b in n; some c in n; a + b + c < 0]) > 0\n}\n";
    let prints = "package pwn\n\nwarn contains \"x\" if count([1 | some n in numbers.range(1, 20000); print(\"pwn\", n)]) > 0\n";
    let deep =
        format!("package pwn\n\ndeny contains \"x\" if {}true{}\n", "(".repeat(5000), ")".repeat(5000));
    let overrides = format!(
        "[[override]]\nrule = \"tags.deny_forbidden\"\nenvironment = \"{NAME}\"\nwho = \"kim\"\nrole = \"boss\"\nreason = \"I may\"\nuntil = 2099-01-01\n"
    );
    let lax = "[requirements.production]\napprovals = 0\n\n[agent]\nconcurrency = 9999\n";
    let edit = match turn % 9 {
        0 => vec![(POLICY, None)],
        1 => vec![(POLICY, Some(weaker))],
        2 => vec![("policies/allow.rego", Some(allow_all.to_owned()))],
        3 => vec![("policies/loop.rego", Some(loops.to_owned())), (POLICY, None)],
        4 => vec![("policies/print.rego", Some(prints.to_owned())), (POLICY, None)],
        5 => vec![("policies/deep.rego", Some(deep))],
        6 => vec![("policies/data/overrides.toml", Some(overrides))],
        7 => vec![("pointsman.toml", Some(lax.to_owned())), (POLICY, None)],
        _ => vec![(POLICY, Some("package".to_owned()))],
    };
    let mut attack = proposal(turn, forbidden);
    attack.files.extend(edit.into_iter().map(|(path, text)| (path.to_owned(), text)));
    let author = if turn.is_multiple_of(2) { "kim".to_owned() } else { stranger(turn) };
    Attack { author, title: "Tidy up policies".to_owned(), end: End::Denied, ..attack }
}

fn said(turn: usize, body: &str) -> Said {
    Said { who: stranger(turn), body: body.to_owned(), edited: false }
}

/// Strangers command.
fn commands(turn: usize, canary: &str) -> Attack {
    let verbs = [
        "/pointsman apply".to_owned(),
        "/pointsman approve".to_owned(),
        format!("/pointsman unlock {NAME} 6d0e5b0e-1111-2222-3333-444455556666"),
        format!("/pointsman rollback {NAME}"),
        "/pointsman plan --commit HEAD".to_owned(),
        "/pointsman apply --break-glass -- it burns".to_owned(),
        "/pointsman abort".to_owned(),
        "/pointsman promote".to_owned(),
    ];
    let verb = &verbs[turn % verbs.len()];
    let zero_width = verb.replace("man ", "man\u{200b} ");
    let dressed = [
        format!("{verb}{}", shell(turn, canary)),
        format!("{verb} {}", shell(turn + 5, canary).replace('\n', " ")),
        format!("Please look.\r\n\r\n{verb}\r\n"),
        zero_width,
        verb.replace('o', "\u{43e}"),
        format!("> {verb}\n\n```\n{verb}\n```\n\n<!--\n{verb}\n-->\n\n    {verb}"),
        format!("\u{202e}{verb}\n{verb}\u{202c}"),
        format!("{verb}\n").repeat(300),
        format!("{verb} {}", speech(turn)),
        format!("{}\n\n{verb}", "pwn ".repeat(15_000)),
        format!("<details><summary>x</summary>\n\n{verb}\n\n</details>"),
        format!("<!-- pointsman -->\n{verb}"),
        verb.to_uppercase(),
        format!("```\n{}\n```\n{verb}", mixed(turn)),
    ];
    let mut comments = vec![
        said(turn, &dressed[turn % dressed.len()]),
        said(turn, &dressed[(turn + 7) % dressed.len()]),
        // What somebody quotes who may write asks for nothing; what was edited neither.
        Said { who: "kim".to_owned(), ..said(turn, &dressed[5]) },
        Said { who: "kim".to_owned(), edited: true, ..said(turn, verb) },
    ];
    comments.truncate(2 + turn % 3);
    let end = if turn.is_multiple_of(2) { End::Nothing } else { End::Checked };
    let attack = proposal(turn, jobs().with("delay = \"1s\"", "delay = \"7s\"").to_string());
    match end {
        End::Nothing => {
            let files = vec![("README.md".to_owned(), Some(format!("{}\n", mixed(turn))))];
            Attack { files, comments, end, ..attack }
        }
        _ => Attack { comments, ..attack },
    }
}

/// Names and texts that a shell would run, wherever one can be written.
fn shells(turn: usize, canary: &str) -> Attack {
    let word = shell(turn, canary);
    let title: String = format!("{word} {}", shell(turn + 3, canary)).replace('\n', " ");
    let ours = turn.is_multiple_of(3);
    let note = jobs().noting(&word).to_string();
    let path = PATHS[turn % PATHS.len()];
    let (files, end) = match turn % 4 {
        0 => (vec![(FILE.to_owned(), Some(note))], if ours { End::Planned } else { End::Checked }),
        1 => (vec![(path.to_owned(), Some(jobs().in_state("pwn").to_string()))], End::Any),
        2 => {
            let tag = jobs().with("[queue.jobs]", &format!("Pwn = {}\n\n[queue.jobs]", quoted(&word)));
            (vec![(FILE.to_owned(), Some(tag.to_string()))], End::Any)
        }
        _ => {
            let named = jobs().with("[queue.jobs]", &format!("[queue.{}]", quoted(&word)));
            (vec![(FILE.to_owned(), Some(named.to_string()))], End::Refused)
        }
    };
    let author = if ours { "kim".to_owned() } else { stranger(turn) };
    let branch = word.replace(' ', "$IFS");
    let body = word.clone();
    Attack { author, branch, title, body, message: word, files, end, ..proposal(turn, String::new()) }
}

/// Words that GitHub would see something in, wherever one can be written.
fn words(turn: usize, _: &str) -> Attack {
    let word = if turn % 3 == 2 { mixed(turn) } else { speech(turn) };
    let with_contact = |tag: &str| {
        let owner = format!("[owner]\nteam = \"x\"\ncontact = {}\n\n[state]", quoted(&word));
        jobs().with("[state]", &owner).with("[queue.jobs]", &format!("{tag}\n[queue.jobs]")).to_string()
    };
    let (text, ours, end) = match turn % 4 {
        // What a plan shows.
        0 => (jobs().noting(&word).to_string(), true, End::Planned),
        // What a policy repeats, and denies or not.
        1 => (with_contact("Forbidden = \"yes\"\n"), turn % 8 == 1, End::Denied),
        2 => (with_contact(""), turn % 8 == 2, if turn % 8 == 2 { End::Planned } else { End::Checked }),
        // What a reader of files complains of.
        _ => {
            let key = format!("{} = {}\n\n[queue.jobs]", quoted(&word), quoted(&word));
            (jobs().with("[queue.jobs]", &key).to_string(), turn % 8 == 3, End::Any)
        }
    };
    let author = if ours { "kim".to_owned() } else { stranger(turn) };
    let title: String = word.replace(['\n', '\r'], " ").chars().take(200).collect();
    Attack { author, title, body: word.clone(), message: word, end, ..proposal(turn, text) }
}

/// Strangers write as the agent does.
fn imitations(turn: usize, _: &str) -> Attack {
    let planned = format!("### ✅ can be merged\n\n| `{NAME}` | ✅ planned |\n\n**Plan: 0 to add.**\n");
    let bodies = [
        format!("<!-- pointsman -->\n{planned}"),
        format!(
            "<!-- pointsman -->\n{planned}<!-- commands -->\n\n#### Commands\n\n- ✅ `robin` asked\n\n<!-- end of commands -->\n"
        ),
        "<!-- pointsman -->".to_owned(),
        format!("<!-- pointsman -->\n{}", mixed(turn)),
        format!(" <!-- pointsman -->\n{planned}\n/pointsman apply"),
    ];
    let author = ["pointsman", "pointsman-bot", "Pointsman", "hydra-bot"][turn % 4].to_owned();
    let comment =
        Said { who: author.clone(), body: bodies[turn % bodies.len()].clone(), edited: turn % 2 == 1 };
    let text = jobs().with("delay = \"1s\"", &format!("delay = \"{}s\"", turn + 2)).to_string();
    Attack { author, body: bodies[0].clone(), comments: vec![comment], ..proposal(turn, text) }
}

/// More than anybody reads.
fn sizes(turn: usize, _: &str) -> Attack {
    let long = |text: &str, length: usize| text.chars().cycle().take(length).collect::<String>();
    let ours = turn.is_multiple_of(2);
    let many = |count: usize| {
        let variables = (0..count).map(|n| format!("V{n} = {}\n", quoted(&speech(turn + n))));
        jobs().with("NOTE = \"x\"\n", &variables.collect::<String>()).to_string()
    };
    let (text, end) = match turn % 6 {
        0 => (jobs().noting(&long(&speech(turn), 60_000)).to_string(), End::Any),
        1 => (many(40), End::Any),
        2 => (many(120), End::Any),
        3 => (format!("x = {}1{}\n", "[".repeat(30_000), "]".repeat(30_000)), End::Refused),
        4 => {
            let tags: String = (0..45).map(|n| format!("T{n} = {}\n", quoted(&speech(n)))).collect();
            (jobs().with("[queue.jobs]", &format!("{tags}\n[queue.jobs]")).to_string(), End::Refused)
        }
        _ => (long("<!-- commands -->\n", 200_000), End::Refused),
    };
    let author = if ours { "kim".to_owned() } else { stranger(turn) };
    let body = long(&mixed(turn), 60_000);
    let comments = vec![said(turn, &long(&mixed(turn + 1), 60_000))];
    Attack {
        author,
        title: long(&speech(turn), 250).replace(['\n', '\r'], " "),
        body,
        comments,
        end,
        ..proposal(turn, text)
    }
}
