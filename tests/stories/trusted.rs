//! What nobody merged yet is read as nothing that the branch is not read as.

use pointsman_tests::story::World;

use crate::{
    PATIENCE,
    requirements::{stop, wait_for_comment},
    road::deployed,
    settled, world,
};

const FILE: &str = "environments/production/jobs.toml";

fn assuming(role: &str) -> String {
    format!(
        "schema = 1\nextends = \"../_base.toml\"\n\n[aws]\naccount = \"908027381725\"\n\
         role_arn = \"arn:aws:iam::908027381725:role/{role}\"\n\n\
         [state]\nbucket = \"gg-ai-terraform-states\"\nkey = \"production/jobs/terraform.tfstate\"\n\n\
         [tags]\nStage = \"production\"\n\n[network]\nvpc = {{ name = \"gg-production\" }}\n\
         private_subnets = {{ tags = {{ Tier = \"private\" }} }}\n\n[queue.jobs]\ndelay = \"1s\"\n"
    )
}

fn assumed(world: &World) -> usize {
    world.aws.proxy().calls().iter().filter(|call| call.operation == "AssumeRole").count()
}

#[test]
fn a_proposal_is_read_as_nothing_that_is_new() {
    let world = world();
    let agent = world.agent("");
    world.aws.proxy().clear();
    let number = world.propose("role", FILE, &assuming("admin"), "Act as an administrator");
    let comment = wait_for_comment(&world, number, "is not planned before its merge");
    insta::assert_snapshot!("role_comment", settled(&comment));
    assert!(world.aws.proxy().calls().is_empty(), "AWS was asked");
    stop(agent);

    // What the agent's own configuration lists may be proposed, and nothing else is done, merged or not.
    let agent = world.agent("[aws]\nroles = [\"arn:aws:iam::908027381725:role/adm*\"]\n");
    wait_for_comment(&world, number, "Plan: 1 to add");
    assert!(assumed(&world) > 0);
    world.git.commit("role", &[(FILE, Some(&assuming("root")))], "As root");
    let comment = wait_for_comment(&world, number, "role/root");
    assert!(comment.contains("configuration does not list it"), "{comment}");
    world.aws.proxy().clear();
    let commit = world.github.merge(number);
    wait_for_comment(&world, number, "configuration does not list it");
    assert_eq!(assumed(&world), 0);
    assert!(world.aws.proxy().mutations().is_empty());
    world.github.wait_until(PATIENCE, "it is reported", |repository| deployed(repository, &commit));
    stop(agent);
    world.github.assert_no_violations();
}
