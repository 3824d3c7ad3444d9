//! The rendering for a terminal: plain lines and tables, readable without colour.
//!
//! Every piece passes through [`visible`], so that nothing from the evidence, a file's name
//! included, can act on the terminal.

use comfy_table::{CellAlignment, ContentArrangement};

use crate::untrusted::visible;

use super::document::{Block, Line, Piece, Table, place};
use super::model::Proof;

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
        Block::Subheading(title) => push_line(text, &line(title, bold)),
        Block::Paragraph(paragraph) => push_line(text, &line(paragraph, bold)),
        Block::List(entries) => {
            for entry in entries {
                push_line(text, &format!("  - {}", line(entry, bold)));
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
    if bold { format!("\x1b[1m{shown}\x1b[0m") } else { shown }
}

/// Lays out a table; it is broken to the width of the terminal, and not at all in a pipe.
fn grid(table: &Table) -> String {
    let mut grid = comfy_table::Table::new();
    grid.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
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
