//! Secrets as Secrets Manager lists and describes them: never with a value.

use std::{
    collections::{BTreeSet, HashMap},
    sync::PoisonError,
};

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, Tag};
use futures::future::try_join_all;
use pointsman_core::{environment::EnvironmentName, resource::Secret};
use pointsman_engine::ports::CloudError;

use crate::{
    aws::Aws,
    error::{Absent, During},
};

/// As many names as one filter takes.
const NAMES_AT_ONCE: usize = 10;

/// The label of the version that is in use.
const CURRENT: &str = "AWSCURRENT";

/// A secret without its value.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) tags: HashMap<String, String>,
    /// The id of the version that is in use.
    pub(crate) version: Option<String>,
    /// It goes when its recovery window ends.
    pub(crate) deleted: bool,
}

impl Kept {
    /// Whether a name or an ARN, with or without its last six characters, means it.
    pub(crate) fn is(&self, id: &str) -> bool {
        self.name == id || self.arn == id || name_of(&self.arn) == name_of(id)
    }
}

/// What one look listed beside what it looked for, for the next step of it.
#[derive(Debug)]
pub(crate) struct Listed {
    /// What the names begin with.
    prefix: String,
    kept: Vec<Kept>,
}

/// Those of these names, and in the same call the environment's own, which the
/// next step of the same look asks for.
pub(crate) async fn listed_beside(
    aws: &Aws,
    mut names: BTreeSet<String>,
    environment: &EnvironmentName,
) -> Result<Vec<Kept>, CloudError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let prefix = Secret::names_begin(environment);
    names.insert(prefix.clone());
    let kept = listed(aws, &names).await?;
    let own = kept.iter().filter(|kept| kept.name.starts_with(&prefix)).cloned().collect();
    *aws.listed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Listed { prefix, kept: own });
    Ok(kept)
}

/// The environment's own, as they were listed beside others; asked for, where they were not.
pub(crate) async fn own(aws: &Aws, names: &BTreeSet<String>) -> Result<Vec<Kept>, CloudError> {
    let beside = aws.listed.lock().unwrap_or_else(PoisonError::into_inner).take();
    match beside {
        Some(Listed { prefix, kept }) if names.iter().all(|name| name.starts_with(&prefix)) => Ok(kept),
        Some(_) | None => listed(aws, names).await,
    }
}

/// Those that are not deleted, in one call for every ten names. What was made
/// or changed in the last minutes may be missing or be told as it was: whoever
/// misses one asks for it by itself.
pub(crate) async fn listed(aws: &Aws, names: &BTreeSet<String>) -> Result<Vec<Kept>, CloudError> {
    let names: Vec<&String> = names.iter().collect();
    let each = names.chunks(NAMES_AT_ONCE).map(|names| async move {
        let filter = Filter::builder()
            .key(FilterNameStringType::Name)
            .set_values(Some(names.iter().map(|name| (*name).clone()).collect()))
            .build();
        let mut pages =
            aws.clients.secrets().list_secrets().filters(filter).max_results(100).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.during(&aws.scope, "secretsmanager:ListSecrets", "")?;
            found.extend(page.secret_list.unwrap_or_default().into_iter().map(|entry| Kept {
                arn: entry.arn.unwrap_or_default(),
                name: entry.name.unwrap_or_default(),
                description: entry.description.unwrap_or_default(),
                tags: tags(entry.tags),
                version: current(entry.secret_versions_to_stages),
                deleted: entry.deleted_date.is_some(),
            }));
        }
        Ok::<_, CloudError>(found)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().filter(|kept| !kept.deleted).collect())
}

/// One as it stands now, deleted ones included.
pub(crate) async fn described(aws: &Aws, id: &str) -> Result<Option<Kept>, CloudError> {
    let found = aws
        .clients
        .secrets()
        .describe_secret()
        .secret_id(id)
        .send()
        .await
        .during(&aws.scope, "secretsmanager:DescribeSecret", id)
        .or_absent()?;
    Ok(found.map(|found| Kept {
        arn: found.arn.unwrap_or_default(),
        name: found.name.unwrap_or_default(),
        description: found.description.unwrap_or_default(),
        tags: tags(found.tags),
        version: current(found.version_ids_to_stages),
        deleted: found.deleted_date.is_some(),
    }))
}

/// The name in an ARN, whose last hyphen and six characters are Secrets
/// Manager's own; a name is its own name.
pub(crate) fn name_of(id: &str) -> &str {
    let Some((_, name)) = id.split_once(":secret:") else {
        return id;
    };
    match name.rsplit_once('-') {
        Some((name, random)) if random.len() == 6 && random.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            name
        }
        _ => name,
    }
}

fn tags(tags: Option<Vec<Tag>>) -> HashMap<String, String> {
    let tags = tags.unwrap_or_default().into_iter();
    tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}

fn current(versions: Option<HashMap<String, Vec<String>>>) -> Option<String> {
    let in_use = |stages: &Vec<String>| stages.iter().any(|stage| stage == CURRENT);
    versions?.into_iter().find(|(_, stages)| in_use(stages)).map(|(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn an_arn_tells_the_name() {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:web/key-AbC123";
        assert_eq!(name_of(arn), "web/key");
        assert_eq!(name_of(arn.trim_end_matches("-AbC123")), "web/key");
        assert_eq!(name_of("web/key-AbC123"), "web/key-AbC123");
    }
}
