use pointsman_core::{Address, resource::Tags, state::unretired};
use pointsman_engine::ports::Sought;

/// One object that is looked for, of a known kind.
#[derive(Debug)]
pub(super) struct Asked<'a, S> {
    pub(super) address: &'a Address,
    /// The id it was recorded with.
    pub(super) id: Option<&'a str>,
    /// What it should be, or was made to be.
    pub(super) spec: &'a S,
    /// What it was last made to be, where it is recorded.
    pub(super) recorded: Option<&'a S>,
    /// Whether its name may stand for it: not when another took its place.
    pub(super) by_name: bool,
}

impl<'a, S> Asked<'a, S> {
    pub(super) fn new(sought: &'a Sought, spec: &'a S, recorded: Option<&'a S>) -> Self {
        let Sought { address, id, resource: _, recorded: _ } = sought;
        Self { address, id: id.as_deref(), spec, recorded, by_name: unretired(address) == *address }
    }

    /// The tags that should be confirmed for the object of this name: of the recorded one.
    pub(super) fn confirmable(&self, name: &str, tags: &'a Tags) -> Option<Vec<(&'a str, &'a str)>> {
        (self.id == Some(name)).then(|| tags.iter().collect())
    }
}

/// The recorded ids, each once.
pub(super) fn ids<S>(asked: &[Asked<'_, S>]) -> Vec<String> {
    let mut ids: Vec<String> = asked.iter().filter_map(|asked| asked.id).map(ToOwned::to_owned).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// What an object whose name is its id may stand under: the recorded name
/// first, then the one it should have.
pub(super) fn names<'a, S>(asked: &Asked<'a, S>, name: &'a str) -> impl Iterator<Item = &'a str> {
    let other = asked.by_name.then_some(name).filter(|name| asked.id != Some(name));
    asked.id.into_iter().chain(other)
}
