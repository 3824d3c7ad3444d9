//! The packed form of old Grandstream phones, `cfg<mac>`.
//!
//! Four bytes tell the length in 16-bit words, two are a checksum, six the hardware address, then two
//! line ends and `P47=..&P34=..`, percent-encoded and padded with zeros.

/// Where the settings begin.
const HEADER: usize = 16;

/// Returns whether a file has that form.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk::<4>().map(|length| u32::from_be_bytes(*length));
    length.is_some_and(|words| (8..=32 * 1024).contains(&words))
        && bytes.get(12..HEADER) == Some(b"\r\n\r\n")
        && bytes.get(HEADER) == Some(&b'P')
}

/// Returns the settings one a line, each at the offset where it stands in the file.
pub(super) fn lines(bytes: &[u8]) -> Vec<u8> {
    let settings = bytes.get(HEADER..).unwrap_or_default();
    let mut lines = vec![b'\n'; bytes.len().min(HEADER)];
    lines.extend(settings.iter().map(|&byte| if matches!(byte, b'&' | 0) { b'\n' } else { byte }));
    lines
}

/// Decodes `%NN`.
pub(super) fn decode(value: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match digits.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_keep_their_offsets() {
        let mut file = b"\0\0\0\x10\0\0\x00\x0b\x82\0\0\x01\r\n\r\n".to_vec();
        file.extend_from_slice(b"P35=3007&P34=a%26b\0");
        assert!(is_binary(&file));
        let lines = lines(&file);
        assert_eq!(lines.len(), file.len());
        assert_eq!(lines.get(16..24), Some(b"P35=3007".as_slice()));
        assert_eq!(decode(b"a%26b%"), b"a&b%");
    }
}
