//! The rendering as Markdown, for `report.md` and for pasting into a ticket.
//!
//! Text from the evidence stands in code spans, sentences have their markup escaped; see
//! [`crate::untrusted`] for what that keeps out.

use crate::untrusted::{code_span, markdown_cell, markdown_sentence};

use super::document::{Block, Line, Piece, Table, place};

/// Renders blocks as Markdown under a title.
pub fn render(title: &str, blocks: &[Block]) -> String {
    let mut text = format!("# {}\n", markdown_sentence(title));
    for block in blocks {
        text.push('\n');
        push_block(&mut text, block);
    }
    text
}

fn push_block(text: &mut String, block: &Block) {
    match block {
        Block::Heading(title) => push_line(text, &format!("## {}", markdown_sentence(title))),
        Block::Subheading(title) => push_line(text, &format!("### {}", line(title))),
        Block::Paragraph(paragraph) => push_line(text, &line(paragraph)),
        Block::List(entries) => {
            for entry in entries {
                push_line(text, &format!("- {}", line(entry)));
            }
        }
        Block::Table(table) => push_table(text, table),
        Block::Proofs(proofs) => {
            for proof in proofs {
                push_line(text, &format!("- {}: {}", code_span(&place(proof)), proof.text.markdown()));
            }
        }
        Block::Commands(commands) => {
            for command in commands {
                push_line(text, &format!("- {}", code_span(command)));
            }
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn push_table(text: &mut String, table: &Table) {
    let names: Vec<_> = table.header.iter().map(|name| name.trim_start_matches('#')).collect();
    push_line(text, &format!("| {} |", names.join(" | ")));
    let rules: Vec<_> =
        table.header.iter().map(|name| if name.starts_with('#') { "--:" } else { "---" }).collect();
    push_line(text, &format!("| {} |", rules.join(" | ")));
    for row in &table.rows {
        let cells: Vec<_> = row.iter().map(|cell| markdown_cell(&line(cell))).collect();
        push_line(text, &format!("| {} |", cells.join(" | ")));
    }
}

fn line(line: &Line) -> String {
    line.0
        .iter()
        .map(|piece| match piece {
            Piece::Words(words) => markdown_sentence(words),
            Piece::Strong(words) => format!("**{}**", markdown_sentence(words)),
            Piece::Evidence(text) => text.markdown(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::untrusted::Untrusted;

    #[test]
    fn evidence_stays_in_its_cell() {
        let hostile = Untrusted::from("`|<script>\n# [x](http://evil)");
        let table = Table { header: vec!["name", "#calls"], rows: vec![vec![(&hostile).into(), 2.into()]] };
        let text = render("A case", &[Block::Table(table)]);
        assert_eq!(
            text,
            "# A case\n\n| name | calls |\n| --- | --: |\n\
             | `\\x60\\|<script>\\n# [x](http://evil)` | 2 |\n"
        );
    }
}
