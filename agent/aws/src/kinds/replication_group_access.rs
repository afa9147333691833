//! Who may speak to a living group, and how: encryption on the network and the
//! token. AWS changes both in steps, and takes a step when the one before is done.

use aws_sdk_elasticache::types::{AuthTokenUpdateStrategyType, TransitEncryptionMode};
use pointsman_core::resource::{AUTH_TAG, ReplicationGroup, Resource, Token, Transit};
use pointsman_engine::ports::CloudError;

use super::{
    cache_tags, known,
    replication_group::{READY_WITHIN, until_available},
    replication_group_state::KIND,
};
use crate::{
    aws::Aws,
    error::{During, incomplete},
    secret_value::SecretValue,
    wait::{Progress, while_busy},
};

const OPERATION: &str = "elasticache:ModifyReplicationGroup";

/// One step of a change.
enum Step<'a> {
    Transit(Transit),
    Token(&'a SecretValue, AuthTokenUpdateStrategyType),
    NoToken,
}

/// Goes from where the group stands to what it should be; a change that was
/// interrupted goes on from there. A token needs TLS: it comes after, and goes
/// before.
pub(super) async fn change(
    aws: &Aws,
    spec: &ReplicationGroup,
    id: &str,
    progress: &Progress<'_>,
) -> Result<(), CloudError> {
    let site = Site { aws, spec, id, progress };
    let now = site.available().await?;
    if spec.auth_token.is_none() && now.auth_token.is_some() {
        site.step(Step::NoToken).await?;
        cache_tags::remove(aws, &site.arn(), vec![AUTH_TAG.to_owned()]).await?;
    }
    for transit in way(now.in_transit, spec.in_transit) {
        site.step(Step::Transit(*transit)).await?;
    }
    if let Some(wanted) = &spec.auth_token {
        site.ask_for(wanted, now.auth_token.as_ref()).await?;
    }
    Ok(())
}

/// The steps from one to the other: between off and required lies preferred.
fn way(from: Transit, to: Transit) -> &'static [Transit] {
    match (from, to) {
        (Transit::Off, Transit::Required) => &[Transit::Preferred, Transit::Required],
        (Transit::Required, Transit::Off) => &[Transit::Preferred, Transit::Off],
        (Transit::Preferred, Transit::Required) => &[Transit::Required],
        (Transit::Preferred, Transit::Off) => &[Transit::Off],
        (_, Transit::Preferred) if from != Transit::Preferred => &[Transit::Preferred],
        _ => &[],
    }
}

struct Site<'a> {
    aws: &'a Aws,
    spec: &'a ReplicationGroup,
    id: &'a str,
    progress: &'a Progress<'a>,
}

impl Site<'_> {
    fn arn(&self) -> String {
        cache_tags::arn(self.aws, KIND, self.id)
    }

    async fn available(&self) -> Result<ReplicationGroup, CloudError> {
        let found = until_available(self.aws, self.spec, self.id, self.progress).await?;
        match found.map(|found| found.resource) {
            Some(Resource::ReplicationGroup(group)) => Ok(group),
            _ => Err(incomplete(OPERATION, self.id, "group under this name")),
        }
    }

    /// Another token is added beside the one that is asked for now: tasks of
    /// before go on, until the next change of the token takes theirs away. The
    /// first one is asked for by itself at the end.
    async fn ask_for(&self, wanted: &Token, now: Option<&Token>) -> Result<(), CloudError> {
        let version = known(&wanted.version, OPERATION)?;
        let now = now.map(|token| token.version.known().unwrap_or_default());
        if now == Some(version) {
            return Ok(());
        }
        let token = SecretValue::of_token(self.aws, wanted).await?;
        // Without a tag, a first token was added and never set.
        if now != Some("") {
            self.step(Step::Token(&token, AuthTokenUpdateStrategyType::Rotate)).await?;
        }
        if now.is_none_or(str::is_empty) {
            self.step(Step::Token(&token, AuthTokenUpdateStrategyType::Set)).await?;
        }
        cache_tags::set(self.aws, &self.arn(), vec![(AUTH_TAG.to_owned(), version.to_owned())]).await
    }

    async fn step(&self, step: Step<'_>) -> Result<(), CloudError> {
        let Self { aws, spec: _, id, progress } = self;
        while_busy(progress, READY_WITHIN, || async {
            let modify = aws
                .clients
                .cache()
                .modify_replication_group()
                .replication_group_id(*id)
                .apply_immediately(true);
            let modify = match &step {
                Step::Transit(Transit::Off) => modify.transit_encryption_enabled(false),
                Step::Transit(Transit::Preferred) => modify
                    .transit_encryption_enabled(true)
                    .transit_encryption_mode(TransitEncryptionMode::Preferred),
                Step::Transit(Transit::Required) => modify
                    .transit_encryption_enabled(true)
                    .transit_encryption_mode(TransitEncryptionMode::Required),
                Step::Token(token, strategy) => {
                    modify.auth_token(token.reveal()).auth_token_update_strategy(strategy.clone())
                }
                Step::NoToken => modify.auth_token_update_strategy(AuthTokenUpdateStrategyType::Delete),
            };
            modify.send().await.during(&aws.scope, OPERATION, id)
        })
        .await?;
        self.available().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pointsman_core::resource::Transit;

    use super::way;

    #[test]
    fn every_way_leads_by_the_middle_and_ends() {
        let all = [Transit::Off, Transit::Preferred, Transit::Required];
        for (from, to) in all.into_iter().flat_map(|from| all.map(|to| (from, to))) {
            let mut at = from;
            for next in way(from, to) {
                assert!(*next != at && (at == Transit::Preferred || *next == Transit::Preferred));
                at = *next;
            }
            assert_eq!(at, to, "from {from:?}");
        }
    }
}
