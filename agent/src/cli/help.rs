//! What help texts and manual pages add to each command: examples, and what
//! its exit codes mean there. A command without a row here fails a test.

use std::fmt::Write;

use clap::Command;

/// What is added to one command.
#[derive(Debug)]
pub struct Help {
    /// Its words: `["policy", "test"]`; none for the program itself.
    path: &'static [&'static str],
    /// Command lines, each with what it does.
    pub examples: &'static [(&'static str, &'static str)],
    /// Exit codes beyond those of every command.
    exits: &'static [(u8, &'static str)],
}

const APPLIED: &[(u8, &str)] = &[
    (0, "Done, or there was nothing to do."),
    (1, "Something failed or was not agreed to; what was done is recorded."),
    (3, "Someone else holds the lock."),
    (4, "The policies deny it; nothing was changed."),
    (5, "The plan given is stale; nothing was changed."),
    (130, "Interrupted twice: ended at once, and said what is left."),
];
const ROLLED: &[(u8, &str)] = &[
    (0, "Done, or kept for whoever drives the rollout."),
    (1, "Nothing is under way, it was too late, or something failed."),
    (3, "Someone else holds the lock."),
];
const LOOKED: &[(u8, &str)] = &[
    (0, "Done; with --detailed-exitcode: nothing differs."),
    (1, "Something failed."),
    (2, "With --detailed-exitcode: something differs."),
];
const PLAIN: &[(u8, &str)] = &[(0, "Done."), (1, "Something failed.")];
const CHECKED: &[(u8, &str)] = &[(0, "No errors; there may be warnings."), (1, "Errors.")];

const HELPS: &[Help] = &[
    Help {
        path: &[],
        examples: &[
            ("pointsman check", "Check every environment of this folder."),
            ("pointsman plan production/web", "Show what would be done."),
            ("pointsman apply production/web", "Do it, after asking."),
        ],
        exits: PLAIN,
    },
    Help {
        path: &["check"],
        examples: &[
            ("pointsman check", "Everything under environments/."),
            ("pointsman check environments/production", "Only what is there."),
            ("pointsman check --watch", "Again whenever a file is saved."),
            ("pointsman check --live production/web", "And what a deploy would need of AWS."),
            ("pointsman check --sarif > findings.sarif", "For code scanning."),
        ],
        exits: CHECKED,
    },
    Help {
        path: &["watch"],
        examples: &[
            ("pointsman watch", "Check everything whenever a file is saved."),
            ("pointsman watch environments/staging --json", "A line of JSON each time."),
        ],
        exits: &[(1, "The folder cannot be watched."), (130, "Interrupted: the way to end it.")],
    },
    Help {
        path: &["plan"],
        examples: &[
            ("pointsman plan production/web", "Show what would be done."),
            ("pointsman plan production/web --out web.plan", "Keep it for apply --plan."),
            ("pointsman plan production/web --json --detailed-exitcode", "For scripts."),
        ],
        exits: LOOKED,
    },
    Help {
        path: &["apply"],
        examples: &[
            ("pointsman apply production/web", "Plan, ask, do it."),
            ("pointsman apply production/web --plan web.plan", "Exactly that plan, or nothing."),
            ("pointsman apply production/web --yes --lock-timeout 10m", "In a pipeline."),
        ],
        exits: APPLIED,
    },
    Help {
        path: &["approve"],
        examples: &[(
            "pointsman approve production/web --plan 1f0c9a77",
            "Let traffic move to the new side of exactly this plan.",
        )],
        exits: ROLLED,
    },
    Help {
        path: &["promote"],
        examples: &[("pointsman promote production/web", "Wait no longer before the next step of traffic.")],
        exits: ROLLED,
    },
    Help {
        path: &["abort"],
        examples: &[
            ("pointsman abort production/web", "Back to what stood before."),
            ("pointsman abort production/web --why 'sign-in fails'", "And say why."),
        ],
        exits: ROLLED,
    },
    Help {
        path: &["rollback"],
        examples: &[("pointsman rollback production/web --yes", "Serve the release before again.")],
        exits: ROLLED,
    },
    Help {
        path: &["destroy"],
        examples: &[
            ("pointsman destroy staging/web", "Show what goes, ask, delete it."),
            ("pointsman destroy staging/web --yes --json", "For scripts."),
        ],
        exits: APPLIED,
    },
    Help {
        path: &["drift"],
        examples: &[
            ("pointsman drift production/web", "What was changed by hand?"),
            ("pointsman drift --all --detailed-exitcode", "For a nightly job."),
        ],
        exits: LOOKED,
    },
    Help {
        path: &["status"],
        examples: &[
            ("pointsman status", "Every environment."),
            ("pointsman status production/web", "Deploy, last run, lock, objects."),
        ],
        exits: PLAIN,
    },
    Help {
        path: &["history"],
        examples: &[
            ("pointsman history production/web", "Who did what, and how it ended."),
            ("pointsman history production/web --limit 100 --json", "For scripts."),
        ],
        exits: PLAIN,
    },
    Help {
        path: &["lock"],
        examples: &[("pointsman lock show production/web", "Who holds it?")],
        exits: PLAIN,
    },
    Help {
        path: &["lock", "show"],
        examples: &[("pointsman lock show production/web", "Who holds it, and what for?")],
        exits: PLAIN,
    },
    Help {
        path: &["lock", "release"],
        examples: &[
            ("pointsman lock release production/web", "Show it, and the command to run."),
            ("pointsman lock release production/web --id 6d0e5b0e-…", "Release exactly that one."),
        ],
        exits: &[
            (0, "Released and recorded, or it was free."),
            (1, "Something failed."),
            (3, "It stands: no ID was named, or another one's."),
        ],
    },
    Help {
        path: &["adopt"],
        examples: &[
            ("pointsman adopt production/web --from-tags --plan", "What stands?"),
            ("pointsman adopt production/web --from-tags", "Record it, after asking."),
        ],
        exits: &[
            (0, "Recorded; with --plan: looked."),
            (1, "Something failed or was not agreed to; nothing was written."),
            (3, "Someone else holds the lock."),
        ],
    },
    Help {
        path: &["outputs"],
        examples: &[
            ("pointsman outputs production/web", "All, a line each."),
            ("curl http://$(pointsman outputs production/web --raw dns_name)", "One value, bare."),
        ],
        exits: PLAIN,
    },
    Help {
        path: &["init"],
        examples: &[
            ("pointsman init production/web", "Look at what state and lock stand on."),
            ("pointsman init production/web --create", "Make what is missing."),
            ("pointsman init production/web --iam", "The IAM policies that it needs."),
        ],
        exits: &[(0, "Everything is there."), (1, "Something is missing or was refused.")],
    },
    Help {
        path: &["cost"],
        examples: &[("pointsman cost production/web", "What a month costs; asks no account.")],
        exits: PLAIN,
    },
    Help {
        path: &["graph"],
        examples: &[
            ("pointsman graph production/web | dot -Tsvg > web.svg", "By Graphviz."),
            ("pointsman graph production/web --format mermaid", "For a README on GitHub."),
        ],
        exits: PLAIN,
    },
    Help {
        path: &["policy"],
        examples: &[("pointsman policy test", "Run the policies' tests.")],
        exits: PLAIN,
    },
    Help {
        path: &["policy", "test"],
        examples: &[("pointsman policy test --json", "The same, for scripts.")],
        exits: &[(0, "Every test passed."), (1, "A test failed, or cannot be run.")],
    },
    Help {
        path: &["policy", "input"],
        examples: &[
            ("pointsman policy input production/web > input.json", "For `opa eval` and conftest."),
            ("pointsman policy input production/web --plan", "With its plan: asks AWS."),
        ],
        exits: PLAIN,
    },
    Help {
        path: &["policy", "explain"],
        examples: &[
            ("pointsman policy explain production/web", "Which rule decided what?"),
            ("pointsman policy explain production/web --plan", "Of its plan: asks AWS."),
        ],
        exits: &[(0, "Allowed."), (1, "Something failed."), (4, "Denied.")],
    },
    Help {
        path: &["policy", "schema"],
        examples: &[("pointsman policy schema > input.schema.json", "For editors and opa.")],
        exits: PLAIN,
    },
    Help {
        path: &["schema"],
        examples: &[
            ("pointsman schema > schema/environment.json", "For editors."),
            ("pointsman schema plan", "What `plan --json` prints."),
        ],
        exits: PLAIN,
    },
    Help {
        path: &["run"],
        examples: &[("pointsman run --config pointsman.toml", "The agent, until SIGTERM.")],
        exits: &[(0, "Asked to stop, and stopped."), (1, "It could not start.")],
    },
    Help {
        path: &["completions"],
        examples: &[
            ("source <(pointsman completions bash)", "Try it in this shell."),
            ("pointsman completions fish > ~/.config/fish/completions/pointsman.fish", "Keep it, for fish."),
        ],
        exits: PLAIN,
    },
    Help {
        path: &["man"],
        examples: &[
            ("pointsman man | man -l -", "Read it."),
            ("pointsman man --dir /usr/local/share/man/man1", "Install every page."),
        ],
        exits: PLAIN,
    },
];

/// Files that commands read.
pub const FILES: &[(&str, &str)] = &[
    ("environments/**/*.toml", "One environment each; files whose names begin with _ are bases."),
    ("policies/**/*.rego", "Policies, with their tests beside them in *_test.rego."),
    ("pointsman.toml", "The agent's configuration, and the lock's times for the command line."),
];

/// Variables that commands heed.
pub const VARIABLES: &[(&str, &str)] = &[
    ("AWS_PROFILE, AWS_REGION, AWS_ACCESS_KEY_ID, …", "AWS's own, where the environment names no profile."),
    (
        "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE",
        "Who the agent is in Microsoft Entra, where it switches the application proxy.",
    ),
    (
        "AZURE_AUTHORITY_HOST, POINTSMAN_GRAPH_ENDPOINT",
        "Where that is, in another cloud than the public one.",
    ),
    ("NO_COLOR", "Set to anything: no colour, unless --color always."),
    ("POINTSMAN_LOG", "What is logged to standard error, as of tracing's EnvFilter."),
];

/// What is added to the command of these words.
pub fn of(path: &[&str]) -> Option<&'static Help> {
    HELPS.iter().find(|help| help.path == path)
}

impl Help {
    /// Every exit code of the command, with its meaning there.
    pub fn exits(&self) -> impl Iterator<Item = (u8, &'static str)> {
        let (usual, interrupted): (Vec<_>, Vec<_>) = self.exits.iter().partition(|(code, _)| *code < 64);
        usual.into_iter().chain([(64, "The command line was not understood.")]).chain(interrupted)
    }

    fn text(&self) -> String {
        let mut text = String::from("Examples:\n");
        for (line, what) in self.examples {
            let _ = writeln!(text, "  {line}\n      {what}");
        }
        text.push_str("\nExit codes:\n");
        for (code, what) in self.exits() {
            let _ = writeln!(text, "  {code:>3}  {what}");
        }
        text
    }
}

/// The command with what is added to it and to those below it.
pub fn added(command: Command) -> Command {
    added_below(command, &mut Vec::new())
}

fn added_below(mut command: Command, path: &mut Vec<String>) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in names {
        path.push(name.clone());
        command = command.mut_subcommand(name, |below| added_below(below, path));
        path.pop();
    }
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    match of(&words) {
        Some(help) => command.after_help(help.text()),
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::Arguments;

    #[test]
    fn every_command_has_examples_and_exit_codes() {
        fn walk(command: &clap::Command, path: &mut Vec<String>, missing: &mut Vec<String>) {
            for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
                path.push(below.get_name().to_owned());
                let words: Vec<&str> = path.iter().map(String::as_str).collect();
                if super::of(&words).is_none() {
                    missing.push(path.join(" "));
                }
                walk(below, path, missing);
                path.pop();
            }
        }
        let mut missing = Vec::new();
        walk(&Arguments::command(), &mut Vec::new(), &mut missing);
        assert!(missing.is_empty(), "cli/help.rs has no row for: {missing:?}");
    }

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }
}
