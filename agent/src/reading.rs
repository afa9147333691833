//! Environments read on all processors: a repo may have a thousand of them.

use std::{iter, num::NonZero, thread};

use pointsman_core::environment::{Reading, Sources, read_share, together};

/// Files that are worth a thread more, as long as there are processors.
const WORTH_A_THREAD: usize = 64;

/// What `environment::read` says, sooner.
pub fn read(sources: &Sources) -> Reading {
    let files = sources.under_root().count();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let shares = files.div_ceil(WORTH_A_THREAD).clamp(1, processors);
    let share = |number| move || read_share(sources, number, shares);
    let read: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (1..shares)
            .map(|number| (number, thread::Builder::new().spawn_scoped(scope, share(number))))
            .collect();
        // A thread that does not start or does not end well leaves its share to this one.
        let others = threads.into_iter().map(|(number, started)| {
            started.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(share(number))
        });
        iter::once(share(0)()).chain(others).collect()
    });
    together(read)
}

#[cfg(test)]
mod tests {
    use pointsman_core::environment::{self, Sources};

    use super::read;

    #[test]
    fn shares_say_what_one_reading_says() {
        let example = |name: &str| {
            let path = format!("{}/../environments/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).unwrap()
        };
        let mut sources = Sources::new();
        sources.insert_file("environments/_base.toml", example("_base.toml"));
        // A base that is broken is said once, though every share reads it.
        sources.insert_file("environments/production/_broken.toml", "tags = { a = 1 ");
        sources.insert_file("environments/production/_base.toml", example("production/_base.toml"));
        let text = example("production/gravity-ai-chat.toml");
        for number in 0..150 {
            let text = match number % 10 {
                // These all claim one state.
                0 => text.clone(),
                1 => "extends = \"_broken.toml\"\n".to_owned(),
                2 => "extends = \"../../nowhere.toml\"\n".to_owned(),
                _ => text
                    .replace("gravity-ai-chat", &format!("chat-{number}"))
                    .replace("webui3-scaled", &format!("w{number}")),
            };
            sources.insert_file(format!("environments/production/e{number}.toml"), text);
        }
        let (once, shared) = (environment::read(&sources), read(&sources));
        assert!(!once.environments.is_empty() && !once.broken.is_empty());
        let names = |reading: &environment::Reading| {
            reading.environments.iter().map(|one| one.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(&once), names(&shared));
        assert_eq!(once.broken, shared.broken);
        assert_eq!(once.diagnostics, shared.diagnostics);
    }
}
