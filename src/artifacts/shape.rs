//! What a page looks like that was not written to be read.
//!
//! Licensed modules are packed too, by programs that say so in the first line (ionCube, SourceGuardian); a page
//! that unpacks and runs itself without such a name is what intruders leave.

use super::place::names_interpreter;
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
    if let Some(at) = disguised_call(head) {
        let says = "hands what it is sent to a function whose name it disguises";
        shapes.push(Shape { confidence: Confidence::High, says, at });
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_code = memchr::memmem::find(beginning, b"<?php").is_some() || names_interpreter(beginning);
    if name.starts_with('.') && is_code {
        let says = "is a program that is hidden by its name";
        shapes.push(Shape { confidence: Confidence::Medium, says, at: 0 });
    }
    if let Some(says) = is_in_data(path, head).filter(|_| is_code) {
        shapes.push(Shape { confidence: Confidence::Medium, says, at: 0 });
    }
    shapes
}

/// Finds a call, with something out of the request, of a function that a variable names, where the name was turned
/// round, rotated, decoded or put together from pieces: who means no harm writes it out.
fn disguised_call(head: &[u8]) -> Option<usize> {
    const DISGUISES: [&[u8]; 6] = [b"str_rot13(", b"strrev(", b"base64_decode(", b"chr(", b"\".\"", b"'.'"];
    const REQUEST: [&[u8]; 4] = [b"$_POST", b"$_GET", b"$_REQUEST", b"$_COOKIE"];
    /// Variables looked at, and bytes of a value and of a call's arguments.
    const MOST: usize = 200;
    const LONGEST: usize = 400;
    let has =
        |text: &[u8], words: &[&[u8]]| words.iter().any(|word| memchr::memmem::find(text, word).is_some());
    if !has(head, &REQUEST) {
        return None;
    }
    let assigned = memchr::memchr_iter(b'$', head).filter_map(|at| {
        let (name, rest) = variable(head.get(at..)?)?;
        let value = rest.trim_ascii_start().strip_prefix(b"=").filter(|value| !value.starts_with(b"="))?;
        let value = value.split(|&byte| byte == b';').next()?;
        let value = value.get(..LONGEST).unwrap_or(value);
        has(value, &DISGUISES).then_some((at, name))
    });
    assigned.take(MOST).find_map(|(at, name)| {
        let behind = head.get(at + 1..)?;
        let is_called = memchr::memmem::find_iter(behind, name).any(|found| {
            let rest = behind.get(found + name.len()..).unwrap_or_default();
            let arguments = rest.trim_ascii_start().strip_prefix(b"(").unwrap_or_default();
            let end = memchr::memchr(b';', arguments).unwrap_or(arguments.len()).min(LONGEST);
            has(arguments.get(..end).unwrap_or_default(), &REQUEST)
        });
        is_called.then_some(at)
    })
}

/// Splits a variable with its `$` from what follows it.
fn variable(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let letters =
        text.get(1..)?.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    (letters > 0).then(|| text.split_at_checked(letters + 1))?
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
    fn names_of_functions_in_disguise_are_told_from_names_written_out() {
        let says_so = |text: &str| says("html/a.php", text).iter().any(|says| says.contains("disguises"));
        for text in [
            "<?php $k=str_rot13(\"flfgrz\");@$k($_POST[\"q\"]);",
            "<?php $z = strrev('edoced_46esab');\n$z( $_REQUEST['c'] );",
            "<?php $a=\"b\".\"ase6\".\"4_dec\".\"ode\";@eval($a($_COOKIE[\"c\"]));",
        ] {
            assert!(says_so(text), "{text}");
        }
        for text in [
            "<?php $name = base64_decode($_POST['name']); print(htmlspecialchars($name));",
            "<?php $handler = 'show'; $handler($_GET['page']);",
            "<?php $text = str_rot13($secret); mail($to, $text);",
            "<?php $class = $_GET['class']; new $class();",
        ] {
            assert!(!says_so(text), "{text}");
        }
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
