use serde_json::{Value, json};

use super::{
    Context, Wanted, alarm, desired,
    metric::{self, Measured},
};
use crate::{
    Address,
    environment::block,
    resource::{Dashboard, Link, Text},
};

const HALF: u32 = 12;
const HEIGHT: u32 = 6;
const ALARMS_HEIGHT: u32 = 3;

/// Stands around the number of a link while a widget is JSON; a character that
/// nobody may use.
const MARK: char = '\u{E000}';

pub(super) fn address(block: &block::Dashboard) -> Address {
    Address::block("dashboard", &block.name)
}

/// Widgets for everything that the environment has.
pub(super) fn expand(context: &Context<'_>, block: &block::Dashboard, wanted: &mut Wanted) {
    let address = address(block);
    let file = &context.environment.file;
    let mut canvas = Canvas::new(&file.aws.region);
    let alarms = file.alarms.iter().flat_map(|alarms| &alarms.alarm);
    let alarms: Vec<Address> =
        alarms.flat_map(|(name, block)| alarm::addresses(context, name, block)).collect();
    canvas.alarms(&alarms);
    for (name, service) in &file.service {
        canvas.is_native = context.is_native(name);
        canvas.service(name, &context.live(name), service);
    }
    for name in file.load_balancer.keys() {
        canvas.balancer(name);
    }
    for (name, cache) in &file.cache {
        canvas.cache(name, cache);
    }
    wanted.objects.push(desired(
        address.clone(),
        Dashboard {
            name: block.name.clone(),
            widgets: canvas.widgets,
            settings: std::collections::BTreeMap::new(),
            tags: context.tags(&address),
        },
    ));
}

/// Widgets as they are placed, two beside each other.
struct Canvas<'a> {
    region: &'a str,
    /// Whether ECS moves a service's traffic between two target groups.
    is_native: bool,
    links: Vec<Link>,
    widgets: Vec<Text>,
    top: u32,
    placed: u32,
}

impl<'a> Canvas<'a> {
    fn new(region: &'a str) -> Self {
        Self { region, is_native: false, links: Vec::new(), widgets: Vec::new(), top: 0, placed: 0 }
    }

    /// How all alarms stand, above everything.
    fn alarms(&mut self, alarms: &[Address]) {
        if alarms.is_empty() {
            return;
        }
        let arns: Vec<String> =
            alarms.iter().map(|alarm| self.text(Text(vec![Link::attribute(alarm, "arn")]))).collect();
        self.put(&json!({
            "type": "alarm", "x": 0, "y": 0, "width": 2 * HALF, "height": ALARMS_HEIGHT,
            "properties": { "title": "Alarms", "alarms": arns },
        }));
        self.top = ALARMS_HEIGHT;
    }

    fn service(&mut self, name: &str, live: &str, service: &block::Service) {
        let measured = || metric::ecs(&service.cluster, live);
        let scaling = service.scaling.as_ref();
        let load = vec![
            self.series(measured(), metric::CPU, "Average", "CPU %"),
            self.series(measured(), metric::MEMORY, "Average", "memory %"),
        ];
        let aims = [
            ("CPU target", scaling.and_then(|scaling| scaling.cpu_target)),
            ("memory target", scaling.and_then(|scaling| scaling.memory_target)),
        ];
        self.chart(&format!("{name}: CPU and memory"), &load, &aims);
        // Each task reports its CPU once a minute: so many samples, so many tasks.
        let insights =
            || Measured { namespace: "ECS/ContainerInsights", ..metric::ecs(&service.cluster, live) };
        let tasks = vec![
            self.series(insights(), "DesiredTaskCount", "Average", "desired (with Container Insights)"),
            self.series(measured(), metric::CPU, "SampleCount", "running"),
        ];
        let bounds =
            [("least", scaling.map(|scaling| scaling.min)), ("most", scaling.map(|scaling| scaling.max))];
        self.chart(&format!("{name}: tasks and scaling"), &tasks, &bounds);
        let listener = service.expose.as_ref().map(|expose| expose.listener.segments());
        if let Some(["load_balancer", balancer, ..]) = listener.as_deref() {
            let group = || metric::target_group(balancer, live);
            let mut hosts = vec![
                self.series(group(), "HealthyHostCount", "Minimum", "healthy"),
                self.series(group(), "UnHealthyHostCount", "Maximum", "unhealthy"),
            ];
            if self.is_native {
                let group = || metric::alternate_target_group(balancer, live);
                hosts.push(self.series(group(), "HealthyHostCount", "Minimum", "healthy, alternate group"));
                hosts.push(self.series(
                    group(),
                    "UnHealthyHostCount",
                    "Maximum",
                    "unhealthy, alternate group",
                ));
            }
            self.chart(&format!("{name}: targets"), &hosts, &[]);
        }
    }

    fn balancer(&mut self, name: &str) {
        let measured = || metric::balancer(name);
        let times = vec![
            self.series(measured(), metric::RESPONSE_TIME, "p50", "half of them within"),
            self.series(measured(), metric::RESPONSE_TIME, "p95", "95 % of them within"),
        ];
        self.chart(&format!("{name}: response times"), &times, &[]);
        let answers = vec![
            self.series(measured(), "RequestCount", "Sum", "requests"),
            self.series(measured(), "HTTPCode_Target_4XX_Count", "Sum", "4xx of the tasks"),
            self.series(measured(), "HTTPCode_Target_5XX_Count", "Sum", "5xx of the tasks"),
            self.series(measured(), "HTTPCode_ELB_5XX_Count", "Sum", "5xx of the load balancer"),
        ];
        self.chart(&format!("{name}: requests and errors"), &answers, &[]);
    }

    fn cache(&mut self, name: &str, cache: &block::Cache) {
        let mut each = |metrics: [(&str, &str, &str); 2]| -> Vec<Value> {
            metrics
                .iter()
                .flat_map(|(metric, statistic, label)| {
                    metric::nodes(name, cache.nodes)
                        .into_iter()
                        .map(move |node| (node, *metric, *statistic, *label))
                })
                .map(|(node, metric, statistic, label)| {
                    let label = node
                        .part
                        .as_ref()
                        .map_or_else(|| label.to_owned(), |part| format!("{label}, {part}"));
                    self.series(node, metric, statistic, &label)
                })
                .collect()
        };
        let load = each([
            (metric::cache_cpu(&cache.node_type), "Average", "CPU %"),
            ("DatabaseMemoryUsagePercentage", "Average", "memory %"),
        ]);
        let use_of_it =
            each([("CurrConnections", "Average", "connections"), ("Evictions", "Sum", "evictions")]);
        self.chart(&format!("{name}: CPU and memory of the cache"), &load, &[]);
        self.chart(&format!("{name}: connections and evictions"), &use_of_it, &[]);
    }

    /// A metric as widgets name it.
    fn series(&mut self, measured: Measured, metric: &str, statistic: &str, label: &str) -> Value {
        let mut series = vec![json!(measured.namespace), json!(metric)];
        for (name, value) in measured.dimensions {
            let value = self.text(value);
            series.extend([json!(name), json!(value)]);
        }
        series.push(json!({ "stat": statistic, "label": label, "period": 60 }));
        Value::Array(series)
    }

    fn chart(&mut self, title: &str, metrics: &[Value], lines: &[(&str, Option<u32>)]) {
        let (column, row) = (self.placed % 2, self.placed / 2);
        self.placed += 1;
        let mut properties = json!({
            "title": title, "region": self.region, "view": "timeSeries", "stacked": false, "metrics": metrics,
        });
        let lines: Vec<Value> = lines
            .iter()
            .filter_map(|(label, value)| Some(json!({ "label": label, "value": (*value)? })))
            .collect();
        if !lines.is_empty() {
            properties["annotations"] = json!({ "horizontal": lines });
        }
        self.put(&json!({
            "type": "metric", "x": column * HALF, "y": self.top + row * HEIGHT, "width": HALF, "height": HEIGHT,
            "properties": properties,
        }));
    }

    /// The text with a mark in place of each link.
    fn text(&mut self, text: Text) -> String {
        let mut marked = String::new();
        for link in text.0 {
            match link {
                Link::Known(known) => marked.push_str(&known),
                to @ Link::To { .. } => {
                    marked.push_str(&format!("{MARK}{}{MARK}", self.links.len()));
                    self.links.push(to);
                }
            }
        }
        marked
    }

    /// Adds a widget: its JSON, with the links back in place of their marks.
    fn put(&mut self, widget: &Value) {
        let json = widget.to_string();
        let parts = json.split(MARK).enumerate().filter_map(|(index, part)| {
            if index % 2 == 0 {
                Some(Link::Known(part.to_owned()))
            } else {
                self.links.get(part.parse::<usize>().ok()?).cloned()
            }
        });
        self.widgets.push(Text(parts.collect()));
    }
}
