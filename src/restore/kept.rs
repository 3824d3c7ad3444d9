//! `secrets.json` of a case: what is kept of the secrets that were in force, and reading it again.
//!
//! Which secrets: those of the accounts that were taken over and those that strangers could read in phone files, then
//! trunks, then whoever may administer, then the other accounts, as many as can be hashed in some seconds. The file
//! may be read by its owner only.

use std::collections::{BTreeMap, BTreeSet};

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
/// Longest path that is kept, in bytes.
const LONGEST_PLACE: usize = 4_096;

/// What a case keeps of its secrets.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The imprints, the most important first.
    pub imprints: Vec<Imprint>,
    /// How many secrets were left out.
    pub left_out: usize,
    /// Accounts whose secrets stood where strangers could read them, whether or not anybody is seen to have done so.
    pub exposed: BTreeSet<String>,
    /// The file of the disk in which each stood, by kind and owner, as far as it was one.
    pub places: BTreeMap<(String, String), String>,
}

/// The file's form.
#[derive(Deserialize, Serialize)]
struct Form {
    schema: String,
    method: String,
    left_out: usize,
    #[serde(default)]
    exposed: BTreeSet<String>,
    secrets: Vec<Row>,
}

#[derive(Deserialize, Serialize)]
struct Row {
    kind: String,
    owner: String,
    /// Is it one that is guessed? Then no hash of it is kept, which would give it away.
    guessable: bool,
    /// The file of the disk that it stood in.
    #[serde(default)]
    place: Option<String>,
    salt: String,
    hash: Option<String>,
}

impl Kept {
    /// Makes the imprints of a case; `seed` tells what differs from case to case.
    pub fn of(values: &Values, taken: &BTreeSet<String>, exposed: BTreeSet<String>, seed: &[u8]) -> Self {
        let is_first = |owner: &str| taken.contains(owner) || exposed.contains(owner);
        let mut order: Vec<(u8, usize)> = values
            .list()
            .filter(|(_, _, owner, _)| owner.len() <= LONGEST_NAME)
            .map(|(number, kind, owner, _)| (rank(kind, is_first(owner)), number))
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
        Kept {
            imprints,
            left_out,
            exposed: exposed.into_iter().take(MOST).collect(),
            places: BTreeMap::new(),
        }
    }

    /// Writes the file.
    pub fn to_json(&self) -> std::io::Result<Vec<u8>> {
        let row = |imprint: &Imprint| Row {
            kind: imprint.kind.clone(),
            owner: imprint.owner.clone(),
            guessable: imprint.is_guessable,
            place: self.places.get(&(imprint.kind.clone(), imprint.owner.clone())).cloned(),
            salt: hex(&imprint.salt),
            hash: imprint.hash.as_ref().map(|hash| hex(hash)),
        };
        let form = Form {
            schema: SCHEMA.to_owned(),
            method: IMPRINT_METHOD.to_owned(),
            left_out: self.left_out,
            exposed: self.exposed.clone(),
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
        let mut places = BTreeMap::new();
        for row in form.secrets.into_iter().take(MOST) {
            let salt = unhex(&row.salt).ok_or("a salt in it is none")?;
            let hash = row.hash.map(|hash| unhex(&hash).ok_or("a hash in it is none")).transpose()?;
            slow += usize::from(hash.is_some());
            if slow > MOST_SLOW || row.owner.len() > LONGEST_NAME {
                return Err("it holds more than is ever kept".to_owned());
            }
            if let Some(place) = row.place.filter(|place| place.len() <= LONGEST_PLACE) {
                places.insert((row.kind.clone(), row.owner.clone()), place);
            }
            imprints.push(Imprint {
                kind: row.kind,
                owner: row.owner,
                salt,
                hash,
                is_guessable: row.guessable,
            });
        }
        let is_kept = |owner: &String| owner.len() <= LONGEST_NAME;
        let exposed = form.exposed.into_iter().filter(is_kept).take(MOST).collect();
        Ok(Kept { imprints, left_out: form.left_out, exposed, places })
    }
}

/// Who comes first.
fn rank(kind: SecretKind, is_first: bool) -> u8 {
    match kind {
        SecretKind::Sip | SecretKind::Pjsip | SecretKind::Iax if is_first => 0,
        SecretKind::Trunk => 1,
        SecretKind::Panel
        | SecretKind::Manager
        | SecretKind::Ari
        | SecretKind::EventSocket
        | SecretKind::FileServer => 2,
        SecretKind::Database | SecretKind::Host => 3,
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
        let exposed = BTreeSet::from(["206".to_owned()]);
        let place = (("SIP account".to_owned(), "205".to_owned()), "/etc/asterisk/sip.conf".to_owned());
        let places = BTreeMap::from([place]);
        let kept =
            Kept { imprints: vec![imprint(None), imprint(Some([9; 32]))], left_out: 3, exposed, places };
        let read = Kept::from_json(&kept.to_json().unwrap()).unwrap();
        assert_eq!((read.imprints, read.left_out, read.exposed), (kept.imprints, 3, kept.exposed));
        assert_eq!(read.places, kept.places);
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
            let text = String::from_utf8(Kept { imprints, ..Kept::default() }.to_json().unwrap()).unwrap();
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
