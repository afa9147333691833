//! `[requirements.STAGE]`: the same section as in the config repo's own file,
//! read by the same reader.

use pointsman_core::requirement::{Fault, Stages, section};
use toml::de::DeTable;

use super::{ConfigError, error::Text};

/// Takes the section out of the file; nothing is required without one.
pub(super) fn requirements(
    source: Text<'_>,
    table: &mut DeTable<'_>,
    errors: &mut Vec<ConfigError>,
) -> Stages {
    let Some(value) = table.remove("requirements") else { return Stages::new() };
    let told = |Fault { span, message, help }: Fault| source.error(span, message, help);
    section(value).unwrap_or_else(|faults| {
        errors.extend(faults.into_iter().map(told));
        Stages::new()
    })
}
