//! The logger's `[json]` formatter (16 and later): one object a line.

use std::borrow::Cow;

use serde::Deserialize;

/// The parts of a line that matter.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) timestamp: Cow<'a, str>,
    #[serde(borrow)]
    identifiers: Identifiers<'a>,
    #[serde(borrow)]
    logmsg: Message<'a>,
}

#[derive(Deserialize)]
struct Identifiers<'a> {
    #[serde(borrow, default)]
    callid: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    location: Location<'a>,
    #[serde(borrow)]
    level: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    filename: Cow<'a, str>,
}

impl<'a> Line<'a> {
    /// Parses a line; what is no UTF-8 in it must have been replaced.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Writes the line as the `default` formatter would have, without the stamp.
    ///
    /// Only the first line of a message can hold what is looked for; whatever follows is a
    /// continuation there as well.
    pub(super) fn as_text(&self) -> String {
        let call = self.identifiers.callid.trim_matches(['[', ']']);
        let call = if call.is_empty() { String::new() } else { format!("[{call}]") };
        let message = self.logmsg.message.split('\n').next().unwrap_or_default();
        let (level, file) = (&self.logmsg.level, &self.logmsg.location.filename);
        format!("{level}[0]{call} {file}: {message}")
    }
}
