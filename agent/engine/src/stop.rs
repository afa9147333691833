use tokio::sync::watch;

/// Asks a run to end at the next safe point.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// What a run looks at to know that it should end.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// A pair that belongs together. A dropped stopper asks for nothing.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Asks to stop; once is enough.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether stopping was asked for.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when stopping is asked for.
    pub async fn asked(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
