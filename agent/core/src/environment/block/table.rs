use super::EnvironmentFile;

/// A table of named blocks, such as `[service.NAME]`.
#[derive(Debug)]
pub struct Table {
    /// As it is written: `service`.
    pub kind: &'static str,
    /// What one can refer to of each: attributes of the object that the block
    /// stands for. An external's depend on its kind.
    pub attributes: &'static [&'static str],
    /// The names that are described.
    pub names: fn(&EnvironmentFile) -> Vec<&str>,
}

/// The registry: a row per table, with what one can refer to. Names, references,
/// `[drift] ignore` and links follow from it.
macro_rules! tables {
    ($($kind:ident [$($attribute:literal),*];)*) => {
        /// Every table of named blocks.
        pub const TABLES: &[Table] = &[$(Table {
            kind: stringify!($kind),
            attributes: &[$($attribute),*],
            names: |file| file.$kind.keys().map(String::as_str).collect(),
        },)*];
    };
}

tables! {
    external [];
    secret ["arn"];
    cache ["url_secret", "endpoint", "port"];
    load_balancer ["dns_name", "arn", "zone_id"];
    service ["arn", "name"];
    scheduled_task ["arn", "name"];
    queue ["url", "arn", "name"];
    bucket ["name", "arn", "domain_name"];
}

impl Table {
    /// The table of this kind.
    pub fn of(kind: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.kind == kind)
    }

    /// Whether its blocks stand for objects of our own.
    pub fn is_ours(&self) -> bool {
        self.kind != "external"
    }
}
