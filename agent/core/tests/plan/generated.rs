//! Environments of many shapes, as the files that people would write.

use pointsman_core::environment::{Environment, Sources, read};
use proptest::prelude::*;

/// What differs from one generated environment to the next.
#[derive(Clone, Debug)]
pub struct Shape {
    pub image: u8,
    pub port: u16,
    pub count: u32,
    pub idle_timeout: u32,
    pub health_path: &'static str,
    pub sticky: bool,
    pub scaling: bool,
    pub cache: bool,
    pub second_service: bool,
    pub in_transit: bool,
    pub node_type: &'static str,
    pub nodes: u32,
    pub engine_version: &'static str,
    pub drain: u32,
    pub hosts: &'static str,
    pub listener_port: u16,
    pub internal: bool,
    pub variable: Option<String>,
    pub tag: String,
    pub ignore: Option<&'static str>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            image: 1,
            port: 8080,
            count: 2,
            idle_timeout: 300,
            health_path: "/health",
            sticky: true,
            scaling: false,
            cache: true,
            second_service: false,
            in_transit: true,
            node_type: "cache.t3.micro",
            nodes: 1,
            engine_version: "7.0",
            drain: 300,
            hosts: r#""b.example", "a.example""#,
            listener_port: 80,
            internal: true,
            variable: None,
            tag: "one".to_owned(),
            ignore: None,
        }
    }
}

/// Any shape that can follow any other: what can never change stays.
pub fn shape() -> impl Strategy<Value = Shape> {
    let numbers = (1_u8..4, prop_oneof![Just(8080_u16), Just(9090)], 1_u32..5, 1_u32..4000);
    let words = (
        prop_oneof![Just("/health"), Just("/"), Just("/ready")],
        prop_oneof![Just("cache.t3.micro"), Just("cache.t3.small")],
        proptest::option::of("[a-z ]{0,12}"),
        "[a-z]{1,8}",
    );
    let switches = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (numbers, words, switches).prop_map(|(numbers, words, switches)| {
        let (image, port, count, idle_timeout) = numbers;
        let (health_path, node_type, variable, tag) = words;
        let (sticky, scaling, cache, second_service, internal) = switches;
        Shape {
            image,
            port,
            count,
            idle_timeout,
            health_path,
            sticky,
            scaling,
            cache,
            second_service,
            in_transit: true,
            node_type,
            internal,
            variable,
            tag,
            ignore: None,
            ..Shape::default()
        }
    })
}

impl Shape {
    /// The environment, read from its file; fails the test when the file is not right.
    pub fn environment(&self) -> Environment {
        let mut sources = Sources::new();
        sources.insert_file("environments/test/web.toml", self.file());
        let reading = read(&sources);
        let errors: Vec<&String> = reading.diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
        reading
            .environment("test/web")
            .cloned()
            .unwrap_or_else(|| panic!("the generated file is not right: {errors:?}\n{}", self.file()))
    }

    fn file(&self) -> String {
        let mut text = format!(
            r#"
schema = 1
[aws]
region = "us-east-1"
account = "123456789012"
[state]
bucket = "states"
key = "test/web.tfstate"
lock_table = "locks"
[tags]
Purpose = "{tag}"
[network]
vpc = "vpc-0a"
private_subnets = ["subnet-0a", "subnet-0b"]
public_subnets = ["subnet-0c", "subnet-0d"]
[load_balancer.main]
scheme = "{scheme}"
allow_from = ["10.0.0.0/8", "192.168.0.0/16"]
idle_timeout = "{idle}s"
[load_balancer.main.listener.http]
port = {listener_port}
protocol = "HTTP"
hosts = [{hosts}]
"#,
            tag = self.tag,
            scheme = if self.internal { "internal" } else { "internet_facing" },
            idle = self.idle_timeout,
            listener_port = self.listener_port,
            hosts = self.hosts,
        );
        if self.cache {
            text.push_str(&format!(
                "[cache.sessions]\nengine = \"redis\"\nengine_version = \"{}\"\nnode_type = \"{}\"\n\
                 nodes = {}\nencryption = {{ at_rest = true, in_transit = {} }}\n",
                self.engine_version, self.node_type, self.nodes, self.in_transit
            ));
        }
        self.service(&mut text, "web", 10);
        if self.second_service {
            self.service(&mut text, "other", 20);
        }
        if let Some(ignore) = self.ignore {
            text.push_str(&format!("[drift]\nignore = [\"{ignore}\"]\n"));
        }
        text.push_str("[outputs]\nurl = \"http://${load_balancer.main.dns_name}/\"\n");
        text
    }

    fn service(&self, text: &mut String, name: &str, priority: u32) {
        text.push_str(&format!(
            r#"
[service.{name}]
cluster = "main"
image = "registry.example/{name}@sha256:{image}"
cpu = 256
memory = 512
count = {count}
port = {port}
execution_role = "arn:aws:iam::123456789012:role/execution"
[service.{name}.environment]
FIXED = "yes"
"#,
            image = format!("{:02x}", self.image).repeat(32),
            count = self.count,
            port = self.port,
        ));
        if let Some(variable) = &self.variable {
            text.push_str(&format!("SOME = \"{variable}\"\n"));
        }
        if self.cache {
            text.push_str("CACHE = \"rediss://${cache.sessions.endpoint}:${cache.sessions.port}\"\n");
        }
        text.push_str(&format!(
            "[service.{name}.health]\npath = \"{}\"\n[service.{name}.expose]\n\
             listener = \"${{load_balancer.main.listener.http}}\"\npriority = {priority}\ndrain = \"{}s\"\n",
            self.health_path, self.drain
        ));
        if self.sticky {
            text.push_str("stickiness = { kind = \"load_balancer_cookie\", duration = \"30m\" }\n");
        }
        if self.scaling {
            text.push_str(&format!("[service.{name}.scaling]\nmin = 1\nmax = 10\ncpu_target = 70\n"));
        }
    }
}
