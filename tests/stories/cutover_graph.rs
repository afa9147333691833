//! The cut-over that the agent switches itself, through Microsoft Graph: what it writes there, what it leaves, and
//! what it asks of a person where it cannot.

use std::sync::Arc;

use pointsman_tests::{
    agent::Running,
    aws::Options,
    dataplane::{Manners, Stores},
    entra::{APPLICATION, Entra, Fault, SECRET},
    story::Clone,
};

use crate::cutover::{LONG, NAME, SECOND, Shop, text, untouched};
use crate::estate::externals;

/// Where the application leads before, as a person wrote it.
const FROM: &str = "http://webui3.webui.local:8080/";

/// People use the old service, by an application that the agent may switch.
fn open(bake: &str) -> (Shop, Arc<Stores>) {
    let stores = Arc::new(Stores::start().expect("stores"));
    let mode = format!("mode = \"graph\"\napplication = \"{APPLICATION}\"");
    let text = text("graph", "2s").replace("mode = \"graph\"", &mode);
    let text = text.replace("bake          = \"2s\"", &format!("bake          = \"{bake}\""));
    let mut shop = Shop::with(&stores, stores.application(), &text, Manners::Small, Options::default().grace);
    let entra = Entra::publishing(FROM);
    let (old, balancer) = (shop.door.now(), shop.plane.address());
    entra.leads(
        &shop.door,
        move |url| {
            if url == FROM { Some(old) } else { url.contains("elb").then_some(balancer) }
        },
    );
    shop.entra = Some(entra);
    (shop, stores)
}

fn entra(shop: &Shop) -> &Entra {
    shop.entra.as_ref().unwrap()
}

/// Applies until it waits for a person, and approves.
fn approved(shop: &Shop, clone: &Clone<'_>) -> Running {
    let (waits, hash) = shop.asked(clone);
    let said = waits.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let plan = format!(
        "through Microsoft Graph it sets Internal Url of the application `{APPLICATION}`, from `http://webui3.webui.local:8080` and from nothing else"
    );
    assert!(said.contains(&plan), "{said}");
    let gate = format!("FROM `{FROM}` TO `http://");
    assert!(said.contains(&gate) && said.contains("the agent sets Internal Url"), "{said}");
    assert_eq!(entra(shop).writes(), [""; 0], "nothing is written before somebody agreed");
    shop.start(clone, &["approve", NAME, "--plan", &hash])
}

/// Where the application leads when it leads to the load balancer.
fn balancer(shop: &Shop) -> String {
    shop.world.aws.python(
        r#"print("http://" + client("elbv2").describe_load_balancers()["LoadBalancers"][0]["DNSName"], end="")"#,
    )
}

/// Neither the agent's secret nor a token of it is in the state, or was said.
fn assert_no_secret(shop: &Shop, said: &str) {
    let state = shop.world.aws.python(
        r#"
s3 = client("s3")
for bucket in s3.list_buckets()["Buckets"]:
    for entry in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
        print(s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read().decode(errors="replace"))
"#,
    );
    assert!(state.contains(APPLICATION), "the state was looked at");
    for text in [state.as_str(), said] {
        assert!(!text.contains(SECRET) && !text.contains("canary"), "{text}");
    }
}

#[test]
fn an_answer_that_is_lost_is_read_back_and_whoever_goes_on_writes_nothing_twice() {
    let (shop, _stores) = open("2s");
    let clone = shop.clone();
    let before = externals(&shop.world);
    entra(&shop).fail(Fault::LostReply);
    let approving = approved(&shop, &clone);
    approving.wait_until_said("Internal Url was set FROM", LONG);
    approving.kill();
    assert_eq!(entra(&shop).writes(), [balancer(&shop)]);
    assert_eq!(externals(&shop.world), before, "the old service keeps its tasks");
    let going_on = shop.start(&clone, &["apply", NAME, "--yes"]);
    going_on.wait_until_said("Internal Url was set FROM", LONG);
    let said = going_on.said();
    going_on.kill();
    assert_eq!(entra(&shop).writes().len(), 1, "{:?}", entra(&shop).requests());
    assert_eq!(entra(&shop).violations(), [""; 0]);
    assert_no_secret(&shop, &said);
}

#[test]
fn what_somebody_else_set_is_left_and_a_person_is_asked() {
    const THEIRS: &str = "http://maintenance.example.com/";
    let (shop, _stores) = open("2s");
    let clone = shop.clone();
    let approving = {
        let (_, hash) = shop.asked(&clone);
        entra(&shop).set_in_portal(THEIRS);
        shop.start(&clone, &["approve", NAME, "--plan", &hash])
    };
    approving.wait_until_said("Internal Url is `http://maintenance", LONG);
    let said = approving.said();
    approving.kill();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(&format!("Internal Url is `{THEIRS}`, which is neither FROM nor TO")), "{said}");
    assert!(said.contains("Application proxy: set Internal Url to `http://"), "{said}");
    assert_eq!((entra(&shop).writes(), entra(&shop).internal_url()), (Vec::new(), THEIRS.to_owned()));
    assert_eq!(shop.stands(), "webui3 1\nshop 2\ntest rule new\nrule new\n");
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn the_agent_switches_and_switches_back_and_nobody_notices() {
    let (shop, _stores) = open("10m");
    let before = externals(&shop.world);
    let (load, _meter) = shop.people();
    let clone = shop.clone();
    load.mark("plan");
    entra(&shop).fail(Fault::Throttled(SECOND));
    let approving = approved(&shop, &clone);
    approving.wait_until_said("Internal Url was set FROM", LONG);
    load.mark("switched");
    approving.wait_until_said("Watches green with all of the traffic", LONG);
    load.run_for(2 * SECOND);
    load.mark("abort");
    let _ = shop.run(&clone, &["abort", NAME, "--why", "sign-in fails"]);
    let (said, code) = approving.ended(LONG);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("Turned back:") && said.contains("sign-in fails"), "{said}");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let to = balancer(&shop);
    assert!(words.contains(&format!("Internal Url was set FROM `{to}` TO `{FROM}`")), "{words}");
    assert_eq!(entra(&shop).writes(), [to, FROM.to_owned()]);
    assert_eq!(entra(&shop).internal_url(), FROM);
    assert_eq!(entra(&shop).violations(), [""; 0]);
    assert_eq!(shop.stands(), "webui3 1\nshop 0\nrule new\n");
    assert_eq!(externals(&shop.world), before);
    assert_no_secret(&shop, &said);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("cut-over-by-graph").display());
    report.assert_nobody_noticed();
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn refused_a_person_switches_and_the_agent_leads_back_later() {
    let (shop, _stores) = open("2s");
    let rest = untouched(&shop.world);
    let (load, _meter) = shop.people();
    let clone = shop.clone();
    entra(&shop).permit(false);
    let approving = approved(&shop, &clone);
    approving.wait_until_said("Microsoft Graph refused it (403,", LONG);
    assert_eq!((entra(&shop).writes(), entra(&shop).internal_url()), (Vec::new(), FROM.to_owned()));
    load.mark("switched by hand");
    entra(&shop).set_in_portal(&balancer(&shop));
    let (said, code) = approving.ended(LONG);
    assert_eq!(code, 0, "{said}");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Application.ReadWrite.All"), "{words}");
    assert_eq!(shop.stands(), "webui3 0\nshop 2\nrule new\n");
    assert_eq!(untouched(&shop.world), rest);
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("cut-over-refused").display());
    report.assert_nobody_noticed();

    // What the application led to was recorded before anybody agreed: so it can be led back.
    entra(&shop).permit(true);
    let back = shop.start(&clone, &["rollback", NAME, "--yes"]);
    back.wait_until_said("Internal Url was set FROM", LONG);
    assert_eq!(
        (entra(&shop).writes(), entra(&shop).internal_url()),
        (vec![FROM.to_owned()], FROM.to_owned())
    );
    let (said, code) = back.ended(LONG);
    assert_eq!(code, 0, "{said}");
    assert_eq!(shop.stands(), "webui3 1\nshop 0\nrule new\n");
    assert_eq!(entra(&shop).violations(), [""; 0]);
}
