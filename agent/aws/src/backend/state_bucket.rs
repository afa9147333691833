use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::{Client, config::Builder};
use pointsman_core::environment::block;
use pointsman_engine::{
    lease::LeaseProof,
    ports::{Aside, CloudError, CloudErrorKind, StateBucket, StateVersion, StoredState},
};

use super::object::{Object, Stored};
use crate::{
    call::{CallLog, LeaseGuard},
    client::bucket_addressing,
    error::failure,
    scope::Scope,
};

/// No state is nearly as large; what is, is not a state.
const LARGEST: i64 = 64 * 1024 * 1024;

/// How often a write is tried while the bucket says that another is going on.
const TRIES: u32 = 4;

/// The state as an S3 object, written only over the version that was read.
#[derive(Debug)]
pub(crate) struct S3Object {
    config: SdkConfig,
    reader: Client,
    object: Object,
}

impl S3Object {
    pub(crate) fn new(config: SdkConfig, scope: Scope, state: &block::State) -> Self {
        Self {
            reader: Client::from_conf(builder(&config).build()),
            config,
            object: Object::new(scope, state, state_key(&state.key)),
        }
    }

    /// A client that sends only while the lease is fresh.
    fn writer(&self, proof: &LeaseProof) -> Client {
        let mut guarded = builder(&self.config).interceptor(LeaseGuard(proof.clone()));
        if let Some(timeouts) = self.config.timeout_config() {
            let attempt = timeouts.operation_attempt_timeout().unwrap_or(proof.attempt_timeout());
            let attempt = attempt.min(proof.attempt_timeout());
            guarded =
                guarded.timeout_config(timeouts.to_builder().operation_attempt_timeout(attempt).build());
        }
        Client::from_conf(guarded.build())
    }
}

pub(super) fn builder(config: &SdkConfig) -> Builder {
    bucket_addressing(config, Builder::from(config)).interceptor(CallLog)
}

/// Beside Terraform's own state, and never the same object.
fn state_key(terraform: &str) -> String {
    format!("{}.pointsman/state.json", terraform.strip_suffix(".tfstate").unwrap_or(terraform))
}

#[async_trait]
impl StateBucket for S3Object {
    fn location(&self) -> &str {
        &self.object.location
    }

    async fn load(&self) -> Result<Option<StoredState>, CloudError> {
        let unsuitable = |message: &str| {
            let help = "it was not written by pointsman; restore an earlier version of the object (the bucket is versioned)";
            let (kind, location) = (CloudErrorKind::Unsuitable, &self.object.location);
            failure(kind, "s3:GetObject", location, message, Some(help.to_owned()))
        };
        let too_large = || unsuitable("the object is too large to be a state");
        let Some(Stored { bytes, version }) = self.object.get(&self.reader, LARGEST, too_large).await? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).map_err(|_| unsuitable("the object is not text"))?;
        Ok(Some(StoredState { text, version: StateVersion(version) }))
    }

    async fn save(
        &self,
        proof: &LeaseProof,
        text: &str,
        replaces: Option<&StateVersion>,
    ) -> Result<StateVersion, CloudError> {
        let writer = self.writer(proof);
        let mut tries = 0;
        loop {
            tries += 1;
            let over = replaces.map(|StateVersion(version)| version.as_str());
            let refused = match self.object.put(&writer, &self.object.key, text, over).await {
                Ok(version) => return Ok(StateVersion(version)),
                Err(refused) if is_in_doubt(&refused) => refused,
                Err(refused) => return Err(refused),
            };
            // An earlier attempt may have been ours, and its answer lost: what
            // stands decides, never the answer.
            let stands = match self.load().await {
                Ok(stands) => stands,
                Err(_) if tries < TRIES => {
                    pause(tries).await;
                    continue;
                }
                Err(unread) => return Err(unread),
            };
            if let Some(stored) = stands.as_ref().filter(|stored| stored.text == text) {
                return Ok(stored.version.clone());
            }
            if stands.as_ref().map(|stored| &stored.version) != replaces {
                return Err(self.stale(refused));
            }
            if tries == TRIES {
                return Err(refused);
            }
            pause(tries).await;
        }
    }

    async fn keep(&self, proof: &LeaseProof, what: &Aside, text: &str) -> Result<(), CloudError> {
        let key = beside(&self.object.key, what);
        let writer = self.writer(proof);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.object.put(&writer, &key, text, None).await {
                Ok(_) => return Ok(()),
                // It lies there already: the same plan, or an earlier try of our own.
                Err(refused) if refused.code.as_deref() == Some("PreconditionFailed") => return Ok(()),
                Err(refused) if tries < TRIES && is_in_doubt(&refused) => pause(tries).await,
                Err(refused) => return Err(refused),
            }
        }
    }
}

/// Others that write at the same moment get out of the way.
async fn pause(tries: u32) {
    tokio::time::sleep(std::time::Duration::from_millis(100 << tries)).await;
}

/// Where something beside the state lies.
fn beside(state: &str, what: &Aside) -> String {
    let folder = state.strip_suffix("state.json").unwrap_or(state);
    match what {
        Aside::Plan(hash) => format!("{folder}plans/{hash}.json"),
        Aside::Report(fence) => format!("{folder}reports/{fence:012}.json"),
    }
}

impl S3Object {
    fn stale(&self, refused: CloudError) -> CloudError {
        CloudError {
            kind: CloudErrorKind::Stale,
            message: "the state was written by someone else since it was read".to_owned(),
            help: Some(
                "nothing was overwritten; run it again, and it starts from the state that stands now"
                    .to_owned(),
            ),
            ..refused
        }
    }
}

/// Whether it is open what stands now.
fn is_in_doubt(error: &CloudError) -> bool {
    matches!(error.kind, CloudErrorKind::Unreachable | CloudErrorKind::Throttled)
        || matches!(
            error.code.as_deref(),
            Some("PreconditionFailed" | "ConditionalRequestConflict" | "OperationAborted")
        )
}

#[cfg(test)]
mod tests {
    use super::state_key;

    #[test]
    fn the_state_lies_beside_terraforms() {
        assert_eq!(state_key("a/terraform.tfstate"), "a/terraform.pointsman/state.json");
        assert_eq!(state_key("a/plain"), "a/plain.pointsman/state.json");
    }
}
