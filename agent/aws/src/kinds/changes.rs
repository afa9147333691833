use pointsman_core::resource::Tags;

/// The fields of an object that are to change, by their names in plans.
#[derive(Debug)]
pub(super) struct Changes<'a> {
    fields: &'a [String],
    /// Identifies the act.
    pub(super) token: &'a str,
}

impl<'a> Changes<'a> {
    pub(super) fn new(fields: &'a [String], token: &'a str) -> Self {
        Self { fields, token }
    }

    /// Whether one of these is to change.
    pub(super) fn any(&self, names: &[&str]) -> bool {
        self.fields.iter().any(|field| names.contains(&field.as_str()))
    }

    /// Whether something below is to change: `ingress.`.
    pub(super) fn below(&self, prefix: &str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter_map(move |field| field.strip_prefix(prefix))
    }

    /// A value, when its field is to change.
    pub(super) fn when<T>(&self, name: &str, value: T) -> Option<T> {
        self.any(&[name]).then_some(value)
    }

    /// Whether nothing but tags is to change.
    pub(super) fn only_tags(&self) -> bool {
        self.fields.iter().all(|field| field.starts_with("tags."))
    }

    /// Tags to set.
    pub(super) fn tags_set(&self, wanted: &Tags) -> Vec<(String, String)> {
        self.below("tags.").filter_map(|key| Some((key.to_owned(), wanted.get(key)?.to_owned()))).collect()
    }

    /// Keys of tags to remove.
    pub(super) fn tags_removed(&self, wanted: &Tags) -> Vec<String> {
        self.below("tags.").filter(|key| wanted.get(key).is_none()).map(ToOwned::to_owned).collect()
    }
}
