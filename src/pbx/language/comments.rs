//! Comments of the Asterisk configuration language.
//!
//! `;` ends a line unless `\` stands before it, `;--` (no third dash) opens a block and `--;` closes
//! it; blocks nest, and text on both sides of a block on one line is joined (`main/config.c`,
//! `config_text_file_load`). A `--;` outside a block takes the counter below zero, so that Asterisk
//! skips what follows up to the next `;--`; the same is done here, since what Asterisk skips is not live.

/// Blocks nest no deeper (`MAX_NESTED_COMMENTS`).
const DEEPEST: i32 = 128;

/// How far comments have got, from line to line of one file.
#[derive(Debug, Default)]
pub(in crate::pbx) struct Comments {
    depth: i32,
    opened: u32,
}

impl Comments {
    /// Returns what Asterisk would interpret of a line; `None` where all of it is comment.
    pub(in crate::pbx) fn cut(&mut self, line: &[u8], number: u32) -> Option<Vec<u8>> {
        let mut kept = (self.depth == 0).then(Vec::new);
        let mut open = kept.is_some();
        let mut rest = line;
        while let Some(at) = memchr::memchr(b';', rest) {
            let (before, after) = rest.split_at(at);
            let after = after.get(1..).unwrap_or_default();
            let next;
            if let Some(text) = before.strip_suffix(b"\\") {
                keep(&mut kept, open, text, b";");
                next = after;
            } else if after.starts_with(b"--") && after.get(2) != Some(&b'-') {
                keep(&mut kept, open, before, b"");
                open = false;
                self.open_block(number);
                next = after.get(2..).unwrap_or_default();
            } else if before.ends_with(b"--") {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    open = true;
                    kept.get_or_insert_with(Vec::new);
                } else {
                    self.opened = if self.depth < 0 { number } else { self.opened };
                    keep(&mut kept, open, before, b";");
                }
                next = after;
            } else if self.depth == 0 {
                keep(&mut kept, open, before, b"");
                return kept;
            } else {
                keep(&mut kept, open, before, b";");
                next = after;
            }
            rest = next;
        }
        keep(&mut kept, open, rest, b"");
        kept
    }

    /// Returns the line from which on everything is comment, at the end of a file.
    pub(super) fn never_closed(&self) -> Option<u32> {
        (self.depth != 0).then_some(self.opened)
    }

    fn open_block(&mut self, number: u32) {
        if self.depth == 0 {
            self.opened = number;
        }
        self.depth = (self.depth + 1).min(DEEPEST);
    }
}

fn keep(kept: &mut Option<Vec<u8>>, open: bool, text: &[u8], more: &[u8]) {
    if let Some(kept) = kept.as_mut().filter(|_| open) {
        kept.extend_from_slice(text);
        kept.extend_from_slice(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(lines: &[&str]) -> Vec<Option<String>> {
        let mut comments = Comments::default();
        let text = |kept: Vec<u8>| String::from_utf8(kept).unwrap();
        lines.iter().zip(1..).map(|(line, number)| comments.cut(line.as_bytes(), number).map(text)).collect()
    }

    #[test]
    fn a_banner_is_no_block() {
        assert_eq!(cut(&[";----------;", "a=1"]), [Some(String::new()), Some("a=1".into())]);
    }

    #[test]
    fn a_block_on_one_line_joins_what_stands_around_it() {
        assert_eq!(cut(&["allow=alaw;-- x --;,g722"]), [Some("allow=alaw,g722".into())]);
    }

    #[test]
    fn blocks_nest_and_an_escaped_semicolon_stays() {
        assert_eq!(
            cut(&[";-- a", "x=1 ;-- b", "--;", "y", "--;", r"s=a\;b;c"]),
            [Some(String::new()), None, None, None, Some(String::new()), Some("s=a;b".into())]
        );
    }

    #[test]
    fn a_stray_close_hides_what_follows() {
        let seen = cut(&["x --; y", "lost=1", ";-- again", "back=1"]);
        assert_eq!(seen.get(1), Some(&None));
        assert_eq!(seen.get(3), Some(&Some("back=1".into())));
    }
}
