//! The columns of a table: their types as MariaDB numbers them, and how many bytes a value takes.
//!
//! Type numbers are those of the client protocol (`enum_field_types`), as a `.frm` file has them.

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// May it be NULL?
    pub is_nullable: bool,
    /// The collation's number, which tells the character set.
    pub collation: u16,
}

/// What a column holds, and how wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of so many bytes.
    Integer {
        /// Bytes.
        width: usize,
        /// Has it no sign?
        is_unsigned: bool,
    },
    /// A floating number of four or eight bytes.
    Real {
        /// Bytes.
        width: usize,
    },
    /// A packed decimal number.
    Decimal {
        /// Digits in all.
        digits: usize,
        /// Digits behind the point.
        scale: usize,
    },
    /// Text or bytes of varying length, of at most so many bytes.
    Varying {
        /// The longest value in bytes.
        longest: usize,
    },
    /// Text or bytes filled up to so many bytes.
    Fixed {
        /// Bytes.
        width: usize,
    },
    /// Text or bytes whose length takes so many bytes (`TEXT`, `BLOB`, `LONGTEXT`).
    Blob {
        /// Bytes of the length.
        width: usize,
    },
    /// `DATETIME`, with digits behind the second.
    DateTime {
        /// Digits.
        decimals: usize,
    },
    /// `TIMESTAMP`, with digits behind the second.
    Timestamp {
        /// Digits.
        decimals: usize,
    },
    /// `TIME`, with digits behind the second.
    Time {
        /// Digits.
        decimals: usize,
    },
    /// `DATETIME` of eight bytes, as before MariaDB 10.1.
    OldDateTime,
    /// `DATE` of three bytes.
    Date,
    /// `TIME` of three bytes, as before MariaDB 10.1.
    OldTime,
    /// `TIMESTAMP` of four bytes, as before MariaDB 10.1.
    OldTimestamp,
    /// `YEAR`.
    Year,
    /// `ENUM`, one of these words.
    Enum {
        /// Bytes.
        width: usize,
        /// The words, the first being number 1.
        words: Vec<String>,
    },
    /// `SET`, any of these words.
    Set {
        /// Bytes.
        width: usize,
        /// The words, the first being the lowest bit.
        words: Vec<String>,
    },
    /// `BIT`, of so many bytes.
    Bit {
        /// Bytes.
        width: usize,
    },
}

impl Column {
    /// Returns how many bytes every value takes, or `None` where that differs.
    pub(super) fn width(&self) -> Option<usize> {
        Some(match self.kind {
            Kind::Integer { width, .. }
            | Kind::Real { width }
            | Kind::Fixed { width }
            | Kind::Enum { width, .. }
            | Kind::Set { width, .. }
            | Kind::Bit { width } => width,
            Kind::Decimal { digits, scale } => decimal_width(digits, scale),
            Kind::DateTime { decimals } => 5 + fraction_width(decimals),
            Kind::Timestamp { decimals } => 4 + fraction_width(decimals),
            Kind::Time { decimals } => 3 + fraction_width(decimals),
            Kind::OldDateTime => 8,
            Kind::Date | Kind::OldTime => 3,
            Kind::OldTimestamp => 4,
            Kind::Year => 1,
            Kind::Varying { .. } | Kind::Blob { .. } => return None,
        })
    }

    /// Returns how many bytes every value takes in InnoDB's newer row formats.
    ///
    /// A `CHAR` in a character set whose characters differ in length is stored as long as it is.
    pub(super) fn compact_width(&self) -> Option<usize> {
        match self.kind {
            Kind::Fixed { .. } if has_varying_characters(self.collation) => None,
            _ => self.width(),
        }
    }

    /// May a value be longer than 255 bytes, so that its length may take two bytes?
    pub(super) fn is_long(&self) -> bool {
        match self.kind {
            Kind::Varying { longest } => longest > 255,
            Kind::Fixed { width } => width > 255,
            Kind::Blob { .. } => true,
            _ => false,
        }
    }

    /// Returns whether it holds text or bytes.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Varying { .. } | Kind::Fixed { .. } | Kind::Blob { .. })
    }
}

/// The collation of plain bytes.
pub(super) const BINARY: u16 = 63;

/// Do the characters of a collation's character set differ in length?
///
/// Collation numbers are fixed for all versions; those of MariaDB that ignore no trailing spaces lie
/// 1024 higher, and those of Unicode 14 from 2048 on.
pub(super) fn has_varying_characters(collation: u16) -> bool {
    match collation {
        2048..=2559 => true,
        1024..=2047 => has_varying_characters(collation - 1024),
        // big5, sjis, gb2312, gbk, utf8, ujis, euckr, utf8mb4, eucjpms, cp932, utf16, utf8 by language.
        1 | 84 | 13 | 88 | 24 | 86 | 28 | 87 | 33 | 83 | 12 | 91 | 19 | 85 => true,
        45 | 46 | 97 | 98 | 95 | 96 | 54 | 55 | 56 | 62 => true,
        101..=124 | 192..=215 | 223 | 224..=247 | 576..=609 | 640..=670 | 672..=700 => true,
        _ => false,
    }
}

/// Is the character set Latin-1, which MariaDB means as Windows-1252?
pub(super) fn is_latin1(collation: u16) -> bool {
    matches!(collation & !1024, 5 | 8 | 15 | 31 | 47 | 48 | 49 | 94)
}

/// Is the character set a form of UTF-8?
pub(super) fn is_utf8(collation: u16) -> bool {
    match collation {
        2048..=2559 => true,
        1024..=2047 => is_utf8(collation - 1024),
        33 | 83 | 45 | 46 | 192..=215 | 223 | 224..=247 | 576..=609 => true,
        _ => false,
    }
}

/// Returns how many bytes the digits behind a second take.
pub(super) fn fraction_width(decimals: usize) -> usize {
    decimals.min(6).div_ceil(2)
}

/// Bytes that so many decimal digits take: nine digits fill four bytes.
const DIGIT_BYTES: [usize; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// Returns how many bytes a packed decimal number takes.
pub(super) fn decimal_width(digits: usize, scale: usize) -> usize {
    let part = |digits: usize| digits / 9 * 4 + DIGIT_BYTES.get(digits % 9).copied().unwrap_or(0);
    part(digits.saturating_sub(scale)) + part(scale)
}
