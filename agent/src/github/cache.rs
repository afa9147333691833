//! Answers that are remembered with their entity tags, so that asking again
//! costs nothing when nothing changed.

use std::collections::HashMap;

use bytes::Bytes;
use http::HeaderValue;

use super::pages::Next;

/// So many answers are remembered,
const MOST: usize = 512;
/// and so many bytes of them.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What GitHub answered to a question.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) body: Bytes,
    /// Where the list goes on.
    pub(super) next: Next,
}

/// Who asks: an answer is for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    /// The App itself.
    App,
    /// The installation, or the token's owner.
    Repository,
}

/// The answers of late; the least used go first.
#[derive(Debug, Default)]
pub(super) struct Cache {
    known: HashMap<(Asker, String), Known>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Known {
    tag: HeaderValue,
    answer: Answer,
    used: u64,
}

impl Cache {
    /// What was answered last, with its tag.
    pub(super) fn get(&mut self, asker: Asker, path: &str) -> Option<(HeaderValue, Answer)> {
        self.uses += 1;
        let known = self.known.get_mut(&(asker, path.to_owned()))?;
        known.used = self.uses;
        Some((known.tag.clone(), known.answer.clone()))
    }

    /// Remembers an answer, weak tags as they are; one without a tag, or too
    /// large a one, is forgotten.
    pub(super) fn put(&mut self, asker: Asker, path: &str, tag: Option<&HeaderValue>, answer: &Answer) {
        let key = (asker, path.to_owned());
        self.remove(&key);
        let Some(tag) = tag.filter(|_| answer.body.len() <= MOST_BYTES / 4) else { return };
        self.uses += 1;
        self.bytes += answer.body.len();
        self.known.insert(key, Known { tag: tag.clone(), answer: answer.clone(), used: self.uses });
        while self.known.len() > MOST || self.bytes > MOST_BYTES {
            let oldest = self.known.iter().min_by_key(|(_, known)| known.used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &(Asker, String)) {
        if let Some(known) = self.known.remove(key) {
            self.bytes -= known.answer.body.len();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn answer(bytes: usize) -> Answer {
        Answer { body: vec![b'x'; bytes].into(), next: Next::Untold }
    }

    #[test]
    fn an_answer_is_for_its_asker_and_keeps_its_weak_tag() {
        let mut cache = Cache::default();
        let tag = HeaderValue::from_static("W/\"1\"");
        cache.put(Asker::App, "/x", Some(&tag), &answer(3));
        assert!(cache.get(Asker::Repository, "/x").is_none());
        assert_eq!(cache.get(Asker::App, "/x").unwrap().0, "W/\"1\"");
        cache.put(Asker::App, "/x", None, &answer(3));
        assert!(cache.get(Asker::App, "/x").is_none());
        assert_eq!(cache.bytes, 0);
    }

    #[test]
    fn it_is_bounded_by_count_and_bytes_and_forgets_the_least_used() {
        let mut cache = Cache::default();
        let tag = HeaderValue::from_static("\"1\"");
        for number in 0..MOST + 10 {
            cache.put(Asker::Repository, &number.to_string(), Some(&tag), &answer(1));
            cache.get(Asker::Repository, "0");
        }
        assert_eq!((cache.known.len(), cache.bytes), (MOST, MOST));
        assert!(cache.get(Asker::Repository, "0").is_some());
        assert!(cache.get(Asker::Repository, "1").is_none());
        for number in 0..5 {
            cache.put(Asker::App, &number.to_string(), Some(&tag), &answer(MOST_BYTES / 4));
        }
        assert!(cache.bytes <= MOST_BYTES && cache.known.len() <= 4, "{} {}", cache.bytes, cache.known.len());
        cache.put(Asker::App, "large", Some(&tag), &answer(MOST_BYTES / 4 + 1));
        assert!(cache.get(Asker::App, "large").is_none());
    }
}
