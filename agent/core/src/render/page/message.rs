//! Pages that say that there is nothing to show.

use super::Markup;
use crate::environment::EnvironmentName;

/// Nobody knows this page.
pub fn not_found() -> Markup {
    let mut main = Markup::new();
    main.html(
        "<h1>Nothing here</h1>\n<p>There is no such page. An environment is shown while the watched branch describes \
         it; a pull request while it is open, and for a while after it was merged.</p>\n",
    );
    main
}

/// An environment's name that is none.
pub fn nothing_yet(name: Option<&EnvironmentName>) -> Markup {
    let mut main = Markup::new();
    main.html("<h1>Not looked yet</h1>\n<p>");
    if let Some(name) = name {
        main.html("Nothing is known of <code>").text(name.as_str()).html("</code>. ");
    }
    main.html("The agent has not looked at the config repo since it was started.</p>\n");
    main
}
