//! Second dial tones whose PINs stand in a file of their own.
//!
//! `DISA(/etc/asterisk/disa-1.conf)` reads lines of `PIN|CONTEXT|CALLER|MAILBOX`, with `,` for `|` in newer versions;
//! what does not begin with a digit is no PIN (`apps/app_disa.c`). Whoever guesses any of them is let through,
//! so that the weakest one tells how the dial tone is protected.

use super::collect::pin_of;
use super::model::{Dialplan, Pin};
use crate::pbx::language::Loader;

/// Dial tones whose files are looked at.
const MOST_TONES: usize = 200;
/// Lines of one file.
pub(super) const MOST_LINES: usize = 10_000;

/// Weighs the PINs that stand in files.
pub(super) fn weigh(dialplan: &mut Dialplan, loader: &mut Loader<'_>) {
    let extensions = dialplan.contexts.values_mut().flat_map(|context| &mut context.extensions);
    let in_files = extensions
        .flat_map(|extension| extension.steps.values_mut())
        .filter(|step| step.application.eq_ignore_ascii_case("DISA") && step.arguments.starts_with('/'));
    for step in in_files.take(MOST_TONES) {
        let (path, rest) = match step.arguments.find([',', '|']) {
            Some(at) => step.arguments.split_at(at),
            None => (step.arguments.as_str(), ""),
        };
        let Some(text) = loader.text_of(path) else { continue };
        let lines = text.lines().take(MOST_LINES).map(|line| line.split([',', '|']).map(str::trim));
        let entries = lines.filter_map(|mut fields| {
            let pin = fields.next().filter(|pin| pin.starts_with(|first: char| first.is_ascii_digit()))?;
            Some((pin_of(pin, &[]), fields.next().unwrap_or_default().to_owned()))
        });
        let Some((pin, context)) = entries.min_by_key(|(pin, _)| *pin) else { continue };
        // The context of the line is the one that counts.
        let arguments =
            if context.is_empty() { format!("{path}{rest}") } else { format!("{path},{context}") };
        step.pin = Some(pin);
        step.arguments = arguments;
    }
}

/// Returns whether an argument names a file of PINs.
pub(super) fn is_file(argument: &str, pin: Pin) -> bool {
    pin == Pin::Elsewhere && argument.starts_with('/')
}
