//! A request for a time stamp, written for use elsewhere: this program goes over no network.
//!
//! RFC 3161, section 2.4.1: a `TimeStampReq` holds the digest to be stamped and no more of the document. It is
//! 59 bytes of DER when it asks for the authority's certificate and gives no policy and no nonce; without a
//! nonce the request is the same each time, and `openssl ts -verify -queryfile` takes it as well.

use super::manifest::Hash;

/// The DER around a SHA-256, up to the digest: SEQUENCE { INTEGER 1, SEQUENCE { SEQUENCE { OID, NULL }, OCTET
/// STRING of 32 }, BOOLEAN TRUE }.
const BEFORE: [u8; 24] = [
    0x30, 57, // TimeStampReq
    0x02, 1, 1, // version 1
    0x30, 49, // MessageImprint
    0x30, 13, // AlgorithmIdentifier
    0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, // 2.16.840.1.101.3.4.2.1, SHA-256
    0x05, 0, // no parameters
    0x04, 32, // the digest
];
/// `certReq`: the authority's certificate is wanted in the answer.
const AFTER: [u8; 3] = [0x01, 1, 0xff];

/// Returns the request for a stamp over a digest.
pub(super) fn request(digest: &Hash) -> Vec<u8> {
    [BEFORE.as_slice(), digest, AFTER.as_slice()].concat()
}

/// Returns whether an authority's answer speaks of a digest. Its signature is not checked here.
pub(super) fn speaks_of(answer: &[u8], digest: &Hash) -> bool {
    // `TSTInfo` repeats the imprint as it was sent, OCTET STRING and all.
    let imprint = [&BEFORE[22..], digest].concat();
    answer.windows(imprint.len()).any(|window| window == imprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_hold() {
        let request = request(&[7; 32]);
        assert_eq!(request.len(), usize::from(request[1]) + 2);
        assert_eq!(usize::from(request[6]) + 7, request.len() - AFTER.len());
        assert!(speaks_of(&request, &[7; 32]));
        assert!(!speaks_of(&request, &[8; 32]));
    }
}
