//! T20: the policies that the program prints, replayed against every call that it makes: the actions, the
//! resources and the conditions.

mod body;
mod cbor;
mod judge;
mod reasons;
mod request;

use std::collections::{BTreeMap, BTreeSet};

use pointsman_tests::story::{Clone, PRODUCTION, PRODUCTION_FILE, World};
use serde_json::Value;

use self::{
    judge::{Statement, allowed, statements},
    reasons::{NEVER, UNUSED},
    request::{Needed, Tags, needed},
};
use super::calls_are_done;
use crate::{
    PATIENCE, kinds,
    shop::{self, QUICK, Shop},
    world,
};

/// Whose policies somebody has.
type Roles = &'static [&'static str];

const READING: Roles = &["reading"];
const WRITING: Roles = &["reading", "writing"];
const FOUNDING: Roles = &["reading", "writing", "founding"];

/// What a command of an environment needed, and who ran it.
struct Needs {
    environment: String,
    command: String,
    roles: Roles,
    needed: Needed,
}

/// Runs commands, and keeps what each of their calls needed.
#[derive(Default)]
struct Replay {
    /// By environment, as printed for it.
    statements: BTreeMap<String, Vec<Statement>>,
    needs: Vec<Needs>,
    calls: usize,
}

/// The tags of security groups, which conditions ask for, by ARN.
fn tags(world: &World) -> Tags {
    let found = world.aws.value(
        "{g['GroupId']: {t['Key']: t['Value'] for t in g.get('Tags', [])} for g in \
         client('ec2').describe_security_groups()['SecurityGroups']}",
    );
    let groups: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_value(found).expect("tags");
    let arn = |id: String| format!("arn:aws:ec2:us-east-1:908027381725:security-group/{id}");
    groups.into_iter().map(|(id, tags)| (arn(id), tags)).collect()
}

impl Replay {
    /// Prints an environment's policies, as they are now.
    fn policies_of(&mut self, clone: &Clone<'_>, name: &str) {
        let printed = clone.run(&["init", name, "--iam"]).expect_code(0);
        let printed: Value = serde_json::from_str(&printed.out).expect("JSON");
        self.statements.insert(name.to_owned(), statements(&printed));
    }

    /// Runs a command to its end.
    fn run(&mut self, world: &World, clone: &Clone<'_>, name: &str, roles: Roles, arguments: &[&str]) {
        let arguments = [&arguments[..1], &[name], &arguments[1..]].concat();
        self.keep(world, name, roles, &arguments.join(" "), || {
            let _ = clone.run(&arguments).expect_code(0);
        });
    }

    /// Does something, and keeps what that needed.
    fn keep(&mut self, world: &World, name: &str, roles: Roles, command: &str, what: impl FnOnce()) {
        let mut tagged = tags(world);
        world.aws.proxy().clear();
        what();
        // What was made meanwhile has tags now, what went had them before.
        tagged.extend(tags(world));
        let calls = world.aws.proxy().calls();
        self.calls += calls.len();
        let needs = calls.iter().flat_map(|call| needed(call, &tagged)).map(|needed| Needs {
            environment: name.to_owned(),
            command: command.to_owned(),
            roles,
            needed,
        });
        self.needs.extend(needs);
    }

    /// What is needed and not allowed.
    fn refused(&self) -> BTreeSet<String> {
        let refused = self.needs.iter().filter(|needs| {
            let all = &self.statements[&needs.environment];
            !allowed(all.iter().filter(|statement| statement.is_of(needs.roles)), &needs.needed)
        });
        refused
            .map(|Needs { command, roles, needed, .. }| {
                let Needed { action, resource, context } = needed;
                format!("`{command}` needs {action} on {resource} with {context:?}, not allowed to {roles:?}")
            })
            .collect()
    }

    /// Takes each action and each resource out of the policies, one at a time, and looks whether anything
    /// would be refused then; answers those of which nothing would, and how many were taken out. The
    /// policies do not follow each block of a file: what one environment does not need, another does.
    fn superfluous(&self) -> (BTreeSet<String>, usize) {
        let (mut actions, mut resources) = (BTreeMap::<String, bool>::new(), BTreeMap::<String, bool>::new());
        for (name, all) in &self.statements {
            let of_it = self.needs.iter().filter(|needs| needs.environment == *name);
            let needs: BTreeSet<(&Needed, &[&str])> =
                of_it.map(|needs| (&needs.needed, needs.roles)).collect();
            let is_missed = |number: usize, mutant: &Statement| {
                let concerned = |needed: &Needed| all[number].actions.contains(&needed.action);
                needs.iter().filter(|(needed, _)| concerned(needed)).any(|(needed, roles)| {
                    let others = all.iter().enumerate();
                    let others = others.map(|(other, of)| if other == number { mutant } else { of });
                    !allowed(others.filter(|other| other.is_of(roles)), needed)
                })
            };
            for (number, statement) in all.iter().enumerate() {
                for action in &statement.actions {
                    let mut mutant = statement.clone();
                    mutant.actions.retain(|other| other != action);
                    let missed = is_missed(number, &mutant);
                    *actions.entry(format!("{} {action}", statement.role())).or_default() |= missed;
                }
                for resource in &statement.resources {
                    let mut mutant = statement.clone();
                    mutant.resources.retain(|other| other != resource);
                    let missed = is_missed(number, &mutant);
                    *resources.entry(format!("{} {}", statement.role(), unnamed(resource))).or_default() |=
                        missed;
                }
            }
        }
        let taken = actions.len() + resources.len();
        let all = actions.into_iter().chain(resources);
        (all.filter(|(_, missed)| !missed).map(|(what, _)| what).collect(), taken)
    }
}

/// A resource without the name of who has it.
fn unnamed(resource: &str) -> String {
    let names = ["webui3-scaled", "gravity-ai-chat", "reports", "shop"];
    names.iter().fold(resource.to_owned(), |resource, name| resource.replace(name, "NAME"))
}

/// What is changed of the estate, so that everything that can be changed is.
const CHANGES: &[(&str, &str)] = &[
    ("[cache.sessions]\n", "[cache.sessions]\nnodes = 2\nparameters = { timeout = \"300\" }\n"),
    ("maintenance_window = \"sun:05:00-sun:06:00\"", "maintenance_window = \"mon:03:00-mon:04:00\""),
    ("idle_timeout = \"300s\"", "idle_timeout = \"120s\""),
    ("allow_from   = [\"10.0.0.0/8\"]", "allow_from   = [\"10.0.0.0/8\", \"192.168.0.0/16\"]"),
    ("port     = 80\n", "port     = 8081\n"),
    (
        "hosts    = [\"ai-glondon.msappproxy.net\"]",
        "hosts    = [\"ai-glondon.msappproxy.net\", \"chat.example\"]",
    ),
    ("[service.webui3-scaled.expose]\n", "[service.webui3-scaled.expose]\npriority = 7\n"),
    ("interval  = \"30s\"", "interval  = \"20s\""),
    ("log_retention  = \"30d\"", "log_retention  = \"60d\""),
    ("scale_in_cooldown  = \"300s\"", "scale_in_cooldown  = \"240s\""),
    (
        "# ---- Watching",
        "[[service.webui3-scaled.scaling.schedule]]\nname = \"morning\"\ncron = \"0 7 * * MON-FRI\"\nmin = 3\nmax = 9\n\n# ---- Watching",
    ),
    ("memory_above = 90", "memory_above = 91"),
    ("[drift]\n", "[tags]\nTeam = \"chat\"\n\n[drift]\n"),
];

/// What somebody changes by hand, so that it is set right: where a file cannot say otherwise.
const BY_HAND: &str = r#"
ec2, elb, secrets = client("ec2"), client("elbv2"), client("secretsmanager")
balancer = [b for b in elb.describe_load_balancers()["LoadBalancers"] if b["LoadBalancerName"].startswith("gravity")][0]
group = ec2.create_security_group(GroupName="by-hand", Description="by hand", VpcId=balancer["VpcId"])["GroupId"]
elb.set_security_groups(LoadBalancerArn=balancer["LoadBalancerArn"], SecurityGroups=[group])
url = "production/gravity-ai-chat/cache.sessions.url_secret"
secrets.update_secret(SecretId=url, Description="by hand")
secrets.tag_resource(SecretId=url, Tags=[{"Key": "pointsman:composed-of", "Value": "another"}])
"#;

/// The same of the small environment.
const REPORTS_BY_HAND: &str = r#"
s3 = client("s3")
bucket = [b["Name"] for b in s3.list_buckets()["Buckets"] if "templates" in b["Name"]][0]
s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
"#;

/// What is changed of the network.
const MORE_SUBNETS: &str = r#"
ec2 = client("ec2")
subnet = [s for s in ec2.describe_subnets()["Subnets"] if {"Key": "Tier", "Value": "private"} in s["Tags"]][0]
more = ec2.create_subnet(VpcId=subnet["VpcId"], CidrBlock="10.20.240.0/24", AvailabilityZone="us-east-1c")["Subnet"]["SubnetId"]
ec2.create_tags(Resources=[more], Tags=[{"Key": "Tier", "Value": "private"}])
"#;

/// Everything that is done with an environment of one file.
fn replayed(
    replay: &mut Replay,
    world: &World,
    (name, file, text): (&str, &str, &str),
    changes: &[(&str, &str)],
    by_hand: &str,
) {
    let clone = world.clone_of("main");
    replay.policies_of(&clone, name);
    let mut run = |roles: Roles, arguments: &[&str]| replay.run(world, &clone, name, roles, arguments);
    run(FOUNDING, &["init", "--create"]);
    run(READING, &["init"]);
    run(READING, &["check", "--live"]);
    run(READING, &["plan"]);
    run(WRITING, &["apply", "--yes"]);
    for command in ["plan", "drift", "status", "outputs", "history"] {
        run(READING, &[command]);
    }
    let changed = changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the file does not say `{from}`");
        text.replacen(from, to, 1)
    });
    clone.write(file, &changed);
    run(WRITING, &["apply", "--yes"]);
    clone.write(file, text);
    world.aws.python(by_hand);
    run(WRITING, &["apply", "--yes"]);
    run(WRITING, &["destroy", "--yes"]);
    // Made again, of what waits to be deleted.
    run(WRITING, &["apply", "--yes"]);
    run(WRITING, &["destroy", "--yes"]);
}

/// A service is released from blue to green, and migrates its database: once in vain, once until somebody
/// turns it back.
fn released(replay: &mut Replay) {
    let shop = Shop::open(QUICK).skipping();
    replay.policies_of(&shop.clone(), shop::NAME);
    let migration = |script: &str| {
        let additive = format!(
            "schema_change = \"additive\"\nmigration = {{ command = [\"sh\", \"-c\", \"{script}\"] }}"
        );
        let text = shop::text(&shop::named("shop-runs-its-command", '2'), QUICK);
        text.replace("schema_change = \"none\"", &additive)
    };
    let arguments = ["apply", shop::NAME, "--yes"];
    let mut keep = |what: &mut dyn FnMut()| replay.keep(&shop.world, shop::NAME, WRITING, "apply", what);
    for (script, code) in [("echo no such table; exit 3", 1), ("echo migrated", 0)] {
        shop.world.git.commit("main", &[(shop::FILE, Some(&migration(script)))], "A release");
        let clone = shop.clone();
        keep(&mut || {
            let _ = shop.run(&clone, &arguments).expect_code(code);
        });
    }
    let next = migration("sleep 60")
        .replace(&shop::named("shop-runs-its-command", '2'), &shop::named("shop-runs-its-command", '3'));
    shop.world.git.commit("main", &[(shop::FILE, Some(&next))], "A release");
    let clone = shop.clone();
    keep(&mut || {
        let running = shop.start(&clone, &arguments);
        running.wait_until_said(", migrate", PATIENCE);
        std::thread::sleep(std::time::Duration::from_secs(1));
        running.kill();
        calls_are_done(&shop.world);
        let _ = shop.run(&clone, &["abort", shop::NAME, "--why", "not today"]).expect_code(0);
        let _ = shop.run(&clone, &["destroy", shop::NAME, "--yes"]).expect_code(0);
    });
}

#[test]
fn t20_every_call_is_allowed_by_the_right_role_and_nothing_more_is() {
    let world = world();
    let reports = super::with_lock_file(kinds::TEXT);
    // Its releases are the shop's.
    let estate = crate::in_place();
    let files = [(PRODUCTION_FILE, Some(estate.as_str())), (kinds::FILE, Some(reports.as_str()))];
    world.git.commit("main", &files, "Describe both");
    world.aws.python(
        "client('dynamodb').delete_table(TableName='terraform-state-locks')\n\
         client('dynamodb').delete_table(TableName='pointsman-runs')\n\
         client('s3').delete_bucket(Bucket='gg-ai-terraform-states')",
    );
    let mut replay = Replay::default();
    let tagged = [("[tags]\n", "[tags]\nTeam = \"paper\"\n")];
    let changes = [kinds::CHANGES, &tagged].concat();
    replayed(
        &mut replay,
        &world,
        (PRODUCTION, PRODUCTION_FILE, &estate),
        CHANGES,
        &format!("{BY_HAND}{MORE_SUBNETS}"),
    );
    replayed(&mut replay, &world, (kinds::NAME, kinds::FILE, &reports), &changes, REPORTS_BY_HAND);
    released(&mut replay);
    let by_arn = replay.needs.iter().filter(|needs| needs.needed.resource != "*").count();
    let conditions = replay.needs.iter().filter(|needs| !needs.needed.context.is_empty()).count();
    let (refused, (superfluous, taken)) = (replay.refused(), replay.superfluous());
    println!(
        "T20: {} calls replayed, which need {} permissions: {by_arn} judged by their ARN, {conditions} with what \
         conditions ask about; {} not allowed; {taken} actions and resources taken out of the policies one at a time: \
         {} of them were missed, {} were not and have a reason",
        replay.calls,
        replay.needs.len(),
        refused.len(),
        taken - superfluous.len(),
        superfluous.len(),
    );
    assert!(refused.is_empty(), "{refused:#?}");
    for (name, action, resource, context) in NEVER {
        let context = context.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let needed = Needed { action: (*action).to_owned(), resource: (*resource).to_owned(), context };
        assert!(!allowed(&replay.statements[*name], &needed), "{name} is allowed {needed:?}");
    }
    let reasons: BTreeSet<String> = UNUSED.iter().map(|(what, _)| (*what).to_owned()).collect();
    let unexplained: Vec<&String> = superfluous.difference(&reasons).collect();
    assert!(unexplained.is_empty(), "allowed, and nothing here needs it: {unexplained:#?}");
    let outdated: Vec<&String> = reasons.difference(&superfluous).collect();
    assert!(outdated.is_empty(), "needed after all: {outdated:#?}");
}
