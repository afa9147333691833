//! Sentences about what an environment stands in and refers to.

use super::Words;
use crate::{failure::CloudError, preflight::Problem};

/// The words; none for what others have words for.
pub(super) fn words(about: &str, problem: &Problem) -> Option<Words> {
    match problem {
        Problem::WrongAccount { wanted, found, arn } => Some(Words::new(
            format!("the credentials are of account {found}, not {wanted}"),
            format!("they are {arn}"),
            format!(
                "use credentials of account {wanted} (`profile` or `role_arn` in `[aws]`), or correct `account`"
            ),
        )),
        Problem::Unanswered { error } => Some(refused(format!("`{about}` could not be looked at"), error)),
        Problem::NoState { why } => Some(Words::new(
            "the stored state is not used",
            why,
            "look at the object's versions in the bucket and restore the last one that Pointsman wrote",
        )),
        Problem::NotMade { error } => Some(refused("AWS did not make it".to_owned(), error)),
        Problem::NoExternal { error } | Problem::NoNetwork { error } => Some(Words::new(
            error.message.clone(),
            format!("asked with {}", error.operation),
            error.help.clone().unwrap_or_default(),
        )),
        Problem::NoPlan { conflict } => {
            Some(Words::new("what lives stands in the way", super::super::failure::conflict(conflict), ""))
        }
        _ => None,
    }
}

fn refused(what: String, error: &CloudError) -> Words {
    Words::new(what, error.to_string(), error.help.clone().unwrap_or_default())
}
