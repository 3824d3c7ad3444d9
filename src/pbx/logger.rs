//! `logger.conf`: the form of dates and the files that Asterisk logs to.
//!
//! Facts relied on: `dateformat` counts in `[general]` only, its first value wins; in `[logfiles]` each
//! name is a file, `console` or `syslog.facility`, its value the levels, since Asterisk 16 behind an
//! optional `[formatter]` (`main/logger.c`). FreePBX splits both sections into files of their own.

use super::language::{Document, Part};
use super::model::{LogChannel, Logger, Problem};
use super::read::Collector;

/// What belongs to `logger.conf` where that file itself is missing.
pub(super) const PARTS: &[Part] = &[
    (Some("general"), "logger_general_additional.conf"),
    (Some("general"), "logger_general_custom.conf"),
    (Some("logfiles"), "logger_logfiles_additional.conf"),
    (Some("logfiles"), "logger_logfiles_custom.conf"),
];

const MOST_CHANNELS: usize = 500;

/// Settings of `[general]`; in `[logfiles]` Asterisk would take them for names of files.
const GENERAL: [&str; 9] = [
    "dateformat",
    "appendhostname",
    "use_callids",
    "queue_log",
    "queue_log_to_file",
    "queue_log_name",
    "queue_log_realtime_use_gmt",
    "rotatestrategy",
    "exec_after_rotate",
];

/// Reads the date's form and the channels.
pub(super) fn collect(document: &Document, collector: &mut Collector) {
    let Some(section) = document.named("logfiles").next().or_else(|| document.named("general").next()) else {
        return;
    };
    let mut channels: Vec<LogChannel> = Vec::new();
    for setting in document.named("logfiles").flat_map(|section| &section.settings) {
        let file = setting.name.as_str();
        if GENERAL.iter().any(|name| name.eq_ignore_ascii_case(file)) {
            let place = &section.citation().place;
            let what = format!("{file} stands in [logfiles], where Asterisk does not heed it");
            collector
                .pbx
                .problems
                .push(Problem { path: collector.path_of(place.source, setting.place.line), what });
            continue;
        }
        if file == "console" || file.starts_with("syslog.") {
            continue;
        }
        let channel = channel(file, &setting.value);
        if channels.len() < MOST_CHANNELS && !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    let date_format =
        document.first("general", "dateformat").filter(|format| !format.is_empty()).map(str::to_owned);
    collector.pbx.logger = Some(Logger { date_format, channels, place: section.citation() });
}

fn channel(file: &str, value: &str) -> LogChannel {
    let value = value.trim();
    let formatted = value.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (formatter, levels) = formatted.unwrap_or(("default", value));
    let levels = levels
        .split(',')
        .map(|level| level.split('(').next().unwrap_or_default().trim().to_ascii_lowercase());
    LogChannel {
        file: file.to_owned(),
        levels: levels.filter(|level| !level.is_empty()).collect(),
        formatter: formatter.trim().to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_lose_their_numbers_and_formatters_are_told() {
        let read = channel("full.json", " [JSON]notice, verbose(3),ERROR");
        assert_eq!(read.formatter, "json");
        assert_eq!(read.levels, ["notice", "verbose", "error"]);
        assert_eq!(channel("full", "*").levels, ["*"]);
        assert_eq!(channel("full", "notice").formatter, "default");
    }
}
