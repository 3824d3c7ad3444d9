//! `completions` and `man`, made from the arguments at run time.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::ui::Ui;

use super::{Status, UserError};

/// Prints a completion script.
pub(super) fn completions(shell: Shell, ui: &Ui) -> anyhow::Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tolltrace", &mut script);
    ui.answer(&String::from_utf8(script)?)?;
    Ok(Status::Done)
}

/// Prints a manual page, of the program or of one of its commands.
pub(super) fn man(command: Option<&str>, ui: &Ui) -> anyhow::Result<Status> {
    let mut program = Cli::command();
    program.build();
    let (title, shown) = match command {
        None => ("tolltrace".to_owned(), program),
        Some(name) => {
            let found = program.find_subcommand(name).ok_or_else(|| UserError::NoCommand(name.to_owned()))?;
            (format!("tolltrace-{name}"), found.clone())
        }
    };
    let mut page = Vec::new();
    // A command has no version of its own.
    let source = concat!("tolltrace ", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(shown).title(title).source(source).render(&mut page)?;
    ui.answer(&String::from_utf8(page)?)?;
    Ok(Status::Done)
}
