//! The secrets in force themselves, kept for one purpose: to tell later whether they were changed.
//!
//! They stay in memory and show themselves nowhere. What may be written to a case is an [`Imprint`]: a salted
//! Argon2id hash (RFC 9106), which costs whoever tries words on it some hundredths of a second and 19 MiB each.
//! Of a secret that a guesser finds all the same (a word with a year, any PIN) not even that is kept: that it was
//! weak is enough to tell a strong one from it.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};

use super::held::{HeldSecret, SecretKind};
use super::{Secret, class};
use crate::event::Citation;

/// What an imprint is made with; a change of it needs another schema of the file that holds imprints.
pub const METHOD: &str = "argon2id v=19, m=19456 KiB, t=2, p=1, 32 bytes";
const KIBIBYTES: u32 = 19_456;
const PASSES: u32 = 2;
/// Fewer tries than this are gone through in spite of the slow hash: some two years of one processor.
const GUESSABLE: f64 = 2e9;

/// The secrets in force of one case.
#[derive(Default)]
pub struct Values(Vec<Value>);

/// One of them.
struct Value {
    kind: SecretKind,
    owner: String,
    place: Citation,
    form: Form,
    is_guessable: bool,
}

/// In which form a secret stands in the configuration.
enum Form {
    /// As it is typed.
    Typed(Secret),
    /// As an unsalted hash, which is the same as long as the secret is.
    Digest(Secret),
    /// In one that tells nothing: encrypted, or salted anew each time.
    Hidden,
}

/// What is kept of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imprint {
    /// What it protects, in the report's word.
    pub kind: String,
    /// Whose it is.
    pub owner: String,
    /// What was mixed in.
    pub salt: [u8; 16],
    /// The slow hash; `None` where it would give the secret away, or the secret cannot be read.
    pub hash: Option<[u8; 32]>,
    /// Is it one that is guessed?
    pub is_guessable: bool,
}

/// What became of a secret since its imprint was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is the same.
    Same,
    /// It is another.
    Other,
    /// It is one that is guessed, as the one before was: whether it is the same does not matter.
    GuessableStill,
    /// Nothing of that name has a secret any more.
    Gone,
    /// The one or the other cannot be read.
    CannotTell,
}

impl Values {
    /// Adds a secret; `typed` is the secret, `digest` its unsalted hash where only that is known.
    pub(super) fn add(
        &mut self,
        held: &HeldSecret,
        typed: Option<&Secret>,
        digest: Option<&Secret>,
        tries: Option<f64>,
    ) {
        let form = match (digest, typed) {
            (Some(digest), _) => Form::Digest(digest.clone()),
            (None, Some(typed)) => Form::Typed(typed.clone()),
            (None, None) => Form::Hidden,
        };
        let is_empty = typed.is_some_and(|secret| secret.is(""));
        let is_guessable = is_empty || held.kind.is_pin() || tries.is_some_and(|tries| tries < GUESSABLE);
        let (kind, owner, place) = (held.kind, held.owner.clone(), held.place.clone());
        self.0.push(Value { kind, owner, place, form, is_guessable });
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns what each protects, whose it is and where it stands, with its number.
    pub fn list(&self) -> impl Iterator<Item = (usize, SecretKind, &str, &Citation)> {
        self.0
            .iter()
            .enumerate()
            .map(|(number, value)| (number, value.kind, value.owner.as_str(), &value.place))
    }

    /// Returns whether making an imprint of that one takes its time.
    pub fn is_slow(&self, number: usize) -> bool {
        self.0.get(number).is_some_and(|value| !value.is_guessable && value.bytes().is_some())
    }

    /// Makes the imprint of one. The salt is worked out, so that two runs give the same bytes; it differs from
    /// secret to secret and, by `seed`, from case to case.
    pub fn imprint(&self, number: usize, seed: &[u8]) -> Option<Imprint> {
        let value = self.0.get(number)?;
        let mut sum = Sha256::new();
        for part in [b"tolltrace imprint", seed, value.kind.word().as_bytes(), value.owner.as_bytes()] {
            sum.update((part.len() as u64).to_le_bytes());
            sum.update(part);
        }
        sum.update((number as u64).to_le_bytes());
        let mut salt = [0; 16];
        salt.iter_mut().zip(sum.finalize()).for_each(|(to, from)| *to = from);
        let bytes = value.bytes().filter(|_| !value.is_guessable);
        Some(Imprint {
            kind: value.kind.word().to_owned(),
            owner: value.owner.clone(),
            salt,
            hash: bytes.and_then(|bytes| slow(&bytes, salt)),
            is_guessable: value.is_guessable,
        })
    }

    /// Returns whether an account's secret stands in the configuration as it is typed, and is none that is guessed.
    pub fn is_readable(&self, owner: &str) -> bool {
        let is_typed = |value: &Value| matches!(&value.form, Form::Typed(secret) if !secret.is(""));
        let mine = self.0.iter().filter(|value| value.owner == owner && class(value.kind) == SecretKind::Sip);
        mine.clone().next().is_some() && mine.into_iter().all(|value| is_typed(value) && !value.is_guessable)
    }

    /// Tells what became of the secret of an imprint. An account that went to another driver is the same account.
    pub fn change(&self, imprint: &Imprint) -> Change {
        let is_same_kind = |value: &&Value| {
            value.kind.word() == imprint.kind
                || SecretKind::of_word(&imprint.kind).is_some_and(|kind| class(kind) == class(value.kind))
        };
        let mine: Vec<&Value> =
            self.0.iter().filter(is_same_kind).filter(|value| value.owner == imprint.owner).collect();
        if mine.is_empty() {
            return Change::Gone;
        }
        if imprint.is_guessable {
            return match mine.iter().any(|value| value.is_guessable) {
                true => Change::GuessableStill,
                false if mine.iter().all(|value| value.bytes().is_none()) => Change::CannotTell,
                false => Change::Other,
            };
        }
        let Some(hash) = imprint.hash else { return Change::CannotTell };
        let now = mine.iter().filter_map(|value| value.bytes());
        let mut hashes = now.map(|bytes| slow(&bytes, imprint.salt));
        if hashes.any(|now| now == Some(hash)) {
            Change::Same
        } else if mine.iter().any(|value| matches!(value.form, Form::Hidden)) {
            Change::CannotTell
        } else {
            Change::Other
        }
    }
}

impl Value {
    /// Returns what the slow hash is made of: a hash that the configuration holds is not taken for a password.
    fn bytes(&self) -> Option<Vec<u8>> {
        let marked = |mark: &str, secret: &Secret| [mark.as_bytes(), secret.0.as_bytes()].concat();
        match &self.form {
            Form::Typed(secret) if secret.is("") => None,
            Form::Typed(secret) => Some(marked("typed:", secret)),
            Form::Digest(digest) => Some(marked("digest:", digest)),
            Form::Hidden => None,
        }
    }
}

/// Hashes slowly; `None` only where the machine lacks the memory.
fn slow(bytes: &[u8], salt: [u8; 16]) -> Option<[u8; 32]> {
    let params = Params::new(KIBIBYTES, PASSES, 1, Some(32)).ok()?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(bytes, &salt, &mut hash)
        .ok()?;
    Some(hash)
}

impl fmt::Debug for Values {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Values of {} secrets", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::event::{Place, SourceId};
    use crate::pbx::secret::held::{Reach, Standing};

    fn values(secrets: &[(SecretKind, &str, &str, Option<f64>)]) -> Values {
        let mut values = Values::default();
        for (kind, owner, text, tries) in secrets {
            let held = HeldSecret {
                owner: (*owner).to_owned(),
                kind: *kind,
                weaknesses: BTreeSet::new(),
                reach: Reach::Anywhere,
                standing: Standing::InForce,
                places: 1,
                tries: *tries,
                place: Citation::new(Place { source: SourceId(0), offset: 0, line: 1 }, b""),
            };
            values.add(&held, Some(&Secret::new(text)), None, *tries);
        }
        values
    }

    #[test]
    fn a_change_is_told_from_the_imprint_alone() {
        let before = values(&[
            (SecretKind::Sip, "301", "kT9vwQ2mZp4r", None),
            (SecretKind::Sip, "302", "Lq8-Vn2xTz11", None),
            (SecretKind::Sip, "303", "verano2019", Some(1e5)),
            (SecretKind::Voicemail, "304", "739164", None),
        ]);
        let imprints: Vec<Imprint> = (0..4).filter_map(|number| before.imprint(number, b"case")).collect();
        assert!(imprints[0].hash.is_some() && imprints[2].hash.is_none() && imprints[3].hash.is_none());
        assert_eq!(before.imprint(0, b"case"), Some(imprints[0].clone()));
        assert_ne!(before.imprint(0, b"another").map(|imprint| imprint.salt), Some(imprints[0].salt));
        let now = values(&[
            (SecretKind::Pjsip, "301", "kT9vwQ2mZp4r", None),
            (SecretKind::Sip, "302", "another-Lq8-Vn2xTz", None),
            (SecretKind::Sip, "303", "xkqzvbnw12-77Qp", None),
            (SecretKind::Voicemail, "304", "520417", None),
        ]);
        let told: Vec<Change> = imprints.iter().map(|imprint| now.change(imprint)).collect();
        assert_eq!(told, [Change::Same, Change::Other, Change::Other, Change::GuessableStill]);
        assert_eq!(values(&[]).change(&imprints[0]), Change::Gone);
        assert_eq!(before.change(&imprints[2]), Change::GuessableStill);
    }

    #[test]
    fn nothing_shows_a_secret() {
        let values = values(&[(SecretKind::Trunk, "carrier", "kT9vwQ2mZp4r", None)]);
        let imprint = values.imprint(0, b"").unwrap();
        assert!(!format!("{values:?} {imprint:?}").contains("kT9vwQ2mZp4r"));
    }
}
