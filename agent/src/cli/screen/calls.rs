use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, registry::LookupSpan};

use super::SCREEN;

/// Shows what is asked of AWS, as the log of calls tells it.
#[derive(Clone, Copy, Debug)]
pub struct Calls;

impl Calls {
    /// A listener to the log of calls; none where nothing is shown.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> Option<impl Layer<S>> {
        let calls = Targets::new().with_target("pointsman_aws::call", Level::TRACE);
        super::is_live().then(|| Self.with_filter(calls))
    }
}

impl<S: Subscriber> Layer<S> for Calls {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::TRACE {
            let mut call = Call::default();
            event.record(&mut call);
            SCREEN.change(|board| board.asks(format!("{} {}", call.service, call.operation)));
        } else {
            SCREEN.change(pointsman_core::render::progress::Board::answered);
        }
    }
}

#[derive(Default)]
struct Call {
    service: String,
    operation: String,
}

impl Visit for Call {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "service" => value.clone_into(&mut self.service),
            "operation" => value.clone_into(&mut self.operation),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
