//! The form of custody: filled in where a program knows, blank where a person must sign.
//!
//! The fields are those that NIST SP 800-61 (evidence log) and SP 800-86 ask for: what the item is, who handled
//! it when, in which zone, where it is kept, and each handing over with names and signatures.

use super::{CUSTODY, MANIFEST, Preserved, REQUEST, Record};
use crate::evidence::Evidence;
use crate::report::document::counted;
use crate::untrusted::{code_span, markdown_cell, markdown_sentence};

/// A line for a person to fill in.
const BLANK: &str = "\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_";
/// Rows for handing over.
const HANDINGS: usize = 4;

/// Returns the form; `times` are the beginning and the end of the copying.
pub(super) fn filled(
    preserved: &Preserved,
    evidence: &Evidence,
    record: &Record<'_>,
    times: [&str; 2],
) -> String {
    let text = |given: Option<&str>| given.map_or_else(|| BLANK.to_owned(), markdown_sentence);
    let given = evidence.given.iter().map(|path| code_span(path)).collect::<Vec<_>>().join(", ");
    let command = code_span(&record.command.join(" "));
    let mut form = String::from(
        "# Chain of custody\n\n\
         The program filled in what it knows. **Every line of underscores is for a person**: what it stands for was \
         not seen by the program.\n\n## The item\n\n| | |\n| --- | --- |\n",
    );
    let rows = [
        ("Case number", text(record.case_number)),
        ("Organisation (owner of the system)", text(record.organisation)),
        ("Item number", BLANK.to_owned()),
        ("Evidence, as it was given to the program", given),
        ("Device: kind, maker, model, serial number", BLANK.to_owned()),
        ("Host name and addresses of the device", BLANK.to_owned()),
        ("How it was attached (write blocker, read-only mount, running system)", BLANK.to_owned()),
        ("Where it was seized or copied, by whose authority", BLANK.to_owned()),
        (
            "Copied",
            format!(
                "{}, {} bytes; {}; {}",
                counted(preserved.files, "file"),
                preserved.bytes,
                counted(preserved.links, "link"),
                could_not(preserved)
            ),
        ),
        ("Begun (clock of the copying machine)", markdown_sentence(times[0])),
        ("Ended", markdown_sentence(times[1])),
        ("That clock was compared with", BLANK.to_owned()),
        ("Method", format!("tolltrace {}, {command}", env!("CARGO_PKG_VERSION"))),
        ("SHA-256 of the manifest", format!("`{}`", preserved.fingerprint)),
    ];
    for (name, value) in rows {
        form.push_str(&format!("| {name} | {} |\n", markdown_cell(&value)));
    }
    form.push_str(&handings(record, &text(record.examiner)));
    form.push_str(&how_to_check(preserved));
    form
}

fn could_not(preserved: &Preserved) -> String {
    match preserved.troubles_count {
        0 => "everything that was wanted could be read".to_owned(),
        count => format!("{} with a remark, see `{CUSTODY}`", counted(count, "file")),
    }
}

fn handings(record: &Record<'_>, examiner: &str) -> String {
    let mut text = String::from(
        "\n## Who had it\n\n| | Date, time and zone | Released by (name, signature) | Received by (name, signature) | Purpose, place, seal |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    let blank = |count: usize| format!(" {BLANK} |").repeat(count);
    // The program was told who examines, and saw nobody sign.
    let by = if record.examiner.is_some() { format!(" {examiner}, {BLANK} |") } else { blank(1) };
    text.push_str(&format!("| 1 |{}{by}{} copying |\n", blank(1), blank(1)));
    for number in 2..=HANDINGS {
        text.push_str(&format!("| {number} |{}\n", blank(4)));
    }
    text
}

fn how_to_check(preserved: &Preserved) -> String {
    let fingerprint = &preserved.fingerprint;
    format!(
        "\n## How anybody can check it\n\n\
         In the folder of this form:\n\n\
         - `echo \"{fingerprint}  {MANIFEST}\" | sha256sum -c` tells whether the manifest is the one of this form; \
         the form's line has to come from paper, or from somebody else.\n\
         - `sha256sum -c --quiet {MANIFEST}` tells whether every file is as it was copied.\n\
         - `tolltrace verify .` tells both, and what was added, left out or moved in the log of custody.\n\
         - `{REQUEST}` is a request for a time stamp (RFC 3161) over the manifest. On a machine with a network: \
         `curl -H 'Content-Type: application/timestamp-query' --data-binary @{REQUEST} -o manifest.tsr ADDRESS`, where \
         ADDRESS is that of a time-stamping authority; put `manifest.tsr` beside it.\n"
    )
}
