//! What a page looks like that was not written to be read.
//!
//! Licensed modules are packed too, by programs that say so in the first line (ionCube, SourceGuardian); a page
//! that unpacks and runs itself without such a name is what intruders leave.

use crate::indicators::Confidence;

/// A line from here on is not written by hand, in bytes.
const LONG: usize = 2_000;
/// Bits a byte from which a text is packed: base64 has 6, PHP 5.
const PACKED_BITS: f64 = 5.6;
/// Names of programs that pack what is sold.
const PACKERS: [&[u8]; 4] = [b"ionCube", b"sg_load", b"SourceGuardian", b"Zend;"];

/// What a page's shape tells: how sure, and in words; and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) confidence: Confidence,
    pub(super) says: &'static str,
    pub(super) at: usize,
}

/// Looks at a page.
pub(super) fn of(path: &str, head: &[u8]) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let beginning = head.get(..1024).unwrap_or(head);
    let is_sold = PACKERS.iter().any(|packer| memchr::memmem::find(beginning, packer).is_some());
    if let Some(at) = packed(head).filter(|_| !is_sold) {
        let says = "runs a long text that nobody can read";
        shapes.push(Shape { confidence: Confidence::Medium, says, at });
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_code = memchr::memmem::find(beginning, b"<?php").is_some() || beginning.starts_with(b"#!");
    if name.starts_with('.') && is_code {
        let says = "is a program that is hidden by its name";
        shapes.push(Shape { confidence: Confidence::Medium, says, at: 0 });
    }
    if let Some(says) = is_in_data(path, head).filter(|_| is_code) {
        shapes.push(Shape { confidence: Confidence::Medium, says, at: 0 });
    }
    shapes
}

/// Finds a long line of packed text in a page that runs text.
fn packed(head: &[u8]) -> Option<usize> {
    let runs = [&b"eval"[..], b"assert", b"create_function", b"include", b"preg_replace"];
    if !runs.iter().any(|word| memchr::memmem::find(head, word).is_some()) {
        return None;
    }
    let mut at = 0;
    for line in head.split(|&byte| byte == b'\n') {
        if line.len() >= LONG && bits(line) >= PACKED_BITS {
            return Some(at);
        }
        at += line.len() + 1;
    }
    None
}

/// Returns the entropy of a text, in bits a byte.
fn bits(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in text {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let all = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|&count| f64::from(count) / all)
        .map(|part| -part * part.log2())
        .sum()
}

/// Tells a page that lies among data and does what a page among data has no business to do.
fn is_in_data(path: &str, head: &[u8]) -> Option<&'static str> {
    const DATA: [&str; 9] =
        ["uploads", "upload", "sounds", "moh", "recordings_data", "images", "fonts", "monitor", "voicemail"];
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let is_data = folders.split('/').any(|folder| DATA.contains(&folder));
    let is_picture =
        [".png", ".jpg", ".jpeg", ".gif", ".ico", ".wav", ".mp3"].iter().any(|end| path.ends_with(end));
    const RUNS: [&[u8]; 9] = [
        b"system",
        b"passthru",
        b"shell_exec",
        b"eval",
        b"assert",
        b"popen",
        b"proc_open",
        b"move_uploaded_file",
        b"file_put_contents",
    ];
    let runs = || RUNS.iter().any(|word| memchr::memmem::find(head, word).is_some());
    if is_picture {
        return Some("is a program under the name of a picture or sound");
    }
    (is_data && runs()).then_some("is a program that runs commands or writes files, in a folder for data")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(path: &str, text: &str) -> Vec<&'static str> {
        of(path, text.as_bytes()).into_iter().map(|shape| shape.says).collect()
    }

    #[test]
    fn packed_pages_are_told_from_sold_ones() {
        let alphabet: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['+', '/']).collect();
        let mut number = 1_u64;
        let mut letter = || {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            alphabet[(number >> 58) as usize]
        };
        let text: String = (0..4_000).map(|_| letter()).collect();
        let page = format!("<?php\neval(gzinflate(base64_decode('{text}')));\n");
        assert_eq!(says("/var/www/html/a.php", &page), ["runs a long text that nobody can read"]);
        let sold =
            format!("<?php //0046a\nif(!extension_loaded('ionCube Loader')){{include 'x';}}\n{text}\n");
        assert!(says("/var/www/html/a.php", &sold).is_empty());
        let written = format!("<?php\ninclude 'a.php';\n{}\n", "$a = 1; ".repeat(500));
        assert!(says("/var/www/html/a.php", &written).is_empty());
    }

    #[test]
    fn hidden_and_misplaced_pages() {
        assert_eq!(says("/var/www/html/.a.sh", "#!/bin/sh\n").len(), 1);
        assert_eq!(says("/var/www/html/uploads/a.php", "<?php system('id');").len(), 1);
        assert!(says("/var/www/html/images/index.php", "<?php header('Location: /');").is_empty());
        assert_eq!(says("/var/www/html/logo.png", "GIF89a<?php x();").len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_have_a_shape(path in ".{0,40}", head in proptest::collection::vec(proptest::num::u8::ANY, 0..4_000)) {
            let _ = of(&path, &head);
        }
    }
}
