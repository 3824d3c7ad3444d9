//! New secrets, strong and at random, for the list of those to change.
//!
//! Letters that look alike on paper are left out; 22 of the 54 that are left are 126 bits. A PIN has ten digits: what
//! is typed on a telephone cannot have more. The bytes come from the system's own generator and nowhere else.

use std::fmt;

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use super::{Credential, Plan, Turn};
use crate::untrusted::visible;

const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const DIGITS: &[u8] = b"0123456789";
const LENGTH: usize = 22;
const PIN_LENGTH: usize = 10;

/// The system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no randomness for new secrets: {0}")]
pub struct NoRandomness(#[from] Errno);

/// The text of the file of new secrets; it has no `Debug`, so that no message can show it.
pub struct NewSecrets(String);

impl NewSecrets {
    /// Returns the text, for the file and nothing else.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NewSecrets(***)")
    }
}

/// Returns a new secret for each that is to be changed and that the carrier does not give out.
pub fn secrets(plan: &Plan) -> Result<NewSecrets, NoRandomness> {
    let mut text = String::from(
        "# New secrets. Print it, change the secrets in the order of credentials.md, and destroy both.\n\
         # Each was made at random by this system; nothing else knows it.\n",
    );
    for turn in Turn::ALL {
        let wanted = |one: &&Credential| one.turn == turn && !one.is_carriers;
        let mut of_turn = plan.credentials.iter().filter(wanted).peekable();
        if of_turn.peek().is_some() {
            text.push_str(&format!("\n# {}\n", turn.words()));
        }
        for one in of_turn {
            let new = if one.is_pin { random(DIGITS, PIN_LENGTH)? } else { random(LETTERS, LENGTH)? };
            text.push_str(&format!("{new}  {}  {}\n", one.kind, visible(one.owner.raw())));
        }
    }
    Ok(NewSecrets(text))
}

/// Draws letters evenly: bytes beyond the last whole round are thrown away.
fn random(letters: &[u8], length: usize) -> Result<String, NoRandomness> {
    let rounds = 256 / letters.len() * letters.len();
    let mut drawn = String::with_capacity(length);
    while drawn.len() < length {
        let mut bytes = [0_u8; 64];
        let filled = getrandom(bytes.as_mut_slice(), GetRandomFlags::empty())?;
        let usable = bytes.iter().take(filled).filter(|byte| usize::from(**byte) < rounds);
        let fresh = usable.filter_map(|byte| letters.get(usize::from(*byte) % letters.len()));
        drawn.extend(fresh.take(length - drawn.len()).map(|letter| char::from(*letter)));
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_strong_and_differ() {
        let (one, other) = (random(LETTERS, LENGTH).unwrap(), random(LETTERS, LENGTH).unwrap());
        assert_ne!(one, other);
        assert!(one.len() == LENGTH && one.bytes().all(|byte| LETTERS.contains(&byte)));
        assert!(!LETTERS.iter().any(|letter| b"lo01IO".contains(letter)) || LETTERS.len() == 56);
        assert!(random(DIGITS, PIN_LENGTH).unwrap().bytes().all(|byte| byte.is_ascii_digit()));
    }

    #[test]
    fn every_letter_is_drawn() {
        let many = random(LETTERS, 4_000).unwrap();
        assert!(LETTERS.iter().all(|letter| many.bytes().any(|drawn| drawn == *letter)));
    }
}
