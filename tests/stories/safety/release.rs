//! T8 of a release from blue to green: killed before and after each of its calls, while somebody asks
//! the load balancer all the time.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use pointsman_tests::aws::{Options, Place};

use super::{Point, killed_at, locks, median};
use crate::shop::{HOST, NAME, QUICK, Shop};

/// How it stands before, released, and turned back.
const BEFORE: &str = "shop 2 11\nrule a\n";
const RELEASED: &str = "shop 0 11\nshop--b 2 22\nrule b\n";

/// What of the shop stands, whatever the state knows of it.
const OURS: &str = r#"
elb, ecs, ec2 = client("elbv2"), client("ecs"), client("ec2")
print(*[b["LoadBalancerName"] for b in elb.describe_load_balancers()["LoadBalancers"]])
print(*[g["TargetGroupName"] for g in elb.describe_target_groups()["TargetGroups"]])
print(*[a for a in ecs.list_services(cluster="webUIcluster2")["serviceArns"] if "/shop" in a])
print(*[a for a in ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"] if "/shop" in a])
print(*[g["GroupName"] for g in ec2.describe_security_groups()["SecurityGroups"] if "shop" in g["GroupName"]])
print(*[a["AlarmName"] for a in client("cloudwatch").describe_alarms()["MetricAlarms"] if "shop" in a["AlarmName"]])
print(*[g["logGroupName"] for g in client("logs").describe_log_groups(logGroupNamePrefix="/pointsman/")["logGroups"]])
"#;

/// What came of all points.
#[derive(Default)]
struct Report {
    points: AtomicUsize,
    released: AtomicUsize,
    turned_back: AtomicUsize,
    orphans: AtomicUsize,
    asked: AtomicUsize,
    not_served: AtomicUsize,
    seconds: Mutex<Vec<f64>>,
    wrong: Mutex<Vec<String>>,
}

impl Report {
    fn wrong(&self, what: String) {
        println!("{what}");
        self.wrong.lock().unwrap().push(what);
    }
}

/// Somebody asks all the time while something goes on: whatever the rule says, somebody healthy answers.
fn asked_all_the_time<T>(shop: &Shop, report: &Report, during: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let answer = shop.plane.ask(HOST, "/health", &[]);
                report.asked.fetch_add(1, Ordering::Relaxed);
                report.not_served.fetch_add(usize::from(answer.status != 200), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let ends = super::Ends(&over);
        let done = during();
        drop(ends);
        done
    })
}

/// The shop with its first image, deployed anew.
fn anew(shop: &Shop) {
    shop.merge('1', QUICK);
    let _ = shop.run(&shop.clone(), &["apply", NAME, "--yes"]).expect_code(0);
    shop.plane.settle();
    assert_eq!(shop.stands(), BEFORE);
}

/// One point; false when the release makes fewer mutations.
fn one(shop: &Shop, point: (usize, Place), report: &Report) -> bool {
    let before = shop.world.aws.python(OURS);
    anew(shop);
    shop.merge('2', QUICK);
    let clone = shop.clone();
    let at = format!("mutation {} {:?} of a release", point.0, point.1);
    let reached = asked_all_the_time(shop, report, || {
        let release = || shop.start(&clone, &["apply", NAME, "--yes"]);
        let reached = killed_at(&shop.world, Point::Mutation(point.0, point.1), release);
        let (ended, took) = shop.world.in_its_own_time(|| shop.run(&clone, &["apply", NAME, "--yes"]));
        report.seconds.lock().unwrap().push(took.as_secs_f64());
        match (ended.code, shop.stands().as_str()) {
            (0, RELEASED) => report.released.fetch_add(1, Ordering::Relaxed),
            (1, BEFORE) => report.turned_back.fetch_add(1, Ordering::Relaxed),
            (code, stands) => {
                report.wrong(format!("{at}: it ended with {code}: {stands}{}{}", ended.out, ended.err));
                0
            }
        };
        reached
    });
    report.points.fetch_add(usize::from(reached), Ordering::Relaxed);
    let plan = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]);
    if plan.code != 0 {
        report.wrong(format!("{at}: a second plan is not empty: {}{}", plan.out, plan.err));
    }
    let held = locks(&shop.world);
    if !held.is_empty() {
        report.wrong(format!("{at}: a lock stays: {held}"));
    }
    let destroyed = shop.run(&clone, &["destroy", NAME, "--yes"]);
    let after = shop.world.aws.python(OURS);
    if destroyed.code != 0 || after != before {
        report.orphans.fetch_add(1, Ordering::Relaxed);
        report
            .wrong(format!("{at}: something stands that the state does not know: {after}{}", destroyed.err));
    }
    reached
}

/// Every so many-th point of a release, in so many worlds at a time.
fn matrix(title: &str, first: usize, step: usize, most: usize, worlds: usize) {
    let (report, next) = (Report::default(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..worlds {
            scope.spawn(|| {
                // How long ECS lets a task be that does not answer yet: so many worlds are slow.
                let options = Options { grace: Duration::from_secs(60), ..Options::default() };
                let shop = Shop::with(QUICK, options).skipping();
                let _ = shop.run(&shop.clone(), &["destroy", NAME, "--yes"]).expect_code(0);
                loop {
                    let taken = next.fetch_add(1, Ordering::Relaxed);
                    let index = first + taken * step;
                    let place = if index.is_multiple_of(2) { Place::Request } else { Place::Answer };
                    if taken >= most || !one(&shop, (index / 2 + 1, place), &report) {
                        break;
                    }
                }
            });
        }
    });
    let Report { points, released, turned_back, orphans, asked, not_served, seconds, wrong } = report;
    let (wrong, not_served) = (wrong.into_inner().unwrap(), not_served.into_inner());
    println!(
        "{title}: killed at {} points of a release (before and after each mutation), {} released, {} turned back, \
         orphans {}, {} wrong; {} requests meanwhile, {not_served} not served; median {:.1} s of their own time to \
         converge, the watch of the dead one's lock included",
        points.into_inner(),
        released.into_inner(),
        turned_back.into_inner(),
        orphans.into_inner(),
        wrong.len(),
        asked.into_inner(),
        median(seconds.into_inner().unwrap()),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(not_served, 0, "the rule led to nobody healthy");
}

#[test]
fn t08_killed_at_some_calls_of_a_release() {
    // Among them: the new side's first calls, the test, the rule's changes, the end.
    matrix("T8 release (part)", 17, 45, 3, 1);
}

#[test]
#[ignore = "every call of a release from blue to green: about an hour"]
fn t08_killed_at_every_call_of_a_release() {
    matrix("T8 release", 0, 1, usize::MAX, 2);
}
