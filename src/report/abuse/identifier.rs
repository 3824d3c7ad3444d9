//! Identifiers of reports: UUIDs of version 5 (RFC 9562, section 5.5), which are worked out from what they name.
//!
//! XARF asks for a UUID. A random one would make two runs on the same evidence differ, and would let a desk take the
//! same report for two.

use sha1::{Digest, Sha1};

/// The name space of this program's abuse reports: itself of version 5, of the URL name space and
/// `https://github.com/tolltrace/abuse-report`.
const SPACE: [u8; 16] =
    [0xc1, 0x18, 0x95, 0xe3, 0xc0, 0x56, 0x59, 0x4e, 0xb0, 0xe3, 0x4c, 0x04, 0x80, 0xee, 0x3a, 0x79];

/// Returns the identifier of what `name` tells.
pub(super) fn of(name: &str) -> String {
    in_space(&SPACE, name)
}

fn in_space(space: &[u8; 16], name: &str) -> String {
    let digest = Sha1::new().chain_update(space).chain_update(name).finalize();
    let mut bytes = [0u8; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, hashed)| *byte = hashed);
    let number = u128::from_be_bytes(bytes);
    // Version 5, and the variant of the RFC.
    let number = number & !(0xf << 76) | 0x5 << 76;
    let number = number & !(0x3 << 62) | 0x2 << 62;
    let digits = format!("{number:032x}");
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_the_rfc_holds() {
        // RFC 9562, appendix A.4: the DNS name space and www.example.com.
        let dns = 0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8_u128.to_be_bytes();
        assert_eq!(in_space(&dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
        assert_ne!(of("a"), of("b"));
    }
}
