//! JSON that is safe to look at: what a terminal would obey or not show is escaped as `\uXXXX`.
//!
//! JSON itself asks for C0 controls alone to be escaped; `cat report.json` must not let DEL, C1
//! controls or bidirectional marks of an attacker through either.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::untrusted::is_hidden;

/// Writes a value over several lines, keys in the order of the model, a line end after it.
pub fn write_pretty<T: Serialize + ?Sized>(output: &mut dyn Write, value: &T) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *output, Safe(PrettyFormatter::new()));
    value.serialize(&mut serializer)?;
    output.write_all(b"\n")
}

/// Writes a value in one line, a line end after it.
pub fn write_line<T: Serialize + ?Sized>(output: &mut dyn Write, value: &T) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *output, Safe(CompactFormatter));
    value.serialize(&mut serializer)?;
    output.write_all(b"\n")
}

/// Escapes more than JSON asks for, and leaves the layout to the formatter within.
struct Safe<F>(F);

macro_rules! pass_on {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        }
    )*};
}

impl<F: Formatter> Formatter for Safe<F> {
    pass_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        for (at, hidden) in fragment.char_indices().filter(|(_, character)| is_hidden(*character)) {
            writer.write_all(fragment.get(written..at).unwrap_or_default().as_bytes())?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + hidden.len_utf8();
        }
        writer.write_all(fragment.get(written..).unwrap_or_default().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hidden_characters_are_escaped() {
        let mut line = Vec::new();
        write_line(&mut line, "\x1b\x7f\u{9b}\u{202e}\u{2028}\u{e0041}é\"").unwrap();
        let expected = r#""\u001b\u007f\u009b\u202e\u2028\udb40\udc41é\"""#;
        assert_eq!(String::from_utf8(line).unwrap(), format!("{expected}\n"));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let mut bytes = Vec::new();
            write_pretty(&mut bytes, &[&text]).unwrap();
            let shown = String::from_utf8(bytes).unwrap();
            prop_assert!(!shown.chars().any(|c| c != '\n' && is_hidden(c)));
            prop_assert_eq!(serde_json::from_str::<[String; 1]>(&shown).unwrap(), [text]);
        }
    }
}
