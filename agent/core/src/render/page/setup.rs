//! Pages on the way to a GitHub App of one's own.

use super::Markup;

/// What is asked of GitHub, and where.
#[derive(Clone, Debug)]
pub struct AppForm {
    /// Where the form leads, with the state that comes back.
    pub action: String,
    /// The manifest, JSON.
    pub manifest: String,
    /// The organisation that will own the App; none for one's own account.
    pub organisation: Option<String>,
    /// The account that owns the config repo, as far as its address tells.
    pub owner: Option<String>,
    /// Where GitHub can send webhooks; none where the agent has no public address.
    pub webhooks: Option<String>,
}

/// An App that was created: where things are, never what they hold.
#[derive(Clone, Debug)]
pub struct AppMade {
    /// Its id.
    pub app_id: u64,
    /// Where it is installed on repositories.
    pub install: String,
    /// The installation, once GitHub has told.
    pub installation_id: Option<u64>,
    /// `owner/name` of the config repo.
    pub repository: Option<String>,
    /// The API's base, where it is not github.com's.
    pub api_url: Option<String>,
    /// The file that holds the private key.
    pub key_file: String,
    /// The file that holds the webhooks' secret.
    pub secret_file: Option<String>,
}

/// The page with the button.
pub fn app_form(form: &AppForm) -> Markup {
    let AppForm { action, manifest, organisation, owner, webhooks } = form;
    let mut main = Markup::new();
    main.html(
        "<h1>A GitHub App for this agent</h1>\n<p>GitHub shows what the App may do, and asks you to agree. It then leads back \
         here, and the agent keeps the App's private key in its own folder.</p>\n\
         <p>It asks for: checks, deployments, pull requests, issues (for the comment) and commit statuses, to write; \
         contents and metadata, to read. It cannot push, merge, or change settings.</p>\n<p>",
    );
    match webhooks {
        Some(url) => main.html("Webhooks go to <code>").text(url).html("</code>."),
        None => main.html(
            "Without <code>public_url</code> in <code>[server]</code> the App gets no webhooks: the agent then looks at every poll.",
        ),
    };
    main.html("</p>\n<form method=\"post\" action=\"").text(action).html("\">\n");
    main.html("<input type=\"hidden\" name=\"manifest\" value=\"")
        .text(manifest)
        .html("\">\n<button>Create it ");
    match organisation {
        Some(organisation) => main.html("in <strong>").text(organisation).html("</strong>"),
        None => main.html("in my own account"),
    };
    main.html("</button>\n</form>\n<h2>Somewhere else?</h2>\n");
    if organisation.is_some() {
        main.html("<p><a href=\"/setup/github\">In my own account instead</a></p>\n");
    }
    main.html(
        "<form method=\"get\" action=\"/setup/github\">\n<p><label>In the organisation <input name=\"organisation\" required \
         maxlength=\"39\" pattern=\"[A-Za-z0-9\\-]+\" value=\"",
    );
    main.text(organisation.as_deref().or(owner.as_deref()).unwrap_or_default());
    main.html("\"></label> <button>Choose it</button></p>\n</form>\n");
    main
}

/// What to do with the App.
pub fn app_made(made: &AppMade) -> Markup {
    let AppMade { app_id, install, installation_id, repository, api_url, key_file, secret_file } = made;
    let mut main = Markup::new();
    main.html("<h1>The App is there</h1>\n<ol>\n");
    main.html("<li><p><a href=\"").text(install).html("\">Install it</a> on the config repo alone.");
    match installation_id {
        Some(_) => main.html(" Done.</p></li>\n"),
        None => main.html(" GitHub then leads back here, with the installation's number.</p></li>\n"),
    };
    main.html("<li><p>Write this into <code>pointsman.toml</code>, and start the agent anew:</p>\n<pre><code>[github]\n");
    if let Some(repository) = repository {
        main.text(&format!("repository = {repository:?}\n"));
    }
    if let Some(api_url) = api_url {
        main.text(&format!("api_url = {api_url:?}\n"));
    }
    main.text(&format!("app_id = {app_id}\n"));
    match installation_id {
        Some(id) => main.text(&format!("installation_id = {id}\n")),
        None => main.html("installation_id = …   # after installing it\n"),
    };
    main.text(&format!("key_file = {key_file:?}\n"));
    if let Some(file) = secret_file {
        main.text(&format!("webhook_secret_file = {file:?}\n"));
    }
    main.html("</code></pre></li>\n</ol>\n<p>Both files are readable by the agent's user alone. Their contents are shown nowhere.</p>\n");
    main
}

/// It did not come to be.
pub fn app_refused(why: &str) -> Markup {
    let mut main = Markup::new();
    main.html("<h1>No App was made</h1>\n<div class=\"problem\"><p>").sentence(why).html("</p></div>\n");
    main.html("<p><a href=\"/setup/github\">Try it again</a></p>\n");
    main
}
