//! Terraform and Pointsman keep each other out, by whichever locks Terraform takes. With the real `terraform`.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use pointsman_tests::{
    agent::{Ended, Running, ended},
    story::{Clone, World},
};

use crate::{PATIENCE, kinds, settled, world};

/// Which locks a Terraform takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locks {
    /// The item in the lock table.
    Table,
    /// The lock file beside the state.
    File,
    /// Both.
    Both,
}

/// Says what was not shown, and why: here, and where whoever runs all the tests counts it.
pub(crate) fn skipped(why: &str) {
    let story = std::thread::current().name().unwrap_or("a story").to_owned();
    let line = format!("SKIPPED: {story}: {why}\n");
    // Not by `eprintln!`, whose words nobody sees when a test passes.
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    if let Some(list) = std::env::var_os("POINTSMAN_SKIPPED") {
        let list = std::fs::OpenOptions::new().create(true).append(true).open(list);
        list.and_then(|mut list| list.write_all(line.as_bytes())).unwrap();
    }
}

/// Whether there is a Terraform to ask.
pub(crate) fn is_installed() -> bool {
    let installed =
        Command::new("terraform").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    installed.is_ok_and(|status| status.success())
}

/// A Terraform configuration on the state of the small environment. Its one resource takes as long as
/// a file is missing.
pub(crate) struct Terraform<'w> {
    world: &'w World,
    folder: PathBuf,
}

impl<'w> Terraform<'w> {
    /// None when it is not installed: then the story says so.
    pub(crate) fn of(world: &'w World, locks: Locks) -> Option<Self> {
        if !is_installed() {
            skipped("terraform is not installed, so that nothing was shown about it here");
            return None;
        }
        let folder = world.folder().join(format!("terraform-{locks:?}"));
        std::fs::create_dir_all(&folder).unwrap();
        let endpoint = world.aws.direct_endpoint();
        let (table, file) = ("    dynamodb_table = \"terraform-state-locks\"", "    use_lockfile   = true");
        let locks = match locks {
            Locks::Table => table.to_owned(),
            Locks::File => file.to_owned(),
            Locks::Both => format!("{table}\n{file}"),
        };
        let text = format!(
            r#"
variable "round" {{
  default = 0
}}
terraform {{
  backend "s3" {{
    bucket         = "gg-ai-terraform-states"
    key            = "production/reports/terraform.tfstate"
    region         = "us-east-1"
{locks}
    encrypt        = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    endpoints = {{ s3 = "{endpoint}", dynamodb = "{endpoint}", sts = "{endpoint}", iam = "{endpoint}" }}
  }}
}}
resource "terraform_data" "slow" {{
  triggers_replace = var.round
  provisioner "local-exec" {{
    command = "touch begun; while [ ! -e end ]; do sleep 0.05; done"
  }}
}}
"#
        );
        std::fs::write(folder.join("main.tf"), text).unwrap();
        let terraform = Self { world, folder };
        terraform.run(&["init", "-input=false", "-no-color"]).expect_code(0);
        Some(terraform)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "terraform"]).args(arguments).current_dir(&self.folder);
        self.world.aws.lead(&mut command);
        command.env_remove("TF_CLI_CONFIG_FILE").env("TF_IN_AUTOMATION", "1").env("CHECKPOINT_DISABLE", "1");
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    /// Starts an apply, and waits until it is at work.
    fn at_work(&self, round: usize) -> Running {
        for file in ["begun", "end"] {
            let _ = std::fs::remove_file(self.folder.join(file));
        }
        let round = format!("-var=round={round}");
        let arguments = ["apply", "-auto-approve", "-input=false", "-no-color", &round];
        let working = Running::start(&mut self.command(&arguments));
        let deadline = Instant::now() + PATIENCE;
        while !self.folder.join("begun").exists() {
            assert!(Instant::now() < deadline, "terraform does not begin: {}", working.said());
            std::thread::sleep(Duration::from_millis(20));
        }
        working
    }

    fn finish(&self, working: Running) {
        std::fs::write(self.folder.join("end"), "").unwrap();
        let (said, code) = working.ended(PATIENCE);
        assert_eq!(code, 0, "{said}");
    }

    /// Removes the agent's lock, as a person would.
    pub(crate) fn force_unlock(&self, id: &str) {
        self.try_force_unlock(id).expect_code(0);
    }

    /// The same where the lock may be free meanwhile.
    pub(crate) fn try_force_unlock(&self, id: &str) -> Ended {
        self.run(&["force-unlock", "-no-color", "-force", id])
    }
}

/// The small environment; whether its agents take the lock file.
pub(crate) fn described(world: &World, takes_file: bool, visibility: usize) -> String {
    let lockfile = if takes_file { "lockfile = true\n" } else { "" };
    let key = "key = \"production/reports/terraform.tfstate\"\n";
    let text = kinds::TEXT
        .replace(key, &format!("{key}{lockfile}"))
        .replace("visibility_timeout = \"15m\"", &format!("visibility_timeout = \"{visibility}m\""));
    world.git.commit("main", &[(kinds::FILE, Some(&text))], "Describe reports");
    text
}

/// The lock's ID; none when it is free.
pub(crate) fn lock_of(clone: &Clone<'_>) -> Option<String> {
    let shown = clone.run(&["lock", "show", kinds::NAME, "--json"]).expect_code(0).out;
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    shown["lock"]["ID"].as_str().map(ToOwned::to_owned)
}

/// So often in both orders: whoever comes second is refused, and names the first.
fn keep_each_other_out((locks, takes_file): (Locks, bool), rounds: usize) {
    let world = world();
    let Some(terraform) = Terraform::of(&world, locks) else { return };
    described(&world, takes_file, 15);
    let clone = world.clone_of("main");
    clone.run(&["apply", kinds::NAME, "--yes"]).expect_code(0);
    for round in 1..=rounds {
        // Terraform works: the apply ends with 3 and names it.
        let working = terraform.at_work(round);
        let refused = clone.run(&["apply", kinds::NAME, "--yes"]).expect_code(3);
        assert!(refused.err.contains("OperationTypeApply") && refused.err.contains('@'), "{}", refused.err);
        assert!(clone.run(&["status", kinds::NAME]).expect_code(0).out.contains("OperationTypeApply"));
        terraform.finish(working);
        assert_eq!(lock_of(&clone), None);

        // Pointsman works: terraform is refused and prints who holds the lock.
        clone.write(kinds::FILE, &described(&world, takes_file, 15 + round));
        let held = world.aws.proxy().hold("sqs", "SetQueueAttributes");
        let working = clone.start(&["apply", kinds::NAME, "--yes"]);
        assert!(held.wait_reached(PATIENCE), "{}", working.said());
        let kept_out = terraform.run(&["plan", "-input=false", "-no-color"]);
        assert_ne!(kept_out.code, 0, "{}", working.said());
        assert!(
            kept_out.err.contains("Error acquiring the state lock") && kept_out.err.contains("pointsman:"),
            "{}",
            kept_out.err
        );
        held.release();
        let (said, code) = working.ended(PATIENCE);
        assert_eq!(code, 0, "{said}");
        if round == 1 {
            println!("pointsman says:\n{}", settled(&refused.err));
            println!("terraform says:\n{}", settled(&kept_out.err));
        }
    }
    // Free for both.
    assert_eq!(lock_of(&clone), None);
    terraform.run(&["plan", "-input=false", "-no-color"]).expect_code(0);
    println!(
        "T3: terraform with {locks:?}, the agent with{} lock file: {rounds} rounds in each order; the second was refused {} times",
        if takes_file { " its" } else { "out" },
        2 * rounds
    );
}

/// Terraform's `force-unlock` under an apply: it notices and stops, and the next one goes on.
fn is_stopped_by_force_unlock((locks, takes_file): (Locks, bool)) {
    let world = world();
    let Some(terraform) = Terraform::of(&world, locks) else { return };
    described(&world, takes_file, 15);
    let clone = world.clone_of("main");
    clone.run(&["apply", kinds::NAME, "--yes"]).expect_code(0);
    clone.write(kinds::FILE, &described(&world, takes_file, 16));
    let held = world.aws.proxy().hold_answer("sqs", "SetQueueAttributes");
    let working = clone.start(&["apply", kinds::NAME, "--yes"]);
    assert!(held.wait_reached(PATIENCE), "{}", working.said());
    terraform.force_unlock(&lock_of(&clone).expect("it is locked"));
    // Some heartbeats.
    std::thread::sleep(Duration::from_secs(3));
    held.release();
    let (said, code) = working.ended(PATIENCE);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("terraform force-unlock"), "it says why it stopped: {said}");
    clone.run(&["apply", kinds::NAME, "--yes"]).expect_code(0);
    clone.run(&["plan", kinds::NAME, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(lock_of(&clone), None);
    terraform.run(&["plan", "-input=false", "-no-color"]).expect_code(0);
    println!("T5: terraform with {locks:?} unlocked an apply by force: it stopped, and the next one went on");
}

/// Which locks Terraform takes, and whether the agent takes the lock file.
pub(crate) const ALL: [(Locks, bool); 4] =
    [(Locks::Table, false), (Locks::Table, true), (Locks::File, true), (Locks::Both, true)];

#[test]
fn t03_whoever_holds_the_lock_keeps_the_other_out() {
    ALL.into_iter().for_each(|with| keep_each_other_out(with, 1));
}

#[test]
#[ignore = "50 rounds in each order with each kind of lock: about fifteen minutes"]
fn t03_fifty_rounds_in_each_order() {
    crate::safety::side_by_side(&ALL, 2, |with| keep_each_other_out(*with, 50));
}

#[test]
fn t05_terraform_unlocks_by_force() {
    ALL.into_iter().for_each(is_stopped_by_force_unlock);
}

/// A lock file that a person's Terraform left behind is released by its ID; one of a dead agent is taken over.
#[test]
fn a_lock_file_that_was_left_behind() {
    let world = world();
    described(&world, true, 15);
    let clone = world.clone_of("main");
    let left = |body: &str| {
        world.aws.python(&format!(
            "client('s3').put_object(Bucket='gg-ai-terraform-states', Key='production/reports/terraform.tfstate.tflock', Body='{body}')"
        ));
    };
    left(
        r#"{"ID":"0a1b","Operation":"OperationTypeApply","Info":"","Who":"anna@laptop","Version":"1.11.4","Created":"2026-01-05T09:00:00Z","Path":"x"}"#,
    );
    let refused = clone.run(&["apply", kinds::NAME, "--yes"]).expect_code(3);
    assert!(refused.err.contains("anna@laptop"), "{}", refused.err);
    let shown = clone.run(&["lock", "show", kinds::NAME]).expect_code(0).out;
    assert!(shown.contains("terraform.tfstate.tflock") && shown.contains("or a person's"), "{shown}");
    clone.run(&["lock", "release", kinds::NAME, "--id", "another"]).expect_code(3);
    clone.run(&["lock", "release", kinds::NAME, "--id", "0a1b"]).expect_code(0);
    assert!(clone.run(&["history", kinds::NAME]).out.contains("anna@laptop"));

    // Killed while it works, and the lock item alone removed: the file is an agent's, and is written over.
    crate::idempotence::interrupted(&world, &clone, &["apply", kinds::NAME, "--yes"], "sqs", "CreateQueue");
    assert_eq!(lock_of(&clone), None, "it keeps out no agent");
    let shown = clone.run(&["lock", "show", kinds::NAME]).expect_code(0).out;
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("the lock is free") && shown.contains("left its lock file"), "{shown}");
    clone.run(&["apply", kinds::NAME, "--yes"]).expect_code(0);
    assert_eq!(lock_of(&clone), None);
    clone.run(&["plan", kinds::NAME, "--detailed-exitcode"]).expect_code(0);

    // Marked, but of another table: never touched.
    left(
        r#"{"ID":"x","Who":"pointsman:depot","AgentOwner":"x","AgentFence":1,"AgentTable":"111122223333/eu-west-1/locks"}"#,
    );
    let refused = clone.run(&["apply", kinds::NAME, "--yes"]).expect_code(3);
    assert!(refused.err.contains("pointsman:depot"), "{}", refused.err);
    assert_eq!(lock_of(&clone).as_deref(), Some("x"));
}
