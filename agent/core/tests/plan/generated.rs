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
    pub most: u32,
    pub schedule: Option<&'static str>,
    pub alarms: Option<u32>,
    pub dashboard: bool,
    pub cache: bool,
    pub queue: bool,
    pub fifo: bool,
    pub bucket: bool,
    pub scheduled: bool,
    pub second_service: bool,
    pub in_transit: bool,
    pub auth: bool,
    pub engine_version: &'static str,
    pub secret: bool,
    pub files: bool,
    pub node_type: &'static str,
    pub nodes: u32,
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
            most: 10,
            schedule: None,
            alarms: None,
            dashboard: false,
            cache: true,
            queue: false,
            fifo: false,
            bucket: false,
            scheduled: false,
            second_service: false,
            in_transit: true,
            auth: true,
            engine_version: "7.1",
            secret: true,
            files: true,
            node_type: "cache.t3.micro",
            nodes: 1,
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
    let cron = prop_oneof![Just("0 20 * * *"), Just("0 8 * * 1-5")];
    let scalings = (6_u32..9, proptest::option::of(cron), proptest::option::of(80_u32..83), any::<bool>());
    let switches = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let kinds = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let secrets = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let all = (numbers, words, scalings, switches, kinds, secrets);
    all.prop_map(|(numbers, words, scalings, switches, kinds, secrets)| {
        let (most, schedule, alarms, dashboard) = scalings;
        let (image, port, count, idle_timeout) = numbers;
        let (health_path, node_type, variable, tag) = words;
        let (sticky, scaling, cache, second_service, internal) = switches;
        let (queue, fifo, bucket, scheduled) = kinds;
        let (in_transit, auth, secret, files) = secrets;
        Shape {
            image,
            port,
            count,
            idle_timeout,
            health_path,
            sticky,
            scaling,
            most,
            schedule,
            alarms,
            dashboard,
            cache,
            queue,
            fifo,
            bucket,
            scheduled,
            second_service,
            // A token without TLS is refused by `check`.
            in_transit: in_transit || auth,
            auth,
            engine_version: "7.1",
            secret,
            files,
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
                 nodes = {}\nencryption = {{ at_rest = true, in_transit = {} }}\nauth = {}\n",
                self.engine_version, self.node_type, self.nodes, self.in_transit, self.auth
            ));
        }
        if self.queue {
            text.push_str(&format!(
                "[queue.jobs]\nfifo = {fifo}\nvisibility_timeout = \"{timeout}s\"\n\
                 dead_letter = {{ queue = \"${{queue.dead}}\", after = {after} }}\n[queue.dead]\nfifo = {fifo}\n",
                fifo = self.fifo,
                timeout = self.idle_timeout,
                after = self.count,
            ));
        }
        if self.bucket {
            text.push_str(&format!(
                "[bucket.files]\nversioned = {}\nexpire_after = \"{}d\"\n",
                self.sticky, self.count
            ));
        }
        if self.secret {
            text.push_str("[secret.key]\ngenerate = 32\n");
        }
        if self.files {
            text.push_str(
                "[external.files]\nkind = \"efs\"\nname = \"files\"\naccess_point = { name = \"data\" }\n",
            );
        }
        if self.scheduled {
            text.push_str(&format!(
                "[scheduled_task.report]\nrate = \"{minutes}m\"\nenabled = {enabled}\ncluster = \"main\"\n\
                 image = \"registry.example/report@sha256:{image}\"\ncpu = 256\nmemory = 512\n\
                 schedule_role = \"arn:aws:iam::123456789012:role/schedule\"\n\
                 execution_role = \"arn:aws:iam::123456789012:role/execution\"\n[scheduled_task.report.environment]\n",
                minutes = self.idle_timeout,
                enabled = self.sticky,
                image = format!("{:02x}", self.image).repeat(32),
            ));
            if self.cache {
                text.push_str("CACHE = \"${cache.sessions.endpoint}\"\n");
            }
            if self.queue {
                text.push_str("QUEUE = \"${queue.jobs.arn}\"\n");
            }
        }
        self.service(&mut text, "web", 10);
        if self.second_service {
            self.service(&mut text, "other", 20);
        }
        if self.dashboard {
            text.push_str("[dashboard]\nname = \"web\"\n");
        }
        if let Some(percent) = self.alarms {
            text.push_str(&format!(
                "[alarms]\nnotify = [\"arn:aws:sns:us-east-1:123456789012:ops\"]\n\
                 [alarms.cpu]\non = \"service.web\"\ncpu_above = {percent}\n\
                 [alarms.errors]\non = \"service.web\"\nmetric = \"HTTPCode_Target_5XX_Count\"\nabove = 5\n\
                 [alarms.slow]\non = \"load_balancer.main\"\nresponse_time_above = \"2s\"\n"
            ));
            if self.scaling {
                text.push_str(&format!(
                    "[alarms.busy]\non = \"service.web\"\ncpu_above = {percent}\nscale_out = 1\n"
                ));
            }
            if self.cache {
                text.push_str(&format!("[alarms.cache]\non = \"cache.sessions\"\ncpu_above = {percent}\n"));
            }
        }
        if let Some(ignore) = self.ignore {
            text.push_str(&format!("[drift]\nignore = [\"{ignore}\"]\n"));
        }
        text.push_str("[outputs]\nurl = \"http://${load_balancer.main.dns_name}/\"\n");
        if self.dashboard {
            text.push_str("look = \"${dashboard.url}\"\n");
        }
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
            // Whoever puts a URL together has no token to put in.
            let scheme = match (self.auth, self.in_transit) {
                (true, _) => "",
                (false, true) => "rediss://",
                (false, false) => "redis://",
            };
            text.push_str(&format!(
                "CACHE = \"{scheme}${{cache.sessions.endpoint}}:${{cache.sessions.port}}\"\n"
            ));
        }
        if self.queue {
            text.push_str("QUEUE = \"${queue.jobs.url}\"\n");
        }
        if self.bucket {
            text.push_str("BUCKET = \"${bucket.files.name}\"\n");
        }
        if self.cache || self.secret {
            text.push_str(&format!("[service.{name}.secrets]\n"));
        }
        if self.cache {
            text.push_str("CACHE_URL = \"${cache.sessions.url_secret}\"\n");
        }
        if self.secret {
            text.push_str("KEY = \"${secret.key.arn}\"\n");
        }
        if self.files {
            text.push_str(&format!(
                "[service.{name}.volumes.data]\nfiles = \"${{external.files}}\"\nmount = \"/data\"\n"
            ));
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
            text.push_str(&format!(
                "[service.{name}.scaling]\nmin = 1\nmax = {}\ncpu_target = 70\n",
                self.most
            ));
            if let Some(cron) = self.schedule {
                text.push_str(&format!(
                    "schedule = [{{ name = \"night\", cron = \"{cron}\", min = 1, max = 2 }}]\n"
                ));
            }
        }
    }
}
