//! The rendering as Markdown, for `report.md` and for pasting into a ticket.
//!
//! Text from the evidence stands in code spans, sentences have their markup escaped; see
//! [`crate::untrusted`] for what that keeps out.

use crate::untrusted::{code_span, markdown_cell, markdown_sentence, push_markdown};

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
    let mut text = String::new();
    for piece in &line.0 {
        match piece {
            Piece::Words(words) => push_words(&mut text, words),
            Piece::Strong(words) => push_strong(&mut text, words),
            Piece::Evidence(evidence) => text.push_str(&evidence.markdown()),
        }
    }
    // It was escaped because a link's address might have followed; none does.
    if text.ends_with("\\]") {
        text.truncate(text.len() - 2);
        text.push(']');
    }
    text
}

/// Adds words in bold. Blanks at their edges stand outside: next to a blank, the mark opens and closes nothing.
fn push_strong(text: &mut String, words: &str) {
    let marked = words.trim();
    if words.starts_with(char::is_whitespace) {
        text.push(' ');
    }
    if !marked.is_empty() {
        text.push_str(&format!("**{}**", markdown_sentence(marked)));
        if words.ends_with(char::is_whitespace) {
            text.push(' ');
        }
    }
}

/// Adds words; what stands in them between backticks, as names of settings do, is code, which nothing interprets.
fn push_words(text: &mut String, words: &str) {
    let pieces: Vec<&str> = words.split('`').collect();
    let is_paired = pieces.len() % 2 == 1 && pieces.iter().skip(1).step_by(2).all(|code| !code.is_empty());
    if !is_paired {
        return push_markdown(text, words);
    }
    for (index, piece) in pieces.into_iter().enumerate() {
        match index % 2 {
            1 => text.push_str(&code_span(piece)),
            _ => push_markdown(text, piece),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::untrusted::Untrusted;

    #[test]
    fn what_is_typed_can_be_copied() {
        let shown = |words: &str| line(&Line::from(words));
        assert_eq!(shown("`sip_x.conf` is not *set*: `a|b`."), "`sip_x.conf` is not \\*set\\*: `a|b`.");
        assert_eq!(shown("an odd ` and <b>"), "an odd \\` and \\<b\\>");
        assert_eq!(shown("`` and ``"), "\\`\\` and \\`\\`");
    }

    #[test]
    fn bold_words_are_bold() {
        let shown = |strong: &str| line(&Line::from("x").strong(strong).words("Nobody"));
        assert_eq!(shown(" caution: "), "x **caution:** Nobody");
        assert_eq!(shown("to do      "), "x**to do** Nobody");
        assert_eq!(shown("  "), "x Nobody");
        assert_eq!(shown(""), "xNobody");
    }

    #[test]
    fn a_bracket_at_the_end_is_no_link() {
        assert_eq!(line(&Line::from("context [vm-out]")), "context [vm-out]");
        assert_eq!(line(&Line::from("a \\[b\\]")), "a \\\\[b\\\\]");
        assert_eq!(line(&Line::from("[x]").words("(http://evil)")), "\\[x\\](http:\\/\\/evil)");
    }

    #[test]
    fn evidence_stays_in_its_cell() {
        let hostile = Untrusted::from("`|<script>\n# [x](http://evil)");
        let table = Table { header: vec!["name", "#calls"], rows: vec![vec![(&hostile).into(), 2.into()]] };
        let text = render("A case", &[Block::Table(table)]);
        assert_eq!(
            text,
            "# A case\n\n| name | calls |\n| --- | --: |\n\
             | `` `\\|<script>\\n# [x](http://evil) `` | 2 |\n"
        );
    }
}
