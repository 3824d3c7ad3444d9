//! Text that came from evidence, and the only ways it may be shown.
//!
//! Whoever sends a SIP packet writes into the log: user agents, caller names, Call-IDs and dialled
//! strings are an attacker's words. They reach an output only through that output's escaping.

use serde::Serialize;

/// Text from evidence. It has no `Display`; each output asks for its own form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted(String);

impl Untrusted {
    /// Takes bytes as they stood in the evidence; bytes that are no UTF-8 become `\xNN`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len());
        for piece in bytes.utf8_chunks() {
            text.push_str(piece.valid());
            for byte in piece.invalid() {
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        Untrusted(text)
    }

    /// Returns the text for comparing and parsing, never for showing.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Untrusted(text.to_owned())
    }
}

impl Serialize for Untrusted {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
