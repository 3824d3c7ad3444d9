//! Fields that systemd packed: xz before 2013, LZ4 until 246, zstd since.

use std::io::Read;

use crate::evidence::Packing;

/// Flags of an object, one of which says how it is packed (`journal-def.h`).
const XZ: u8 = 1;
const LZ4: u8 = 2;
const ZSTD: u8 = 4;
/// Those three.
pub(super) const ANY: u8 = XZ | LZ4 | ZSTD;

/// Unpacks up to `most` bytes of a field, or nothing where it is damaged.
pub(super) fn unpacked(flags: u8, packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let packing = match flags & ANY {
        XZ => Packing::Xz,
        ZSTD => Packing::Zstd,
        LZ4 => return lz4(packed.get(8..)?, most),
        _ => return None,
    };
    let mut text = Vec::new();
    // What came before a break is good.
    let _ = packing.unpack(packed).take(most as u64).read_to_end(&mut text);
    (!text.is_empty()).then_some(text)
}

/// Unpacks a block of LZ4: so many bytes as they are, then so many again from where they stood before.
///
/// The form is `lz4_Block_format.md`; systemd puts the length before it, eight bytes.
fn lz4(block: &[u8], most: usize) -> Option<Vec<u8>> {
    const SHORTEST_COPY: usize = 4;
    let mut text = Vec::new();
    let mut rest = block;
    while text.len() < most {
        let (&token, after) = rest.split_first()?;
        rest = after;
        let literals = length(usize::from(token >> 4), &mut rest)?;
        text.extend_from_slice(rest.get(..literals)?);
        rest = rest.get(literals..)?;
        // The last sequence is bytes as they are.
        let Some((distance, after)) = rest.split_first_chunk::<2>() else { break };
        rest = after;
        let distance = usize::from(u16::from_le_bytes(*distance));
        let copied = length(usize::from(token & 15), &mut rest)?.checked_add(SHORTEST_COPY)?;
        let from = text.len().checked_sub(distance).filter(|_| distance > 0)?;
        // A copy may run into what it writes.
        for at in from..from + copied.min(most.saturating_sub(text.len())) {
            let byte = *text.get(at)?;
            text.push(byte);
        }
    }
    text.truncate(most);
    Some(text)
}

/// Reads a length of which the token has the first part: 15 says that bytes follow, as long as they are 255.
fn length(first: usize, rest: &mut &[u8]) -> Option<usize> {
    let mut length = first;
    if first == 15 {
        loop {
            let (&more, after) = rest.split_first()?;
            *rest = after;
            length = length.checked_add(usize::from(more))?;
            if more != 255 {
                break;
            }
        }
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_lz4_comes_back() {
        // Ten bytes as they are, 78 copied from two before, five as they are.
        let block = b"\xafMESSAGE=ab\x02\x00\x3b\x50end!!";
        let text = lz4(block, 1_000).expect("a whole block");
        assert_eq!(text, [b"MESSAGE=".as_slice(), &b"ab".repeat(40), b"end!!"].concat());
        assert_eq!(lz4(block, 9).expect("its beginning"), b"MESSAGE=a");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(flags: u8, bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let text = unpacked(flags, &bytes, 4_096).unwrap_or_default();
            proptest::prop_assert!(text.len() <= 4_096);
        }
    }
}
