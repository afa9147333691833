//! Who we are.

use super::{Answer, Finding, Identity, Problem, Subject, Weight};
use crate::environment::Environment;

/// In another account every other answer is misleading.
pub(super) fn account(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    found.extend(identity(subject.environment, &subject.facts.identity));
}

/// What is wrong with who we are.
pub fn identity(environment: &Environment, answer: &Answer<Identity>) -> Option<Finding> {
    let wanted = &environment.file.aws.account;
    let (about, problem) = match answer {
        Ok(identity) if identity.account == *wanted => return None,
        Ok(Identity { account, arn }) => (
            "aws.account",
            Problem::WrongAccount { wanted: wanted.clone(), found: account.clone(), arn: arn.clone() },
        ),
        Err(error) => ("aws", Problem::Unanswered { error: Box::new(error.clone()) }),
    };
    let place = environment.place_of(about).cloned();
    Some(Finding { about: about.to_owned(), weight: Weight::Error, place, problem })
}
