//! What services are placed in, and made from: clusters, images, files, rules.

use super::{Finding, Image, Problem, Subject};
use crate::resource::{Link, Resource};

/// The cluster stands.
pub(super) fn clusters(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, service) in &subject.environment.file.service {
        let about = format!("service.{name}.cluster");
        match subject.facts.answers.clusters.get(&service.cluster) {
            Some(Ok(None)) => {
                found.push(subject.error(about, Problem::NoCluster { cluster: service.cluster.clone() }));
            }
            Some(Err(error)) => {
                found.push(subject.note(about, Problem::Unanswered { error: Box::new(error.clone()) }));
            }
            Some(Ok(Some(_))) | None => {}
        }
    }
}

/// The image is in its registry, where that can be asked.
pub(super) fn images(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, service) in &subject.environment.file.service {
        let about = format!("service.{name}.image");
        let image = service.image.clone();
        match subject.facts.answers.images.get(&image) {
            Some(Ok(Image::There)) | None => {}
            Some(Ok(Image::NoRepository)) => {
                found.push(subject.error(about, Problem::NoRepository { image }));
            }
            Some(Ok(Image::Absent)) => found.push(subject.error(about, Problem::NoImage { image })),
            Some(Ok(Image::NotAsked(why))) => {
                found.push(subject.note(about, Problem::ImageNotAsked { image, why: (*why).to_owned() }));
            }
            Some(Err(error)) => {
                found.push(subject.note(about, Problem::Unanswered { error: Box::new(error.clone()) }));
            }
        }
    }
}

/// Files lie encrypted, and can be mounted wherever tasks run.
pub(super) fn files(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (service_name, service) in &subject.environment.file.service {
        for (volume_name, volume) in &service.volumes {
            let segments = volume.files.segments();
            let ["external", name, ..] = segments.as_slice() else {
                continue;
            };
            if let Some(Ok(files)) = subject.facts.externals.get(*name)
                && files.attributes.get("encrypted").is_some_and(|encrypted| encrypted == "false")
            {
                let problem = Problem::NotEncrypted { file_system: files.id.clone() };
                found.push(subject.error(format!("external.{name}"), problem));
            }
            let about = format!("service.{service_name}.volumes.{volume_name}.files");
            let targets = match subject.facts.answers.mount_targets.get(*name) {
                Some(Ok(targets)) => targets,
                Some(Err(error)) => {
                    found.push(subject.note(about, Problem::Unanswered { error: Box::new(error.clone()) }));
                    continue;
                }
                None => continue,
            };
            let subnets =
                subject.facts.network.as_ref().ok().and_then(|all| all.subnets.get(&service.subnets));
            let mut zones: Vec<&str> =
                subnets.into_iter().flatten().map(|subnet| subnet.zone.as_str()).collect();
            zones.sort_unstable();
            zones.dedup();
            let without: Vec<String> = zones
                .into_iter()
                .filter(|zone| {
                    !targets.iter().any(|target| target.zone == *zone && target.status == "available")
                })
                .map(ToOwned::to_owned)
                .collect();
            if !without.is_empty() {
                let external = (*name).to_owned();
                found.push(subject.error(about, Problem::NoMountTarget { external, zones: without }));
            }
        }
    }
}

/// The rule's priority is free on the living listener.
pub(super) fn priorities(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(prospect) = subject.prospect else {
        return;
    };
    for desired in &prospect.wanted.objects {
        let Resource::ListenerRule(rule) = &desired.resource else {
            continue;
        };
        let Link::To { address: listener, .. } = &rule.listener else {
            continue;
        };
        let Some(Ok(rules)) = subject.facts.answers.rules.get(listener) else {
            continue;
        };
        let taken = rules.iter().find(|other| {
            other.priority == rule.priority && !prospect.observed.values().any(|own| own.id == other.id)
        });
        if let Some(other) = taken {
            let service = desired.address.as_str().trim_end_matches(".listener_rule");
            found.push(subject.error(
                format!("{service}.expose.priority"),
                Problem::PriorityTaken { priority: rule.priority, by: other.id.clone() },
            ));
        }
    }
}
