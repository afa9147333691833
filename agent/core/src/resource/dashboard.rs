use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Field, Link, Spec, Tags, Text};

/// A CloudWatch dashboard: its body taken apart, so that a change is a widget's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Unique in the account, in all its regions.
    pub name: String,
    /// Each widget as JSON, with links where AWS makes up what it shows.
    pub widgets: Vec<Text>,
    /// What else stands in its body; we never put anything there.
    pub settings: BTreeMap<String, Value>,
    /// Its tags.
    pub tags: Tags,
}

impl Dashboard {
    /// What a body that somebody wrote says.
    pub fn read(name: &str, body: &str, tags: Tags) -> Self {
        let mut settings = match serde_json::from_str(body) {
            Ok(Value::Object(members)) => members,
            _ => [("body".to_owned(), body.into())].into_iter().collect(),
        };
        let widgets = match settings.remove("widgets") {
            Some(Value::Array(widgets)) => {
                widgets.iter().map(|widget| Text::known(widget.to_string())).collect()
            }
            _ => Vec::new(),
        };
        Self { name: name.to_owned(), widgets, settings: settings.into_iter().collect(), tags }
    }

    /// The body to write, once all links are known.
    pub fn body(&self) -> Option<String> {
        let widgets: Option<Vec<String>> = self.widgets.iter().map(Text::resolved).collect();
        Some(format!("{{\"widgets\":[{}]}}", widgets?.join(",")))
    }

    /// Where people look at it.
    pub fn url(region: &str, name: &str) -> String {
        let domain = if region.starts_with("cn-") {
            "console.amazonaws.cn"
        } else if region.starts_with("us-gov-") {
            "console.amazonaws-us-gov.com"
        } else {
            "console.aws.amazon.com"
        };
        format!("https://{region}.{domain}/cloudwatch/home?region={region}#dashboards/dashboard/{name}")
    }
}

/// A widget as JSON, whatever is known of it.
fn parsed(widget: &Text) -> Value {
    let text = widget.to_value();
    text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(text)
}

/// As people see it on the dashboard.
fn title(widget: &Value) -> &str {
    widget.pointer("/properties/title").and_then(Value::as_str).unwrap_or("untitled")
}

impl Spec for Dashboard {
    fn fields(&self) -> Vec<Field> {
        let Self { name, widgets, settings, tags } = self;
        let mut fields = vec![Field::replace("name", name.clone())];
        let mut titles: BTreeMap<String, usize> = BTreeMap::new();
        for widget in widgets.iter().map(parsed) {
            let times = titles.entry(title(&widget).to_owned()).or_default();
            *times += 1;
            let number = if *times > 1 { format!(" ({times})") } else { String::new() };
            fields.push(Field::in_place(format!("widgets.{}{number}", title(&widget)), widget.clone()));
        }
        fields.extend(
            settings.iter().map(|(key, value)| Field::in_place(format!("settings.{key}"), json!(value))),
        );
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        self.widgets.iter().flat_map(|widget| &widget.0).collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        self.widgets.iter_mut().flat_map(|widget| &mut widget.0).collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    /// People name it: check compares these names by itself.
    fn claim(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Dashboard, Spec, Tags, Text};

    fn dashboard(widgets: Vec<Text>) -> Dashboard {
        Dashboard { name: "a".to_owned(), widgets, settings: Default::default(), tags: Tags::default() }
    }

    #[test]
    fn spelling_and_order_of_json_are_no_difference() {
        let ours = dashboard(vec![Text::known(r#"{"type":"text","properties":{"title":"a","x":1}}"#)]);
        let body = r#"{ "widgets": [ { "properties": { "x": 1, "title": "a" }, "type": "text" } ] }"#;
        assert_eq!(Dashboard::read("a", body, Tags::default()).fields(), ours.fields());
        assert_eq!(Dashboard::read("a", &ours.body().unwrap(), Tags::default()).fields(), ours.fields());
    }

    #[test]
    fn what_others_put_there_is_shown() {
        let names = |body: &str| -> Vec<String> {
            Dashboard::read("a", body, Tags::default()).fields().into_iter().map(|field| field.name).collect()
        };
        assert_eq!(
            names(r#"{"start":"-PT3H","widgets":[{},{}]}"#),
            ["name", "widgets.untitled", "widgets.untitled (2)", "settings.start"]
        );
        assert_eq!(names("not JSON"), ["name", "settings.body"]);
    }
}
