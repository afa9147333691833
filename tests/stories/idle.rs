//! What an agent asks of GitHub when nothing happens. `docs/performance.md` has the figures.

use std::time::{Duration, Instant};

use crate::{PATIENCE, world};

const OPEN: usize = 50;
/// So many polls lie between two looks at the pull requests when no reference moves.
const POLLS_A_LOOK: u32 = 10;

#[test]
fn fifty_open_pull_requests_cost_nothing_while_nothing_changes() {
    let world = world();
    world.git.commit("main", &[("README.md", Some("# Config\n"))], "Begin");
    for number in 0..OPEN {
        world.propose(&format!("change-{number}"), &format!("notes/{number}.md"), "A note.\n", "A note");
    }
    let agent = world.agent("");
    world.github.wait_until(PATIENCE, "all are looked at", |repository| {
        repository.checks.iter().filter(|check| check.status == "completed").count() == OPEN
    });
    let looks = || {
        let requests = world.github.requests();
        requests.iter().filter(|request| request.path.ends_with("/pulls")).count()
    };
    let wait_for_looks = |wanted: usize| {
        let until = Instant::now() + PATIENCE;
        while looks() < wanted {
            assert!(Instant::now() < until, "{} looks", looks());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    // The look that follows what just happened, and the first quiet one.
    world.github.forget_requests();
    wait_for_looks(2);
    world.github.forget_requests();
    let begun = Instant::now();
    wait_for_looks(3);
    let took = begun.elapsed();
    let requests = world.github.requests();
    let (pulls, rest): (Vec<_>, Vec<_>) =
        requests.iter().partition(|request| request.path.ends_with("/pulls"));
    let (comments, others): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|request| request.path.ends_with("/issues/comments"));
    let paid: Vec<_> = requests.iter().filter(|request| request.status != 304).collect();
    assert!(paid.is_empty(), "{paid:?}");
    assert_eq!((pulls.len(), others.len()), (3, 0), "{requests:?}");
    // One for each poll, and one that was under way when it was counted.
    let polls = usize::try_from(3 * POLLS_A_LOOK).unwrap();
    assert!(comments.len() <= polls + 1, "{} for {polls} polls", comments.len());
    // Ten polls at least between two looks, each a second less a tenth.
    assert!(took > Duration::from_millis(900) * 2 * POLLS_A_LOOK, "{took:?}");
    let an_hour = 60.0 / f64::from(POLLS_A_LOOK) + 60.0;
    println!(
        "{OPEN} open pull requests, nothing changing, a poll a minute: {an_hour} conditional requests an hour, 0 that count"
    );
    assert_eq!(agent.stop(PATIENCE).1, 0);
    world.github.assert_no_violations();
}
