//! The rendering for a terminal: plain lines and tables, readable without colour.
//!
//! Every piece passes through [`visible`], so that nothing from the evidence, a file's name
//! included, can act on the terminal. Prose is wrapped and tables are laid out to fixed widths, not to
//! those of the terminal at hand: two runs give the same bytes. Lines of evidence and commands are never
//! broken, so that they can be searched for and copied.

use comfy_table::{CellAlignment, ContentArrangement};

use crate::untrusted::visible;

use super::document::{Block, Line, Piece, Table, place};
use super::model::Proof;

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";
/// Columns that prose is wrapped to.
const PROSE: usize = 100;
/// Columns that a table may take.
const TABLE: u16 = 110;

/// Renders blocks for a terminal; `bold` sets headings and strong words in bold.
pub fn render(blocks: &[Block], bold: bool) -> String {
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        push_block(&mut text, block, bold);
    }
    text
}

fn push_block(text: &mut String, block: &Block, bold: bool) {
    match block {
        Block::Heading(title) => {
            push_line(text, &strong(title, bold));
            push_line(text, &"-".repeat(visible(title).chars().count()));
        }
        Block::Subheading(title) => push_wrapped(text, "", &line(title, bold)),
        Block::Paragraph(paragraph) => push_wrapped(text, "", &line(paragraph, bold)),
        Block::List(entries) => {
            for entry in entries {
                push_wrapped(text, "  - ", &line(entry, bold));
            }
        }
        Block::Table(table) => push_line(text, &grid(table)),
        Block::Proofs(proofs) => proofs.iter().for_each(|proof| push_proof(text, proof)),
        Block::Commands(commands) => {
            for command in commands {
                push_line(text, &format!("  {}", visible(command)));
            }
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Adds a line behind `mark`, wrapped at spaces; further lines stand under the first one's words.
fn push_wrapped(text: &mut String, mark: &str, line: &str) {
    let margin = mark.len();
    let mut shown = mark.to_owned();
    let mut width = margin;
    for word in line.split(' ') {
        let taken = columns(word);
        if width > margin && width + 1 + taken > PROSE {
            shown.push('\n');
            shown.push_str(&" ".repeat(margin));
            width = margin;
        } else if width > margin {
            shown.push(' ');
            width += 1;
        }
        shown.push_str(word);
        width += taken;
    }
    push_line(text, &shown);
}

/// Returns the columns that a word takes: those of its characters, but for our own marks of bold.
fn columns(word: &str) -> usize {
    let marks = word.matches(BOLD).count() * BOLD.len() + word.matches(PLAIN).count() * PLAIN.len();
    word.chars().count().saturating_sub(marks)
}

fn push_proof(text: &mut String, proof: &Proof) {
    push_line(text, &format!("  {}", visible(&place(proof))));
    push_line(text, &format!("    {}", proof.text.terminal()));
}

fn line(line: &Line, bold: bool) -> String {
    line.0
        .iter()
        .map(|piece| match piece {
            Piece::Words(words) => visible(words),
            Piece::Strong(words) => strong(words, bold),
            Piece::Evidence(text) => text.terminal(),
        })
        .collect()
}

fn strong(words: &str, bold: bool) -> String {
    let shown = visible(words);
    if bold { format!("{BOLD}{shown}{PLAIN}") } else { shown }
}

/// Lays out a table; cells of one that is too wide are broken over several lines.
fn grid(table: &Table) -> String {
    let mut grid = comfy_table::Table::new();
    grid.load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(TABLE);
    grid.set_header(table.header.iter().map(|name| name.trim_start_matches('#')).collect::<Vec<_>>());
    for row in &table.rows {
        grid.add_row(row.iter().map(|cell| line(cell, false)).collect::<Vec<_>>());
    }
    for (index, name) in table.header.iter().enumerate() {
        if let Some(column) = grid.column_mut(index).filter(|_| name.starts_with('#')) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    grid.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::untrusted::Untrusted;

    #[test]
    fn prose_is_wrapped_and_proof_is_not() {
        let long = "word ".repeat(60);
        let text =
            render(&[Block::Paragraph(long.as_str().into()), Block::List(vec![long.as_str().into()])], false);
        assert!(text.lines().all(|line| line.chars().count() <= PROSE), "{text}");
        assert!(text.lines().any(|line| line.starts_with("    word")), "{text}");
        let proof =
            Proof { path: "a".to_owned(), line: Some(1), offset: None, text: Untrusted::from(long.as_str()) };
        let text = render(&[Block::Proofs(vec![proof])], false);
        assert_eq!(text.lines().count(), 2, "{text}");
        let strong = Line::default().strong("word ".repeat(60));
        let bold = render(&[Block::Paragraph(strong.clone())], true);
        let plain = render(&[Block::Paragraph(strong)], false);
        assert_eq!(bold.replace(BOLD, "").replace(PLAIN, ""), plain);
    }

    #[test]
    fn evidence_cannot_act_on_the_terminal() {
        let hostile = Untrusted::from("\x1b]0;owned\x07");
        let proof = Proof { path: "a\x1b[2J".to_owned(), line: Some(3), offset: None, text: hostile.clone() };
        let blocks = [
            Block::heading("Proof"),
            Block::Proofs(vec![proof]),
            Block::Table(Table { header: vec!["what", "#n"], rows: vec![vec![(&hostile).into(), 7.into()]] }),
        ];
        let text = render(&blocks, false);
        assert!(!text.contains('\x1b') && !text.contains('\x07'), "{text:?}");
        assert!(text.contains("a\\x1b[2J:3\n    \\x1b]0;owned\\x07\n"), "{text}");
    }
}
