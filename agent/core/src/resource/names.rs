//! Names of AWS objects: within AWS's limits, stable, and different where two
//! objects must stand side by side while one replaces the other.

use crate::hash::text_hash;

/// `parts` joined by `-`; when that is longer than `limit` characters, cut and
/// ended with a hash of the whole, so that different names stay different.
/// Characters that AWS refuses in most names become `-`.
pub fn limited(parts: &[&str], limit: usize) -> String {
    let whole = parts.join("-");
    let clean: String = whole.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if clean.len() <= limit && clean == whole {
        return clean;
    }
    with_suffix(&clean, &text_hash(&whole)[..6], limit)
}

/// Like [`limited`], and ended with a hash of what cannot change on a living
/// object: another value there makes another name, so that the new object can
/// be made before the old one goes.
pub fn versioned(parts: &[&str], fixed: &[&str], limit: usize) -> String {
    let whole = parts.join("-");
    let clean: String = whole.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let hash = text_hash(&format!("{whole}\n{}", fixed.join("\n")));
    with_suffix(&clean, &hash[..6], limit)
}

/// As ElastiCache wants names: lower case, a letter first, no two hyphens in a row.
pub fn lower(name: &str) -> String {
    let mut lower = String::with_capacity(name.len());
    for c in name.to_ascii_lowercase().chars() {
        if !(c == '-' && lower.ends_with('-')) {
            lower.push(c);
        }
    }
    if lower.starts_with(|c: char| c.is_ascii_lowercase()) {
        lower
    } else {
        lower.replace_range(..1, "e");
        lower
    }
}

fn with_suffix(clean: &str, suffix: &str, limit: usize) -> String {
    let room = limit.saturating_sub(suffix.len() + 1);
    let head: String = clean.chars().take(room).collect();
    format!("{}-{suffix}", head.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::{limited, versioned};

    #[test]
    fn names_fit_and_differ() {
        assert_eq!(limited(&["gravity-ai-chat", "webui"], 32), "gravity-ai-chat-webui");
        let long = limited(&["gravity-ai-chat-with-a-long-name", "webui"], 32);
        let other = limited(&["gravity-ai-chat-with-a-long-name", "webuj"], 32);
        assert!(long.len() <= 32 && other.len() <= 32 && long != other);
        assert_ne!(limited(&["a.b"], 32), limited(&["a-b"], 32));
        let one = versioned(&["web"], &["8080"], 32);
        let two = versioned(&["web"], &["8081"], 32);
        assert!(one != two && one.starts_with("web-") && one == versioned(&["web"], &["8080"], 32));
    }
}
