//! The only place that prints: answers and data to standard output, the rest to standard error.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::error::ContextKind;
use indicatif::{ProgressBar, ProgressStyle};

use tolltrace::case::Progress;
use tolltrace::untrusted::visible;

use crate::cli::ColorWhen;

/// How this run speaks.
#[derive(Debug)]
pub(crate) struct Ui {
    bold: bool,
    quiet: bool,
    verbose: bool,
}

impl Ui {
    /// Settles what the options and the terminal say.
    pub(crate) fn new(color: ColorWhen, quiet: bool, verbose: bool) -> Self {
        let bold = match color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            // https://no-color.org: set and not empty, whatever its value.
            ColorWhen::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && io::stdout().is_terminal()
            }
        };
        Ui { bold, quiet, verbose }
    }

    /// Returns whether headings are to be set in bold on standard output.
    pub(crate) fn bold(&self) -> bool {
        self.bold
    }

    /// Returns whether everything is to be shown.
    pub(crate) fn verbose(&self) -> bool {
        self.verbose
    }

    /// Prints an answer.
    pub(crate) fn answer(&self, text: &str) -> io::Result<()> {
        let mut output = self.data();
        output.write_all(text.as_bytes())?;
        output.flush()
    }

    /// Returns where data is to be written: standard output, or nowhere when quiet.
    pub(crate) fn data(&self) -> Box<dyn Write> {
        if self.quiet { Box::new(io::sink()) } else { Box::new(BufWriter::new(io::stdout().lock())) }
    }

    /// Prints a remark that is no part of the answer.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            say(&visible(text));
        }
    }

    /// Prints a remark that only `-v` asks for.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbose {
            self.note(text);
        }
    }

    /// Prints an error and what may help.
    pub(crate) fn error(&self, message: &str, hint: Option<&str>) {
        say(&format!("error: {}", visible(message)));
        if let Some(hint) = hint {
            say(&format!("\nhint: {hint}"));
        }
    }

    /// Prints mistakes in files of the user's, each of which points at its line.
    pub(crate) fn mistakes(&self, mistakes: &str, hint: Option<&str>) {
        let lines: Vec<String> = mistakes.lines().map(visible).collect();
        say(&lines.join("\n"));
        if let Some(hint) = hint {
            say(&format!("\nhint: {hint}"));
        }
    }

    /// Returns what shows how far the reading has come: a bar on a terminal, else nothing.
    pub(crate) fn progress(&self) -> Bar {
        let shown = !self.quiet && io::stderr().is_terminal();
        Bar { bar: if shown { ProgressBar::new(0) } else { ProgressBar::hidden() } }
    }
}

/// Prints what the argument parser has to say, help and version included.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A reader that has gone away changes nothing.
    let _ = error.print();
    if error.get(ContextKind::InvalidArg).is_some_and(|argument| argument.to_string() == "--json") {
        say("\nhint: JSON is asked for with --format json");
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn say(text: &str) {
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// A bar of bytes read.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Progress for Bar {
    fn begin(&self, total: u64) {
        let style = ProgressStyle::with_template("{bytes} of {total_bytes}, {bytes_per_sec}  {wide_msg}");
        if let Ok(style) = style {
            self.bar.set_style(style);
        }
        self.bar.set_length(total);
    }

    fn advance(&self, path: &str, bytes: u64) {
        if !self.bar.is_hidden() {
            self.bar.set_message(visible(path));
        }
        self.bar.inc(bytes);
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
