//! What the proxy decides, without an account: tables that no test of a release happens to make.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::super::balancer::{Balancer, Controls};
use super::super::http::{Answer, Connection, request};
use super::super::table::{Group, Rule, Table, Target};
use super::super::xml::Element;

/// A condition of DescribeRules.
const HOSTS: &str =
    "<member><Field>host-header</Field><Values><member>*.Example.org</member></Values></member>";
const PATHS: &str = "<member><Field>path-pattern</Field><Values><member>/api/?/*</member></Values></member>";
const HEADER: &str = "<member><Field>http-header</Field><HttpHeaderConfig><HttpHeaderName>X-Who</HttpHeaderName>\
                      <Values><member>rob*</member><member>a.b</member></Values></HttpHeaderConfig></member>";

struct Bench {
    balancer: Balancer,
    controls: Controls,
    runtime: Runtime,
    table: Table,
}

impl Bench {
    fn new() -> Self {
        let balancer = Balancer::start(Duration::from_secs(60)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { controls: balancer.controls(), balancer, runtime, table: Table::default() }
    }

    fn rules(&mut self, rules: &[(&str, &str)]) {
        let read = rules.iter().map(|(conditions, action)| {
            let text =
                format!("<member><Conditions>{conditions}</Conditions><Actions>{action}</Actions></member>");
            Rule::read(&Element::parse(&text).unwrap()).unwrap()
        });
        self.table.rules = read.collect();
        self.controls.apply(&self.table).unwrap();
    }

    /// A group with sticky targets, each of which answers with the name of the group.
    fn group(&mut self, name: &str, states: &[Target]) {
        let targets = states.iter().map(|state| (answering(name), *state));
        let group = Group {
            sticky: Duration::from_secs(60),
            delay: Duration::ZERO,
            targets: targets.collect::<BTreeMap<_, _>>(),
        };
        self.table.groups.insert(name.to_owned(), group);
        self.controls.apply(&self.table).unwrap();
    }

    fn ask(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.runtime.block_on(async {
            let mut connection = Connection::open(self.balancer.address()).await.unwrap();
            connection.ask(&request("GET", path, host, headers)).await.unwrap()
        })
    }
}

/// The address of a server that always answers with this image.
fn answering(image: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer =
        format!("HTTP/1.1 200 OK\r\nX-Image: {image}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

fn fixed(status: u16) -> String {
    format!(
        "<member><Type>fixed-response</Type><FixedResponseConfig><StatusCode>{status}</StatusCode>\
         </FixedResponseConfig></member>"
    )
}

fn forward(groups: &[(&str, u32)], sticky: bool) -> String {
    let groups = groups.iter().map(|(name, weight)| {
        format!("<member><TargetGroupArn>arn:x:targetgroup/{name}/1</TargetGroupArn><Weight>{weight}</Weight></member>")
    });
    format!(
        "<member><Type>forward</Type><ForwardConfig><TargetGroups>{}</TargetGroups><TargetGroupStickinessConfig>\
         <Enabled>{sticky}</Enabled><DurationSeconds>60</DurationSeconds></TargetGroupStickinessConfig>\
         </ForwardConfig></member>",
        groups.collect::<String>()
    )
}

#[test]
fn conditions_hold_as_aws_says() {
    let mut bench = Bench::new();
    assert_eq!(bench.ask("a.example.org", "/", &[]).header("x-balancer"), "no listener yet");
    let both = format!("{HOSTS}{HEADER}");
    bench.rules(&[(&both, &fixed(201)), (PATHS, &fixed(202)), (HOSTS, &fixed(203)), ("", &fixed(404))]);
    for (host, path, headers, wanted) in [
        ("chat.EXAMPLE.org:80", "/", &[("x-who", "ROBIN")] as &[_], 201),
        ("chat.example.org", "/api/1/x", &[("X-Who", "a.b")], 201),
        ("chat.example.org", "/", &[("X-Who", "axb")], 203),
        ("chat.example.org", "/", &[("X-Other", "robin")], 203),
        ("example.org", "/api/1/x", &[], 202),
        ("example.org", "/API/1/x", &[], 404),
        ("example.org", "/api/12/x", &[], 404),
        ("example.org", "/", &[("X-Who", "robin")], 404),
    ] {
        assert_eq!(bench.ask(host, path, headers).status, wanted, "{host}{path} {headers:?}");
    }
}

#[test]
fn targets_are_chosen_as_aws_says() {
    use Target::{Draining, Healthy, Other};
    let mut bench = Bench::new();
    bench.group("well", &[Healthy, Healthy, Other, Draining]);
    bench.group("sick", &[Other, Draining]);
    bench.group("empty", &[Draining]);
    let server_of = |answer: &Answer| answer.header("x-target").to_owned();

    bench.rules(&[("", &forward(&[("well", 1)], true))]);
    let first = bench.ask("x", "/", &[]);
    let others: Vec<String> = (0..6).map(|_| server_of(&bench.ask("x", "/", &[]))).collect();
    let distinct: std::collections::BTreeSet<&String> = others.iter().collect();
    assert_eq!(distinct.len(), 2, "the healthy ones take turns, and nobody else: {others:?}");
    let cookie = |name: &str| {
        let kept = first.headers.iter().find(|(_, value)| value.starts_with(name)).unwrap();
        kept.1.split(';').next().unwrap().to_owned()
    };
    let held = format!("other=1; {}; {}", cookie("AWSALB="), cookie("AWSALBTG="));
    for _ in 0..3 {
        assert_eq!(server_of(&bench.ask("x", "/", &[("Cookie", &held)])), server_of(&first));
    }
    let expired = format!("AWSALB={}~1", server_of(&first));
    let all: Vec<String> = (0..4).map(|_| server_of(&bench.ask("x", "/", &[("Cookie", &expired)]))).collect();
    assert!(all.iter().any(|server| *server != server_of(&first)), "an expired cookie holds nobody: {all:?}");

    bench.rules(&[("", &forward(&[("sick", 1)], false))]);
    assert_eq!(bench.ask("x", "/", &[]).header("x-image"), "sick", "without a healthy one, all are asked");
    bench.rules(&[("", &forward(&[("empty", 1)], false))]);
    assert_eq!(bench.ask("x", "/", &[]).header("x-balancer"), "no target in empty");

    let weights = |well, sick| forward(&[("well", well), ("sick", sick)], true);
    bench.rules(&[("", &weights(0, 5))]);
    assert_eq!(bench.ask("x", "/", &[]).header("x-image"), "sick");
    assert_eq!(bench.ask("x", "/", &[("Cookie", &held)]).header("x-image"), "well", "a cookie beats a 0");
    bench.rules(&[("", &weights(0, 0))]);
    assert_eq!(bench.ask("x", "/", &[]).header("x-balancer"), "no group has a weight");
}

#[test]
fn what_is_not_modelled_is_refused() {
    for text in [
        "<member><Conditions><member><Field>query-string</Field></member></Conditions></member>",
        "<member><Actions><member><Type>redirect</Type></member></Actions></member>",
        "<member/>",
    ] {
        assert!(Rule::read(&Element::parse(text).unwrap()).is_err(), "{text}");
    }
}
