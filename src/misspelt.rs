//! The word that was meant, where a user's file has one that is not known.

/// Returns the word that differs least from `word`, if it differs in less than half of its letters.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let (distance, near) = known.into_iter().map(|known| (distance(word, known), known)).min()?;
    (distance * 2 < near.len().max(word.len())).then_some(near)
}

/// Returns how many letters have to be put in, taken out or changed to turn one word into the other.
fn distance(one: &str, other: &str) -> usize {
    /// A longer word is a misspelling of nothing.
    const LONGEST: usize = 40;
    let other: Vec<char> = other.chars().take(LONGEST).collect();
    // How far the part of `one` read so far is from each beginning of `other`.
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().take(LONGEST).enumerate() {
        let mut next = vec![index + 1];
        for (known, pair) in other.iter().zip(row.windows(2)) {
            let (&[diagonal, above], Some(&left)) = (pair, next.last()) else { continue };
            let changed = diagonal + usize::from(letter != *known);
            next.push(changed.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_known_again() {
        let words = ["auth-failed", "auth-ok", "registered"];
        assert_eq!(nearest("auth-faild", words), Some("auth-failed"));
        assert_eq!(nearest("registred", words), Some("registered"));
        assert_eq!(nearest("call", words), None);
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("same", "same")), (3, 3, 0));
    }
}
