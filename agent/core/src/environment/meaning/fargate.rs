//! Fargate has certain sizes and no others.

use super::{Diagnostic, Subject};

/// CPU units; the least and most memory in MiB, and its step.
const SIZES: &[(u32, u32, u32, u32)] = &[
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
    (8_192, 16_384, 61_440, 4_096),
    (16_384, 32_768, 122_880, 8_192),
];

/// A task of 256 CPU units, the smallest, has three sizes of memory.
const SMALLEST: (u32, [u32; 3]) = (256, [512, 1_024, 2_048]);

/// Every size of CPU, with the sizes of memory that it goes with.
pub(crate) fn fargate_sizes() -> Vec<(u32, Vec<u32>)> {
    let steps = |&(units, least, most, step): &(u32, u32, u32, u32)| {
        let memory = (least..=most).filter(|memory| memory.is_multiple_of(step)).collect();
        (units, memory)
    };
    std::iter::once((SMALLEST.0, SMALLEST.1.to_vec())).chain(SIZES.iter().map(steps)).collect()
}

/// CPU and memory fit each other.
pub(super) fn sizes(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for task in subject.file.tasks() {
        let (cpu, memory) = (task.cpu, task.memory);
        let at = |key| subject.place(&[task.kind, task.name, key]);
        let allowed = if cpu == SMALLEST.0 {
            (!SMALLEST.1.contains(&memory)).then(|| "512, 1024 or 2048".to_owned())
        } else if let Some((_, least, most, step)) = SIZES.iter().find(|(units, ..)| *units == cpu) {
            let fits = (*least..=*most).contains(&memory) && memory.is_multiple_of(*step);
            (!fits).then(|| format!("{least} to {most} in steps of {step}"))
        } else {
            let units: Vec<String> = std::iter::once(SMALLEST.0)
                .chain(SIZES.iter().map(|size| size.0))
                .map(|units| units.to_string())
                .collect();
            found.push(
                Diagnostic::error("fargate-size", format!("Fargate has no tasks of {cpu} CPU units"))
                    .at(at("cpu"))
                    .label("no such size")
                    .help(format!("write one of {} (1024 are one vCPU)", units.join(", "))),
            );
            continue;
        };
        if let Some(allowed) = allowed {
            found.push(
                Diagnostic::error(
                    "fargate-size",
                    format!("Fargate has no tasks of {cpu} CPU units with {memory} MiB"),
                )
                .at(at("memory"))
                .label("does not fit the CPU units")
                .help(format!("with `cpu = {cpu}`, `memory` may be {allowed}"))
                .related(at("cpu"), "the CPU units"),
            );
        }
    }
}
