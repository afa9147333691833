//! How the system asks the process to end.

/// Returns when Ctrl-C or SIGTERM arrives. From the call on, not only once this is awaited, neither
/// ends the process by itself.
pub fn asked_to_stop() -> impl Future<Output = std::io::Result<()>> + Send {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = signal(SignalKind::terminate())
            .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
        async move {
            let (mut terminate, mut interrupt) = signals?;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            Ok(())
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c()
}
