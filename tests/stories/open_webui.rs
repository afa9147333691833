//! The first user's own application, for real: Open WebUI is cut over to and released, with people signed in
//! and their WebSockets open. `OPEN_WEBUI` names its program (docs/dataplane.md says how it is installed).

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use pointsman_tests::{
    agent::Program,
    aws::Options,
    dataplane::{Crowd, Manners, PASSWORD, Stores},
    story::World,
};

use crate::{
    cutover::{FILE, LONG, NAME, Shop, text},
    first_start::tasks,
    shop,
};

const PEOPLE: usize = 8;
const SOCKETS: usize = 8;
const SECOND: Duration = Duration::from_secs(1);
/// It starts in twenty seconds; several at once on two cores take longer.
const STARTS_WITHIN: Duration = Duration::from_secs(300);

/// Its release is one image after the other; it migrates as it starts, which the version before bears.
fn described(image: char, migrates: &str) -> String {
    text("weights", "5s")
        .replace(&"1".repeat(64), &image.to_string().repeat(64))
        .replace("schema_change = \"none\"", &format!("schema_change = \"{migrates}\""))
        .replace("healthy  = 2\n", "healthy  = 2\ngrace    = \"5m\"\n")
}

/// Gives everybody an account, by the first one, who may.
fn accounts(shop: &Shop) {
    let people = (0..PEOPLE).map(|number| format!("\"person-{number}\""));
    let names: Vec<_> = people.chain((0..SOCKETS).map(|number| format!("\"listener-{number}\""))).collect();
    let script = format!(
        r#"
import time, urllib.request
def ask(path, body=None, token=None):
    headers = {{"Content-Type": "application/json"}}
    if token:
        headers["Authorization"] = "Bearer " + token
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request("http://{door}" + path, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())
until = time.time() + {patience}
while True:
    try:
        ask("/health")
        break
    except OSError:
        if time.time() > until:
            raise
        time.sleep(0.5)
token = ask("/api/v1/auths/signup", {{"name": "Ada", "email": "ada@example.com", "password": "{PASSWORD}"}})["token"]
for name in [{names}]:
    ask("/api/v1/auths/add", {{"name": name, "email": name + "@example.com", "password": "{PASSWORD}", "role": "user"}}, token)
print("done")
"#,
        door = shop.door.now(),
        patience = STARTS_WITHIN.as_secs(),
        names = names.join(", "),
    );
    assert!(shop.world.aws.python(&script).contains("done"));
}

/// Its program, where somebody installed it.
fn program() -> Option<PathBuf> {
    let program = std::env::var_os("OPEN_WEBUI").map(PathBuf::from);
    if program.is_none() {
        eprintln!(
            "SKIPPED: OPEN_WEBUI does not name Open WebUI's program, so that nothing was shown about it"
        );
    }
    program
}

/// Two tasks are deployed where no database was before; what became of all tasks, and how long it took.
fn first_start(program: &std::path::Path, schema_change: &str) -> (String, Duration) {
    let stores = Stores::start().expect("stores");
    // The old service, which is in every account of these tests, stays out of it.
    let command = stores.open_webui(program).into_iter().map(|part| {
        part.replace(
            "export DATABASE_URL",
            "case \"$TASK_IMAGE\" in */open-webui/open-webui*) exec sleep 86400;; esac\nexport DATABASE_URL",
        )
    });
    let options =
        Options { task_command: Some(command.collect()), grace: STARTS_WITHIN, ..Options::default() };
    let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options);
    let text = shop::text(&shop::image('1'), "")
        .replace("schema_change = \"none\"", &format!("schema_change = \"{schema_change}\""))
        .replace("healthy  = 2\n", "healthy  = 2\ngrace    = \"5m\"\n");
    world.git.commit("main", &[(FILE, Some(&text))], "Describe the shop");
    let clone = world.clone_of("main");
    let began = Instant::now();
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    let took = began.elapsed();
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    (tasks(&world), took)
}

#[test]
#[ignore = "the real Open WebUI: some minutes, and 6 GiB"]
fn it_starts_where_no_database_was() {
    let Some(program) = program() else { return };
    let (alone, took) = first_start(&program, "additive");
    println!("one task first: {}, after {took:.0?}", alone.trim().replace('\n', ", "));
    assert_eq!(alone, "running 2\nstopped 0\n");
    // For comparison, as ECS does it: how many fail depends on the moment.
    let (together, took) = first_start(&program, "none");
    println!("both at once: {}, after {took:.0?}", together.trim().replace('\n', ", "));
}

#[test]
#[ignore = "the real Open WebUI: some minutes, and 6 GiB"]
fn people_stay_signed_in_over_its_cut_over_and_a_release() {
    let Some(program) = program() else { return };
    let began = Instant::now();
    let stores = Arc::new(Stores::start().expect("stores"));
    // The database is empty: the old service's one task fills it.
    let shop = Shop::with(
        &stores,
        stores.open_webui(&program),
        &described('1', "additive"),
        Manners::OpenWebUi,
        STARTS_WITHIN,
    );
    accounts(&shop);
    println!("it serves, on a database that was empty, after {:.0?}", began.elapsed());
    let people = shop.plane.load_by(&shop.door, Crowd { people: PEOPLE, visitors: 0, sockets: 0 });
    let _meter = shop.plane.meter(&people);
    people.run_for(5 * SECOND);

    // The cut-over: from the old service to two tasks behind the load balancer.
    people.mark("plan");
    let clone = shop.clone();
    let (_, hash) = shop.asked(&clone);
    let approving = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
    approving.wait_until_said("Waits until people come by the load balancer", LONG);
    people.mark("switched");
    shop.switch_to_balancer();
    let sockets = shop.plane.load_by(&shop.door, Crowd { people: 0, visitors: 0, sockets: SOCKETS });
    let (said, code) = approving.ended(LONG);
    assert_eq!(code, 0, "{said}");
    people.mark("cut over");
    people.run_for(5 * SECOND);

    // A release of another image, from two tasks to two.
    let next = described('2', "additive");
    shop.world.git.commit("main", &[(FILE, Some(&next))], "Release the next image");
    let clone = shop.clone();
    people.mark("release");
    let released = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(released.out.contains("Released:"), "{}", released.out);
    shop.plane.settle();
    people.mark("released");
    people.run_for(5 * SECOND);
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);

    let people = people.stop();
    println!("people:\n{}\n{}", people.summary(), people.write("open-webui").display());
    let sockets = sockets.stop();
    println!("WebSockets:\n{}\n{}", sockets.summary(), sockets.write("open-webui-sockets").display());
    people.assert_nobody_noticed();
    sockets.assert_nobody_noticed();
}
