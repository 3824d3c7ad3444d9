//! Words of commands that are shown to be copied.

/// Quotes a word for a shell, where it needs that.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(&byte);
    if !word.is_empty() && !word.starts_with('-') && word.bytes().all(plain) {
        word.to_owned()
    } else if word.starts_with('-') {
        format!("'./{}'", word.replace('\'', r"'\''"))
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_word() {
        assert_eq!(shell_word("/mnt/pbx"), "/mnt/pbx");
        assert_eq!(shell_word("a b;rm"), "'a b;rm'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word("-rf"), "'./-rf'");
    }
}
