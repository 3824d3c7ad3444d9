//! `secrets.json` of a case: what is kept of the secrets that were in force, and reading it again.
//!
//! Which secrets: those of the accounts that were taken over, then trunks, then whoever may administer, then the
//! other accounts, as many as can be hashed in some seconds. The file may be read by its owner only.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::pbx::{IMPRINT_METHOD, Imprint, SecretKind, Values};
use crate::report::json;

/// The name and version of the file's form.
pub(super) const SCHEMA: &str = "tolltrace.secrets/1";
/// Slow hashes made for one case: some five seconds of one processor.
const MOST_SLOW: usize = 200;
/// Secrets kept in all, those without a hash included.
const MOST: usize = 4_000;
/// Longest name that is kept, in bytes.
const LONGEST_NAME: usize = 512;

/// What a case keeps of its secrets.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The imprints, the most important first.
    pub imprints: Vec<Imprint>,
    /// How many secrets were left out.
    pub left_out: usize,
}

/// The file's form.
#[derive(Deserialize, Serialize)]
struct Form {
    schema: String,
    method: String,
    left_out: usize,
    secrets: Vec<Row>,
}

#[derive(Deserialize, Serialize)]
struct Row {
    kind: String,
    owner: String,
    /// Is it one that is guessed? Then no hash of it is kept, which would give it away.
    guessable: bool,
    salt: String,
    hash: Option<String>,
}

impl Kept {
    /// Makes the imprints of a case; `seed` tells what differs from case to case.
    pub fn of(values: &Values, taken: &BTreeSet<String>, seed: &[u8]) -> Self {
        let mut order: Vec<(u8, usize)> = values
            .list()
            .filter(|(_, _, owner, _)| owner.len() <= LONGEST_NAME)
            .map(|(number, kind, owner, _)| (rank(kind, taken.contains(owner)), number))
            .collect();
        order.sort_unstable();
        let mut slow = 0;
        order.retain(|(_, number)| {
            slow += usize::from(values.is_slow(*number));
            slow <= MOST_SLOW || !values.is_slow(*number)
        });
        order.truncate(MOST);
        let left_out = values.count() - order.len();
        let imprints = order.par_iter().filter_map(|(_, number)| values.imprint(*number, seed)).collect();
        Kept { imprints, left_out }
    }

    /// Writes the file.
    pub fn to_json(&self) -> std::io::Result<Vec<u8>> {
        let row = |imprint: &Imprint| Row {
            kind: imprint.kind.clone(),
            owner: imprint.owner.clone(),
            guessable: imprint.is_guessable,
            salt: hex(&imprint.salt),
            hash: imprint.hash.as_ref().map(|hash| hex(hash)),
        };
        let form = Form {
            schema: SCHEMA.to_owned(),
            method: IMPRINT_METHOD.to_owned(),
            left_out: self.left_out,
            secrets: self.imprints.iter().map(row).collect(),
        };
        let mut bytes = Vec::new();
        json::write_pretty(&mut bytes, &form)?;
        Ok(bytes)
    }

    /// Reads the file, which anybody may have written anew: only what this version itself would write is taken,
    /// so that no number in it makes hashing slower than it is.
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let form: Form = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if form.schema != SCHEMA || form.method != IMPRINT_METHOD {
            return Err("its form is not one that this version knows".to_owned());
        }
        let mut slow = 0;
        let mut imprints = Vec::new();
        for row in form.secrets.into_iter().take(MOST) {
            let salt = unhex(&row.salt).ok_or("a salt in it is none")?;
            let hash = row.hash.map(|hash| unhex(&hash).ok_or("a hash in it is none")).transpose()?;
            slow += usize::from(hash.is_some());
            if slow > MOST_SLOW || row.owner.len() > LONGEST_NAME {
                return Err("it holds more than is ever kept".to_owned());
            }
            imprints.push(Imprint {
                kind: row.kind,
                owner: row.owner,
                salt,
                hash,
                is_guessable: row.guessable,
            });
        }
        Ok(Kept { imprints, left_out: form.left_out })
    }
}

/// Who comes first.
fn rank(kind: SecretKind, is_taken: bool) -> u8 {
    match kind {
        SecretKind::Sip | SecretKind::Pjsip | SecretKind::Iax if is_taken => 0,
        SecretKind::Trunk => 1,
        SecretKind::Panel | SecretKind::Manager | SecretKind::Ari | SecretKind::EventSocket => 2,
        SecretKind::Database => 3,
        SecretKind::Sip | SecretKind::Pjsip | SecretKind::Iax => 4,
        SecretKind::Voicemail => 5,
        SecretKind::PhonePage => 6,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    if text.len() != LENGTH * 2 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let imprint = |hash| Imprint {
            kind: "SIP account".to_owned(),
            owner: "205".to_owned(),
            salt: [7; 16],
            hash,
            is_guessable: false,
        };
        let kept = Kept { imprints: vec![imprint(None), imprint(Some([9; 32]))], left_out: 3 };
        let read = Kept::from_json(&kept.to_json().unwrap()).unwrap();
        assert_eq!((read.imprints, read.left_out), (kept.imprints, 3));
    }

    #[test]
    fn what_another_wrote_is_refused() {
        for (from, to) in [
            (SCHEMA, "tolltrace.secrets/9"),
            ("m=19456 KiB", "m=4194304 KiB"),
            ("0707", "07"),
            ("\"owner\": \"205\"", "\"owner\": 205"),
        ] {
            let imprints = vec![Imprint {
                kind: "trunk".to_owned(),
                owner: "205".to_owned(),
                salt: [7; 16],
                hash: None,
                is_guessable: true,
            }];
            let text = String::from_utf8(Kept { imprints, left_out: 0 }.to_json().unwrap()).unwrap();
            assert!(Kept::from_json(text.replacen(from, to, 1).as_bytes()).is_err(), "{from}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, text in ".{0,80}") {
            let _ = (Kept::from_json(&bytes), unhex::<16>(&text));
        }
    }
}
