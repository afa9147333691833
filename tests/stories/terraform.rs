//! Terraform and Pointsman keep each other out by the one lock. With the real `terraform`.

use std::process::{Command, Stdio};

use pointsman_tests::{
    agent::{Ended, Running, ended},
    story::{PRODUCTION, World},
};

use crate::{PATIENCE, described, settled};

/// The path of `terraform`, or nothing when it is not installed: then the story says so.
fn terraform() -> Option<&'static str> {
    let installed =
        Command::new("terraform").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if installed.is_ok_and(|status| status.success()) {
        return Some("terraform");
    }
    eprintln!("SKIPPED: terraform is not installed, so that nothing was shown about it here");
    None
}

/// A Terraform configuration on the same state as the example environment. Its one resource takes
/// as long as a file is missing.
fn configuration(world: &World) -> std::path::PathBuf {
    let folder = world.folder().join("terraform");
    std::fs::create_dir_all(&folder).unwrap();
    let endpoint = world.aws.direct_endpoint();
    let text = format!(
        r#"
terraform {{
  backend "s3" {{
    bucket         = "gg-ai-terraform-states"
    key            = "production/gravity-ai-chat/terraform.tfstate"
    region         = "us-east-1"
    dynamodb_table = "terraform-state-locks"
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
  provisioner "local-exec" {{
    command = "touch begun; while [ ! -e end ]; do sleep 0.05; done"
  }}
}}
"#
    );
    std::fs::write(folder.join("main.tf"), text).unwrap();
    folder
}

fn command(world: &World, folder: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", "terraform"]).args(arguments).current_dir(folder);
    world.aws.lead(&mut command);
    command.env_remove("TF_CLI_CONFIG_FILE").env("TF_IN_AUTOMATION", "1").env("CHECKPOINT_DISABLE", "1");
    command.stdin(Stdio::null());
    command
}

fn run(world: &World, folder: &std::path::Path, arguments: &[&str]) -> Ended {
    ended(&mut command(world, folder, arguments))
}

#[test]
fn whoever_holds_the_lock_keeps_the_other_out() {
    if terraform().is_none() {
        return;
    }
    let world = described();
    let folder = configuration(&world);
    run(&world, &folder, &["init", "-input=false", "-no-color"]).expect_code(0);

    // Terraform works: the apply ends with 3 and names it.
    let working = Running::start(&mut command(
        &world,
        &folder,
        &["apply", "-auto-approve", "-input=false", "-no-color"],
    ));
    let deadline = std::time::Instant::now() + PATIENCE;
    while !folder.join("begun").exists() {
        assert!(std::time::Instant::now() < deadline, "terraform does not begin: {}", working.said());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let clone = world.clone_of("main");
    let refused = clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(3);
    assert!(refused.err.contains("OperationTypeApply") && refused.err.contains('@'), "{}", refused.err);
    println!("pointsman says:\n{}", settled(&refused.err));
    assert!(clone.run(&["status", PRODUCTION]).expect_code(0).out.contains("OperationTypeApply"));
    std::fs::write(folder.join("end"), "").unwrap();
    let deadline = std::time::Instant::now() + PATIENCE;
    while clone.run(&["status", PRODUCTION]).out.contains("OperationTypeApply") {
        assert!(std::time::Instant::now() < deadline, "terraform does not end: {}", working.said());
    }
    drop(working);

    // Pointsman works: terraform is refused and prints who holds the lock.
    let held = world.aws.proxy().hold("ecs", "CreateService");
    let working = clone.start(&["apply", PRODUCTION, "--yes"]);
    assert!(held.wait_reached(PATIENCE), "{}", working.said());
    let refused = run(&world, &folder, &["plan", "-input=false", "-no-color"]);
    assert_ne!(refused.code, 0);
    assert!(
        refused.err.contains("Error acquiring the state lock") && refused.err.contains("pointsman:robin@"),
        "{}",
        refused.err
    );
    println!("terraform says:\n{}", settled(&refused.err));
    held.release();
    working.wait_until_said("created service.webui3-scaled ", PATIENCE);
    let deadline = std::time::Instant::now() + PATIENCE;
    while !clone.run(&["status", PRODUCTION]).out.contains("lock      free") {
        assert!(std::time::Instant::now() < deadline, "the lock is not released: {}", working.said());
    }
    run(&world, &folder, &["plan", "-input=false", "-no-color"]).expect_code(0);
}
