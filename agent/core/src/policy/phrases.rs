//! Which definition of a rule a message is from, as its own words tell it.

/// Pieces of text that are shorter do not tell definitions apart.
const SHORTEST: usize = 16;

/// The constant pieces of the strings that stand in a definition's source.
pub(super) fn phrases(source: &str) -> Vec<String> {
    let mut phrases = Vec::new();
    let mut rest = source.chars();
    while let Some(char) = rest.next() {
        match char {
            '#' => while rest.next().is_some_and(|char| char != '\n') {},
            '`' => pieces(&rest.by_ref().take_while(|char| *char != '`').collect::<String>(), &mut phrases),
            '"' => {
                let mut text = String::new();
                while let Some(char) = rest.next().filter(|char| *char != '"') {
                    match (char, char == '\\') {
                        (_, false) => text.push(char),
                        // Whatever stands for another character ends a piece.
                        (_, true) => match rest.next() {
                            Some(char @ ('"' | '\\' | '/')) => text.push(char),
                            _ => text.push('%'),
                        },
                    }
                }
                pieces(&text, &mut phrases);
            }
            _ => {}
        }
    }
    phrases
}

/// Cuts a text at the verbs of `sprintf`.
fn pieces(text: &str, phrases: &mut Vec<String>) {
    let verb =
        |part: &str| part.find(|char: char| char.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
    let mut parts = text.split('%');
    let first = parts.next().map(ToOwned::to_owned);
    let others = parts.map(|part| part[verb(part)..].to_owned());
    phrases.extend(first.into_iter().chain(others).filter(|part| part.len() >= SHORTEST));
}

/// Whether a message has one of these phrases.
pub(super) fn says(phrases: &[String], message: &str) -> bool {
    phrases.iter().any(|phrase| message.contains(phrase.as_str()))
}

#[cfg(test)]
mod tests {
    use super::{phrases, says};

    #[test]
    fn a_message_is_known_by_the_words_of_its_definition() {
        let source = r#"deny contains sprintf("the service %s runs %d tasks on one \"small\" node", [name, n]) if {
	# "a comment is not what it says"
	regex.match(`^arn:aws:[a-z-]{3,}$`, role)
	x := "short"
}"#;
        let phrases = phrases(source);
        assert_eq!(phrases, [" tasks on one \"small\" node", "^arn:aws:[a-z-]{3,}$"]);
        assert!(says(&phrases, "the service web runs 3 tasks on one \"small\" node"));
        assert!(!says(&phrases, "the service web has no tasks"));
    }

    #[test]
    fn any_source_is_read_to_its_end() {
        for source in ["\"", "`", "\"\\", "#", "\"%", "\"% d is the number of them all\"", "\"é%ü\""] {
            let _ = phrases(source);
        }
    }
}
