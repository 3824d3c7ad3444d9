//! `tolltrace`: opens the disk of a hacked phone system and tells who got in, how, and which calls
//! they made.

mod cli;
mod commands;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use commands::Status;
use ui::Ui;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ui::usage(&error),
    };
    let ui = Ui::new(cli.global.color, cli.global.quiet, cli.global.verbose);
    let status = commands::run(&cli, &ui).unwrap_or_else(|error| {
        if commands::is_broken_pipe(&error) {
            return Status::Done;
        }
        match commands::mistakes(&error) {
            Some(mistakes) => ui.mistakes(mistakes, commands::hint(&error)),
            None => ui.error(&format!("{error:#}"), commands::hint(&error)),
        }
        commands::status_of(&error)
    });
    status.into()
}
