//! The part of the terminal that moves while people wait. There is one, like
//! the terminal itself: whatever else is printed clears it first.

mod calls;
mod log;

use std::{
    io::IsTerminal,
    sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

pub use calls::Calls;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
pub use log::Log;
use pointsman_core::{
    render::{
        paint,
        progress::{Board, View},
    },
    report::Event,
};

/// How lines look: before there is a plan, then with how much of it is done; and a step in hand.
const LOOKING: &str = "{spinner} {wide_msg}";
const APPLYING: &str = "{spinner} {bar:16} {wide_msg}";
const STEP: &str = "  {spinner} {wide_msg}";
/// Between two pictures.
const FRAME: Duration = Duration::from_millis(120);

/// The terminal's moving part.
static SCREEN: LazyLock<Screen> = LazyLock::new(|| Screen {
    started: Instant::now(),
    is_live: OnceLock::new(),
    bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
    work: Mutex::new(None),
});

struct Screen {
    started: Instant,
    is_live: OnceLock<bool>,
    bars: MultiProgress,
    work: Mutex<Option<Work>>,
}

/// What is shown of one run.
struct Work {
    board: Board,
    overview: Option<ProgressBar>,
    steps: Vec<ProgressBar>,
}

/// How the screen is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Progress moves on it, if standard error is a terminal.
    Live,
    /// Only lines are printed.
    Lines,
}

/// Says how the screen is used; the first time counts.
pub fn open(how: Use) {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let live = how == Use::Live && std::io::stderr().is_terminal() && !is_dumb;
    if *SCREEN.is_live.get_or_init(|| live) {
        SCREEN.bars.set_draw_target(ProgressDrawTarget::stderr());
    }
}

/// Whether progress moves.
pub fn is_live() -> bool {
    SCREEN.is_live.get().is_some_and(|live| *live)
}

/// Shows the work on an environment until the answer is dropped.
pub fn begin(environment: &str) -> Working {
    let board = Board::new(environment, SCREEN.now());
    *SCREEN.work() = Some(Work { board, overview: None, steps: Vec::new() });
    let ticker = is_live().then(|| {
        tokio::spawn(async {
            let mut frames = tokio::time::interval(FRAME);
            loop {
                frames.tick().await;
                SCREEN.draw();
            }
        })
        .abort_handle()
    });
    Working { ticker }
}

/// The work that is shown.
#[derive(Debug)]
pub struct Working {
    ticker: Option<tokio::task::AbortHandle>,
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(ticker) = &self.ticker {
            ticker.abort();
        }
        if let Some(mut work) = SCREEN.work().take() {
            work.clear(&SCREEN.bars);
        }
    }
}

/// Takes in what happened.
pub fn hear(event: &Event) {
    let now = SCREEN.now();
    SCREEN.change(|board| board.hear(event, now));
    SCREEN.draw();
}

/// A result is printed, or somebody is asked: progress shows nothing until more happens.
pub fn rest() {
    SCREEN.change(Board::rests);
    SCREEN.draw();
}

/// The run ends after the steps in hand.
pub fn stops() {
    SCREEN.change(Board::stops);
}

/// What is known of the work that is shown.
pub fn board() -> Option<Board> {
    SCREEN.work().as_ref().map(|work| work.board.clone())
}

/// Prints something while nothing moves.
pub fn above<R>(print: impl FnOnce() -> R) -> R {
    SCREEN.bars.suspend(print)
}

impl Screen {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn work(&self) -> MutexGuard<'_, Option<Work>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Board)) {
        if let Some(work) = self.work().as_mut() {
            change(&mut work.board);
        }
    }

    fn draw(&self) {
        if !is_live() {
            return;
        }
        let now = self.now();
        if let Some(work) = self.work().as_mut() {
            match work.board.view(now) {
                Some(view) => work.show(&self.bars, view),
                None => work.clear(&self.bars),
            }
        }
    }
}

impl Work {
    fn show(&mut self, bars: &MultiProgress, view: View) {
        let View { overview, ended, steps } = view;
        let overview = painted(overview);
        let bar = self.overview.get_or_insert_with(|| {
            bars.insert(
                0,
                ProgressBar::new_spinner().with_style(style(LOOKING)).with_message(overview.clone()),
            )
        });
        match ended {
            Some((ended, of)) => {
                bar.set_style(style(APPLYING));
                bar.set_length(u64::try_from(of).unwrap_or_default());
                bar.set_position(u64::try_from(ended).unwrap_or_default());
            }
            None => bar.set_style(style(LOOKING)),
        }
        bar.set_message(overview);
        bar.tick();
        while self.steps.len() > steps.len() {
            if let Some(bar) = self.steps.pop() {
                remove(bars, &bar);
            }
        }
        while self.steps.len() < steps.len() {
            self.steps.push(bars.add(ProgressBar::new_spinner().with_style(style(STEP))));
        }
        for (bar, step) in self.steps.iter().zip(steps) {
            bar.set_message(painted(step));
            bar.tick();
        }
    }

    fn clear(&mut self, bars: &MultiProgress) {
        for bar in self.steps.drain(..).chain(self.overview.take()) {
            remove(bars, &bar);
        }
    }
}

fn remove(bars: &MultiProgress, bar: &ProgressBar) {
    bar.finish_and_clear();
    bars.remove(bar);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
        .progress_chars("━╸─")
}

/// With colours, if standard error is to have them.
fn painted(line: String) -> String {
    match anstream::AutoStream::choice(&std::io::stderr()) {
        anstream::ColorChoice::Never => paint::without(&line),
        _ => line,
    }
}
