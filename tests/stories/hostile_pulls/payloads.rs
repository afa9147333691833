//! Texts that would do something, if they were let. What is shown of them has `pwn` in it.

/// For people who read, and for whatever GitHub sees in Markdown.
pub(super) const SPEECH: &[&str] = &[
    "@acme/pwn-team please look",
    "closes #1 pwn",
    "fixes acme/config#1 pwn",
    "resolves GH-1 pwn",
    "Fixes https://github.com/acme/config/issues/1 pwn",
    "![pwn](https://evil.example/p.png)",
    "[pwn](javascript:alert(1))",
    "[pwn](https://evil.example)",
    "<https://evil.example/pwn>",
    "www.evil.example/pwn",
    "mailto:pwn@evil.example",
    "<img src=x onerror=alert('pwn')>",
    "<script>alert('pwn')</script>",
    "<details open><summary>pwn",
    "</details></details> pwn",
    "</summary></sub> pwn",
    "<!-- pointsman --> pwn",
    "<!-- commands -->\npwn\n<!-- end of commands -->",
    "--> pwn <!--",
    "``` pwn",
    "````\n</details>\npwn",
    "~~~ pwn",
    "`pwn` `@pwn",
    "**pwn** *pwn* ~~pwn~~",
    "# pwn",
    "a\n\n# pwn\n\n- [ ] pwn",
    "> [!CAUTION]\n> pwn",
    "| pwn | pwn |\n| --- | --- |\n| pwn |",
    "$$pwn$$ :tada:",
    "[pwn]: https://evil.example",
    "[^pwn] [^pwn]: pwn",
    "pwn\u{202e}nwp\u{2066}pwn\u{2069}",
    "pwn\u{200b}@robin",
    "pwn\u{1b}[31mpwn\u{1b}]8;;https://evil.example\u{7}",
    "pwn\u{8}\u{85}\u{9b}31mpwn",
    "pwn\r\n\r\n::set-output name=pwn::pwn",
    "pwn a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
    "&#64;pwn &lt;b&gt;",
    "{{ 7 * 7 }} ${pwn} %s%n pwn",
    "'); DROP TABLE pwn; --",
];

/// For shells; each would make the file `CANARY`.
pub(super) const SHELL: &[&str] = &[
    "$(touch CANARY)",
    "`touch CANARY`",
    "; touch CANARY",
    "| touch CANARY",
    "&& touch CANARY",
    "\ntouch CANARY\n",
    "'; touch CANARY; '",
    "\"; touch CANARY; \"",
    "--upload-pack=touch CANARY",
    "-oProxyCommand=touch CANARY",
    "${IFS}touch${IFS}CANARY",
    "%0atouch%20CANARY",
    "\\$(touch CANARY)",
    "!touch CANARY",
    "<(touch CANARY)",
    "ext::sh -c touch% CANARY",
];

/// Paths of files that no tree should have, as `git fast-import` takes them.
pub(super) const PATHS: &[&str] = &[
    "environments/production/-rf.toml",
    "environments/production/--help.toml",
    "environments/production/$(id).toml",
    "environments/production/`id`.toml",
    "environments/production/;id;.toml",
    "environments/production/@acme.toml",
    "environments/production/<img src=x onerror=alert(1)>.toml",
    "environments/production/[pwn](javascript:alert(1)).toml",
    "environments/production/..%2f..%2fetc%2fpasswd.toml",
    "environments/production/...toml",
    "environments/production/.hidden.toml",
    "environments/production/nwp\u{202e}lmot.toml",
    "environments/production/pwn\u{200b}.toml",
    "\"environments/production/pwn\\ncloses #1.toml\"",
    "\"environments/production/pwn\\033[31m.toml\"",
    "\"environments/production/pwn\\\\..\\\\x.toml\"",
    "environments/pwn#1/**pwn**.toml",
    "environments/production/jobs.toml/pwn.toml",
    "environments/PRODUCTION/jobs.toml",
    "environments/production/ jobs.toml",
    "environments/production/|pwn|pwn|.toml",
    "environments/production/<!-- pointsman -->.toml",
];

/// A payload, by turns; with the path of the file that must never be made.
pub(super) fn shell(turn: usize, canary: &str) -> String {
    SHELL[turn % SHELL.len()].replace("CANARY", canary)
}

pub(super) fn speech(turn: usize) -> String {
    SPEECH[turn % SPEECH.len()].to_owned()
}

/// One made of several, always the same in the same turn.
pub(super) fn mixed(turn: usize) -> String {
    const GLUE: &[&str] = &["", " ", "\n", "\n\n", "`", "```\n", "|", "\\", "</", "*", "]("];
    let mut rng = fastrand::Rng::with_seed(turn as u64);
    (0..rng.usize(2..5))
        .map(|_| format!("{}{}", SPEECH[rng.usize(..SPEECH.len())], GLUE[rng.usize(..GLUE.len())]))
        .collect()
}

/// What Git takes as a branch's name.
pub(super) fn branch(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !"~^:?*[\\".contains(*c)).collect()
}
