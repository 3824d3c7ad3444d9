//! The fields of a tar: numbers, texts, and the records of pax, which put right what a header is too
//! small for.

use super::sparse::Sparse;

/// Returns a text up to its first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.get(..memchr::memchr(0, field).unwrap_or(field.len())).unwrap_or_default()
}

/// Reads a number of a header: octal digits, or base 256 where the first bit is set.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // The second bit says that it is negative, which no size and no time here may be.
        if first & 0x40 != 0 {
            return None;
        }
        let start = u64::from(first & 0x3f);
        let more = |value: u64, &byte: &u8| value.checked_mul(256)?.checked_add(u64::from(byte));
        return rest.iter().try_fold(start, more);
    }
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_u64, |value, &digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// What the records before an entry say of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// Seconds from 1970.
    pub(super) modified: Option<i64>,
    /// The name of a sparse member, whose path names a place of tar's own.
    pub(super) sparse_name: Option<Vec<u8>>,
    /// The size of a sparse member with its holes.
    pub(super) real_size: Option<u64>,
    sparse_major: Option<u64>,
    /// Offsets and lengths of what is no hole, in turn.
    map: Option<Vec<u64>>,
}

impl Pax {
    /// Takes in records of the form `LENGTH KEY=VALUE\n`; the first damaged one ends them.
    pub(super) fn take(&mut self, mut records: &[u8]) {
        while let Some((key, value, rest)) = record(records) {
            self.set(key, value);
            records = rest;
        }
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"path" => self.path = Some(text(value).to_vec()),
            b"linkpath" => self.target = Some(text(value).to_vec()),
            b"size" => self.size = decimal(value),
            b"mtime" => self.modified = seconds(value),
            b"GNU.sparse.name" => self.sparse_name = Some(text(value).to_vec()),
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => self.real_size = decimal(value),
            b"GNU.sparse.major" => self.sparse_major = decimal(value),
            b"GNU.sparse.map" => self.map = value.split(|&byte| byte == b',').map(decimal).collect(),
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                if let Some(value) = decimal(value) {
                    self.map.get_or_insert_default().push(value);
                }
            }
            _ => {}
        }
    }

    /// Returns whether the contents begin with the map of the holes (form 1.0).
    pub(super) fn is_sparse_by_map_in_contents(&self) -> bool {
        self.sparse_major == Some(1)
    }

    /// Returns the holes that the records tell (forms 0.0 and 0.1).
    pub(super) fn sparse(&self) -> Option<Sparse> {
        let pairs = self.map.as_ref()?.chunks_exact(2);
        Some(Sparse::new(self.real_size?, pairs.map(|pair| (pair[0], pair[1])).collect()))
    }
}

/// Takes the first record apart, and returns what follows it.
fn record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = memchr::memchr(b' ', records.get(..records.len().min(20))?)?;
    let length = usize::try_from(decimal(records.get(..space)?)?).ok()?;
    let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', record)?;
    Some((record.get(..equals)?, record.get(equals + 1..)?, records.get(length..)?))
}

pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, &digit| match digit {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// Reads the whole seconds of a time like `-12.5`.
fn seconds(value: &[u8]) -> Option<i64> {
    let whole = value.split(|&byte| byte == b'.').next()?;
    let (is_negative, digits) = whole.strip_prefix(b"-").map_or((false, whole), |digits| (true, digits));
    let seconds = i64::try_from(decimal(digits)?).ok()?;
    Some(if is_negative { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(b"77777777777\0"), Some(0o77_777_777_777));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\x01"), Some((2 << 32) + 1));
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff"), None);
        assert_eq!(number(b"12a\0"), None);
        assert_eq!(number(b""), None);
    }

    #[test]
    fn records_set_what_they_name() {
        let mut pax = Pax::default();
        pax.take(b"30 mtime=1772683200.123456789\n11 path=x/y\n18 size=8589934592\nrubbish");
        assert_eq!(pax.modified, Some(1_772_683_200));
        assert_eq!(pax.path.as_deref(), None, "its length is wrong");
        let mut pax = Pax::default();
        pax.take(b"12 path=x/y\n19 size=8589934592\n999 path=z\n");
        assert_eq!((pax.path.as_deref(), pax.size), (Some(b"x/y".as_slice()), Some(8_589_934_592)));
    }

    proptest::proptest! {
        #[test]
        fn any_records_end(records in "([0-9]{1,3} [a-z]{0,4}=.{0,6}\n?){0,6}") {
            Pax::default().take(records.as_bytes());
        }
    }
}
