//! Facts for preflight: every question side by side, each with an answer of
//! its own. A file per family.

mod clusters;
mod files;
mod images;
mod permissions;
mod quotas;
mod rules;
mod subnets;

use std::collections::BTreeMap;

use futures::future::join_all;
use pointsman_core::preflight::{Answer, Answers, Questions};

use crate::aws::Aws;

/// Asks everything at once.
pub(crate) async fn answers(aws: &Aws, questions: &Questions) -> Answers {
    let Questions { clusters, subnets, file_systems, images, roles, own, writer, listeners } = questions;
    let each_cluster = each(clusters.iter().map(|name| (name, name)), |name| clusters::services(aws, name));
    let each_image = each(images.iter().map(|image| (image, image)), |image| images::image(aws, image));
    let each_file_system = each(file_systems, |id| files::mount_targets(aws, id));
    let each_listener = each(listeners, |arn| rules::rules(aws, arn));
    let each_role = join_all(
        roles
            .iter()
            .map(|(arn, needed)| async move { (arn.clone(), permissions::of_role(aws, arn, needed).await) }),
    );
    let free_addresses =
        async { if subnets.is_empty() { None } else { Some(subnets::free_addresses(aws, subnets).await) } };
    let own = async {
        if own.is_empty() { None } else { Some(permissions::own(aws, writer.as_deref(), own).await) }
    };
    let (clusters, images, mount_targets, rules, roles, free_addresses, own, mut quotas) = futures::join!(
        each_cluster,
        each_image,
        each_file_system,
        each_listener,
        each_role,
        free_addresses,
        own,
        quotas::quotas(aws),
    );
    quotas::count_services(&mut quotas, &clusters);
    Answers {
        clusters,
        free_addresses,
        mount_targets,
        images,
        roles: roles.into_iter().collect(),
        own,
        rules,
        quotas,
    }
}

/// One question of many, side by side.
async fn each<'a, K, T, F, R>(
    asked: impl IntoIterator<Item = (&'a K, &'a String)>,
    question: F,
) -> BTreeMap<K, Answer<T>>
where
    K: Clone + Ord + 'a,
    F: Fn(&'a str) -> R,
    R: Future<Output = Answer<T>>,
{
    let question = &question;
    let asked = asked.into_iter().map(|(key, about)| async move { (key.clone(), question(about).await) });
    join_all(asked).await.into_iter().collect()
}
