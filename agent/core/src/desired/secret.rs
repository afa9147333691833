use super::{Context, Wanted, desired};
use crate::{
    Address,
    environment::block,
    resource::{Secret, SecretContent},
};

/// Days in which what a cache's deletion took along can be taken back.
pub(super) const RECOVERY_DAYS: u32 = 30;

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::Secret, wanted: &mut Wanted) {
    let address = Address::block("secret", name);
    let content = SecretContent::Generated { length: block.generate };
    let days = block.recovery.whole_days().and_then(|days| u32::try_from(days).ok());
    let mut secret = secret(context, &address, content);
    secret.recovery_days = days.unwrap_or(RECOVERY_DAYS);
    if let Some(description) = &block.description {
        secret.description.clone_from(description);
    }
    wanted.objects.push(desired(address, secret));
}

pub(super) fn secret(context: &Context<'_>, address: &Address, content: SecretContent) -> Secret {
    Secret {
        name: format!("{}{address}", Secret::names_begin(&context.environment.name)),
        description: context.description(address),
        content,
        recovery_days: RECOVERY_DAYS,
        tags: context.tags(address),
    }
}
