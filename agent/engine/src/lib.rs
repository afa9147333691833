//! The story: observe, plan, judge, apply, report. It speaks to AWS through
//! the few ports of [`ports`] and knows no name of AWS's SDK.

mod adopt;
mod apply;
mod approve;
pub mod clock;
mod conclude;
mod deploy;
mod history;
mod init;
mod journal;
mod judge;
mod keeper;
mod last_words;
pub mod lease;
mod look;
mod policies;
pub mod ports;
mod preflight;
mod preview;
mod queue;
mod recover;
mod rollout;
mod run;
mod say;
mod status;
mod stop;
mod unlock;
mod way_out;

pub use adopt::{Consent, adopt, adoptable};
pub use approve::{Approvals, approvals, approve, show};
pub use deploy::{Approval, deploy};
pub use history::history;
pub use init::{Founding, init};
pub use pointsman_core::failure::Failure;
pub use policies::{EvaluatorProgram, Policies, Ready, Unusable};
pub use preflight::preflight;
pub use preview::{policy_input, preview};
pub use rollout::waits;
pub use run::{Purpose, Run};
pub use say::{Heard, say};
pub use status::{Status, status};
pub use stop::{Stop, Stopper};
pub use unlock::{Unlocked, unlock};
