//! What environments need of each other.

use pointsman_core::environment::read;
use pointsman_core::render::diagnostic::{Colour, text};

use super::cases::sources;

fn needing(name: &str, needs: &str) -> (String, String) {
    let text = format!(
        "schema = 1\nneeds = {needs}\n\n[aws]\nregion = \"us-east-1\"\naccount = \"111122223333\"\n\n\
         [state]\nbucket = \"states\"\nkey = \"{name}/terraform.tfstate\"\nlock_table = \"locks\"\n\n\
         [network]\nvpc = {{ name = \"main\" }}\nprivate_subnets = {{ tags = {{ Tier = \"private\" }} }}\n\n[queue.jobs]\n"
    );
    (format!("environments/shared/{name}.toml"), text)
}

#[test]
fn circles_and_unknown_names_are_errors() {
    let files = [
        needing("app", "[\"shared/store\", \"shared/network\"]"),
        needing("ghost", "[\"shared/netwrok\"]"),
        needing("network", "[]"),
        needing("one", "[\"shared/two\"]"),
        needing("self", "[\"shared/self\"]"),
        needing("store", "[\"shared/network\"]"),
        needing("two", "[\"shared/one\"]"),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let sources = sources(&files);
    let reading = read(&sources);
    insta::assert_snapshot!(text(&reading.diagnostics, &sources, Colour::Never));
    let names: Vec<&str> = reading.environments.iter().map(|environment| environment.name.as_str()).collect();
    assert_eq!(names, ["shared/app", "shared/network", "shared/store"]);
    let needs = &reading.environment("shared/app").unwrap().file.needs;
    assert_eq!(needs, &["shared/store", "shared/network"]);
}
