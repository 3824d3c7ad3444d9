//! The reading of one chunk of Asterisk's log.

use std::ops::Range;

use memchr::memmem;

use super::head::{self, Head, Level};
use super::next_step::NextStep;
use super::{AsteriskLogReader, CONTEXT, LONGEST_LINE, banner, clean, container, json, messages, trace};
use crate::clock::DateFormat;
use crate::event::{Action, Entry, Instant, Service, Stamp};
use crate::readers::found::Found;
use crate::readers::syslog;
use crate::readers::{Chunk, Reader, Skipped, Why};

impl Reader for AsteriskLogReader {
    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let mut reading = Reading::new(self, chunk, &bytes);
        reading.run();
        chunk.bytes = bytes;
    }
}

/// The reading of one chunk.
struct Reading<'a> {
    reader: &'a AsteriskLogReader,
    chunk: &'a mut Chunk,
    bytes: &'a [u8],
    start: usize,
    primary: Option<(&'a DateFormat, usize)>,
    /// The stamp read last and its text: most lines repeat it.
    last_text: &'a [u8],
    last_stamp: Option<Stamp>,
    /// When the line was printed, where what it is wrapped in tells.
    exact: Option<Instant>,
    /// Where a printed packet ends.
    packet_end: usize,
    /// Is that only where a closing rule stands?
    is_unmeasured: bool,
    /// From where until where lines may be the words of a packet's sender, packets between included.
    doubtful: Range<usize>,
    /// Where the line begins that is being read.
    line_at: usize,
    /// Where the last record begins, and the last one that has a stamp.
    record_at: Option<usize>,
    stamp_at: Option<usize>,
    /// Calls whose step was told in this chunk already; see [`Chunk::sparse`].
    told: Box<[u64; TOLD]>,
    /// How the line of the last such step begins behind its level.
    last_step: &'a [u8],
    /// How a line begins that is a further step of the same call at the same second.
    next_step: NextStep<'a>,
}

/// How far behind a record a line without a head still belongs to it, and has its time.
///
/// Half of the context, so that no cut changes it: its first half may begin inside a packet.
const REACH: usize = CONTEXT / 2;

/// Calls remembered per chunk; one that is told twice is merged later.
const TOLD: usize = 1 << 10;

impl<'a> Reading<'a> {
    fn new(reader: &'a AsteriskLogReader, chunk: &'a mut Chunk, bytes: &'a [u8]) -> Self {
        let start = chunk.context;
        let mut reading = Self::at(reader, chunk, bytes, start);
        if start > 0 {
            let mut passed = Chunk::default();
            let mut before = Reading::at(reader, &mut passed, bytes, 0);
            before.pass(start);
            reading.take_over(&before);
        }
        reading
    }

    fn at(reader: &'a AsteriskLogReader, chunk: &'a mut Chunk, bytes: &'a [u8], start: usize) -> Self {
        let primary = reader.formats.first().and_then(|format| Some((format, format.fixed_length()?)));
        Reading {
            reader,
            chunk,
            bytes,
            start,
            primary,
            last_text: b"",
            last_stamp: None,
            exact: None,
            packet_end: 0,
            is_unmeasured: false,
            doubtful: 0..0,
            line_at: start,
            record_at: None,
            stamp_at: None,
            told: Box::new([0; TOLD]),
            last_step: b"",
            next_step: NextStep::default(),
        }
    }

    /// Reads the context up to `start`; one that is not the file's beginning begins within a line.
    ///
    /// Only packets make lines depend on others far before them. Where none is printed, which is usual, the
    /// last record tells all that the lines behind need, and it stands in the last few lines.
    fn pass(&mut self, start: usize) {
        const LAST_LINES: usize = 4 * 1024;
        let context = self.bytes.get(..start).unwrap_or_default();
        if start > LAST_LINES && !trace::may_announce(context) {
            self.pass_lines(start - LAST_LINES, start, true);
            if self.record_at.is_some() && self.stamp_at.is_some() {
                return;
            }
        }
        self.pass_lines(0, start, start >= CONTEXT);
    }

    /// Reads lines of the context; where they begin within a line, that is passed over.
    fn pass_lines(&mut self, from: usize, to: usize, is_cut: bool) {
        let mut line_start = from;
        for newline in memchr::memchr_iter(b'\n', self.bytes.get(from..to).unwrap_or_default()) {
            let line_end = from + newline;
            if line_start > from || !is_cut {
                self.line(line_start, line_end, 0);
            }
            line_start = line_end + 1;
        }
    }

    /// Takes over what the lines behind a context need of it.
    fn take_over(&mut self, before: &Reading<'_>) {
        self.last_stamp = before.last_stamp;
        self.packet_end = before.packet_end;
        self.is_unmeasured = before.is_unmeasured;
        self.doubtful = before.doubtful.clone();
        self.note_doubtful();
        self.record_at = before.record_at;
        self.stamp_at = before.stamp_at;
    }

    fn run(&mut self) {
        let bytes = self.bytes;
        let mut line_start = self.start;
        let mut line_number = 0;
        while let Some(rest) = bytes.get(line_start..).filter(|rest| !rest.is_empty()) {
            let known = self.next_step.known(rest);
            let newline = memchr::memchr(b'\n', rest.get(known..).unwrap_or_default());
            let end = newline.map_or(bytes.len(), |newline| line_start + known + newline);
            if known > 0 {
                self.line_at = line_start;
                self.stamp_at = Some(line_start);
                self.record();
            } else {
                self.line(line_start, end, line_number);
            }
            line_start = end + 1;
            line_number += u32::from(newline.is_some());
        }
        self.chunk.lines = line_number;
        self.chunk.last_stamp = self.last_stamp;
    }

    fn line(&mut self, start: usize, end: usize, number: u32) {
        self.line_at = start;
        let whole = &self.bytes[start..end];
        let line = whole.strip_suffix(b"\r").unwrap_or(whole);
        if start < self.packet_end {
            return self.within_packet(line, start, end);
        }
        if self.usual(line, start, end, number) {
            return;
        }
        let line = &line[..line.len().min(LONGEST_LINE)];
        self.unusual(line, start, end, number);
    }

    /// Reads a line of the usual shape: bracket, stamp, bracket, level. Returns `false` for others.
    #[inline]
    fn usual(&mut self, line: &'a [u8], start: usize, end: usize, number: u32) -> bool {
        let Some((format, length)) = self.primary else { return false };
        if line.len() < length + 12 || line[0] != b'[' || line[length + 1] != b']' || line[length + 2] != b' '
        {
            return false;
        }
        let stamp_text = &line[1..=length];
        let rest = &line[length + 3..];
        let Some((level, word)) = Level::at(rest) else { return false };
        if stamp_text != self.last_text {
            match format.parse(stamp_text) {
                Some((stamp, used)) if used == length => self.last_stamp = Some(stamp),
                _ => return false,
            }
            self.last_text = stamp_text;
            self.next_step = NextStep::default();
            self.chunk.first_stamp = self.chunk.first_stamp.or(self.last_stamp);
        }
        self.stamp_at = Some(start);
        let rest = &rest[word..];
        if level == Level::Verbose && self.is_told_step(rest) {
            self.record();
            if rest.starts_with(self.last_step) && !self.last_step.is_empty() {
                self.next_step = NextStep::of(&line[..line.len() - rest.len() + self.last_step.len()]);
            }
            return true;
        }
        let Some((call, file, message)) = head::after_level(rest) else { return false };
        self.record();
        if self.chunk.sparse && level == Level::Verbose && messages::only_ends_calls(file, message) {
            return true;
        }
        let head = Head { stamp: self.last_stamp, level, call, file, message };
        self.meaning(&head, start, end, number);
        true
    }

    /// Returns whether this is a dialplan step of a call that this chunk has told of already, or the end
    /// of one.
    ///
    /// Nine lines of ten are such steps; folding keeps the first of each call, and no end.
    #[inline]
    fn is_told_step(&mut self, rest_of_line: &'a [u8]) -> bool {
        let rest = rest_of_line;
        if !self.chunk.sparse {
            return false;
        }
        // Steps of one call follow one another, and their lines begin alike.
        if !self.last_step.is_empty() && rest.starts_with(self.last_step) {
            return !messages::tells_door(&rest[self.last_step.len()..]);
        }
        // `[1234][C-0000002f] pbx.c: Executing [`: the id's text is as good a key as its number.
        let Some(thread) = rest.iter().position(|&byte| byte == b']') else { return false };
        let Some(call) = rest.get(thread + 1..).and_then(|rest| rest.strip_prefix(b"[C-")) else {
            return false;
        };
        let Some((id, rest)) = call.split_first_chunk::<8>() else { return false };
        let Some(message) = rest.strip_prefix(b"] pbx.c: ") else { return false };
        let message = message.strip_prefix(b"    -- ").unwrap_or(message);
        if message.starts_with(b"Executing [") {
            self.last_step = &rest_of_line[..rest_of_line.len() - message.len() + b"Executing [".len()];
            let is_told = self.is_told(u64::from_le_bytes(*id));
            return is_told && !messages::tells_door(&message[b"Executing [".len()..]);
        }
        message.starts_with(b"Spawn extension (")
    }

    fn is_told(&mut self, key: u64) -> bool {
        // The digits of an id differ most in its last bytes.
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &mut self.told[(mixed >> 54) as usize % TOLD];
        let told = *slot == key;
        *slot = key;
        told
    }

    fn record(&mut self) {
        self.chunk.records += 1;
        self.record_at = Some(self.line_at);
    }

    fn meaning(&mut self, head: &Head<'a>, start: usize, end: usize, number: u32) {
        if let Some(found) = messages::read(head) {
            if self.chunk.sparse && found.action == Action::Dialplan && self.step_is_known(head, &found) {
                return;
            }
            self.push(&found, head.stamp, head.call, Origin::Chunk, start, end, number);
        } else if matches!(head.level, Level::Verbose | Level::Debug) {
            self.watch_packet(head.message, start, end);
        }
    }

    /// Without call ids the channel tells calls apart.
    fn step_is_known(&mut self, head: &Head<'_>, found: &Found<'_>) -> bool {
        if head.call.is_some() || found.detail.is_some_and(messages::is_door) {
            return false;
        }
        let channel = found.channel.unwrap_or_default();
        let key = channel.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.is_told(key >> 1)
    }

    fn watch_packet(&mut self, message: &[u8], start: usize, end: usize) {
        let line = &self.bytes[start..end];
        if let Some(packet) = trace::packet(self.bytes, line, message, end) {
            self.begin_packet(packet, start);
        }
    }

    /// Looks at a line of a packet without a length: one that announces another counts, so that it matters
    /// to nothing behind them whether the reading began before the first or between the two.
    fn within_packet(&mut self, line: &[u8], start: usize, end: usize) {
        let words = &line[..line.len().min(LONGEST_LINE)];
        let printed = container::printed(words).filter(|_| self.is_unmeasured);
        let words = printed.as_ref().map_or(words, |printed| printed.text.trim_end().as_bytes());
        if !self.is_unmeasured || memmem::find(words, b"<--- ").is_none() {
            return;
        }
        let message = match self.head_of(words) {
            Some(head) if matches!(head.level, Level::Verbose | Level::Debug) => head.message,
            Some(_) => return,
            None => words.get(trace::container_prefix(words).map_or(0, <[u8]>::len)..).unwrap_or_default(),
        };
        let line = &self.bytes[start..end];
        if let Some(packet) =
            trace::packet(self.bytes, line, message, end).filter(|packet| !packet.has_length)
        {
            let end = packet.end.max(self.packet_end);
            self.begin_packet(trace::Packet { end, ..packet }, start);
        }
    }

    fn begin_packet(&mut self, packet: trace::Packet, start: usize) {
        self.packet_end = packet.end;
        self.next_step = NextStep::default();
        self.is_unmeasured = !packet.has_length;
        if let Some(until) = packet.doubtful_until {
            let from = if start < self.doubtful.end { self.doubtful.start } else { packet.end };
            self.doubtful = from..until;
            self.note_doubtful();
        }
    }

    /// Tells which bytes of the chunk stand so close behind a packet that its sender may have written them.
    fn note_doubtful(&mut self) {
        let from = self.doubtful.start.max(self.start);
        let to = self.doubtful.end.min(self.bytes.len());
        if from < to {
            let place = |at: usize| (at - self.start) as u32;
            self.chunk.doubtful.push(place(from)..place(to));
        }
    }

    /// Reads any other line.
    fn unusual(&mut self, line: &'a [u8], start: usize, end: usize, number: u32) {
        if line.trim_ascii().is_empty() {
            return;
        }
        if self.is_of_another_machine(line) {
            return self.record();
        }
        if let Some(printed) = container::printed(line) {
            self.exact = printed.at;
            let text = printed.text.trim_end().as_bytes();
            let cleaned = clean::without_colours(text);
            if !text.is_empty() {
                self.rewritten(cleaned.as_deref().unwrap_or(text), start, end, number);
            }
            self.exact = None;
            return;
        }
        if line.starts_with(b"{") && self.json(line, start, end, number) {
            return;
        }
        if let Some(cleaned) = clean::without_colours(line) {
            self.rewritten(&cleaned, start, end, number);
            return;
        }
        if let Some(head) = self.head_of(line) {
            self.note_stamp(head.stamp);
            self.record();
            return self.meaning(&head, start, end, number);
        }
        if self.other_record(line, Origin::Chunk, start, end, number) {
            return;
        }
        self.headless(line, Origin::Chunk, start, end, number);
    }

    /// Finds the head of a line of ours.
    ///
    /// Other programs write what strangers send into syslog as well: `sshd: Invalid user NOTICE[1]: ...`.
    fn head_of<'l>(&self, line: &'l [u8]) -> Option<Head<'l>> {
        let message = syslog::parts(line).map(|(_, message)| message.text).or_else(|| head::of_program(line));
        let is_quoted = message.is_some_and(|message| !head::begins(message));
        if is_quoted { None } else { head::anywhere(line, &self.reader.formats) }
    }

    /// Returns whether the user wants another machine's lines than this.
    fn is_of_another_machine(&self, line: &[u8]) -> bool {
        self.reader.machine.as_deref().is_some_and(|wanted| {
            syslog::machine(line).is_some_and(|name| !syslog::is_same_machine(name, wanted.as_bytes()))
        })
    }

    fn note_stamp(&mut self, stamp: Option<Stamp>) {
        if stamp.is_some() {
            self.stamp_at = Some(self.line_at);
            self.last_stamp = stamp;
            self.last_text = b"";
            self.next_step = NextStep::default();
            self.chunk.first_stamp = self.chunk.first_stamp.or(stamp);
        }
    }

    fn json(&mut self, line: &[u8], start: usize, end: usize, number: u32) -> bool {
        let lossy = String::from_utf8_lossy(line);
        let Some(object) = json::Line::parse(&lossy) else { return false };
        let stamp = head::stamp_at(object.timestamp.as_bytes(), &self.reader.formats).map(|(stamp, _)| stamp);
        self.note_stamp(stamp);
        self.record();
        // The formatter escapes the colours of a dialplan step, and keeps them (18.11).
        let text = object.as_text();
        let cleaned = clean::without_colours(text.as_bytes());
        self.rewritten_record(cleaned.as_deref().unwrap_or(text.as_bytes()), stamp, start, end, number);
        true
    }

    /// Reads a line that had to be written anew; what is found is kept in the chunk's scratch.
    fn rewritten(&mut self, cleaned: &[u8], start: usize, end: usize, number: u32) {
        if let Some(head) = self.head_of(cleaned) {
            let stamp = head.stamp;
            self.note_stamp(stamp);
            self.record();
            if matches!(head.level, Level::Verbose | Level::Debug) {
                self.watch_packet(head.message, start, end);
            }
            return self.rewritten_record(cleaned, stamp, start, end, number);
        }
        if !self.other_record(cleaned, Origin::Rewritten(cleaned), start, end, number) {
            self.headless(cleaned, Origin::Rewritten(cleaned), start, end, number);
        }
    }

    fn rewritten_record(&mut self, text: &[u8], stamp: Option<Stamp>, start: usize, end: usize, number: u32) {
        let Some(head) = head::anywhere(text, &self.reader.formats) else { return };
        let Some(found) = messages::read(&head) else { return };
        if self.chunk.sparse && found.action == Action::Dialplan {
            let is_door = found.detail.is_some_and(messages::is_door);
            let known = match head.call {
                Some(call) => self.is_told(u64::from(call) | 1 << 63) && !is_door,
                None => self.step_is_known(&head, &found),
            };
            if known {
                return;
            }
        }
        self.push(&found, stamp, head.call, Origin::Rewritten(text), start, end, number);
    }

    /// Reads a record that has no level: a start banner, a line of another program.
    fn other_record(
        &mut self,
        line: &[u8],
        origin: Origin<'_>,
        start: usize,
        end: usize,
        number: u32,
    ) -> bool {
        if let Some(version) = banner(line) {
            // A server that starts anew counts its calls from zero.
            self.told.fill(0);
            (self.last_step, self.next_step) = (b"", NextStep::default());
            let stamp = line.get(1..).and_then(|text| head::stamp_at(text, &self.reader.formats));
            self.note_stamp(stamp.map(|(stamp, _)| stamp));
            self.record();
            let found = Found { detail: Some(version), ..Found::new(Action::Server, Service::Core) };
            self.push(&found, stamp.map(|(stamp, _)| stamp), None, origin, start, end, number);
            return true;
        }
        if let Some((stamp, message)) = syslog::parts(line) {
            self.note_stamp(Some(stamp));
            self.record();
            if let Some(found) = syslog::found(&message) {
                self.push(&found, Some(stamp), None, origin, start, end, number);
            }
            return true;
        }
        if let Some(ban) = self.reader.blocker.as_ref().and_then(|blocker| blocker.said(line)) {
            self.note_stamp(ban.stamp);
            self.record();
            if let Some(found) = ban.found() {
                self.push(&found, ban.stamp, None, origin, start, end, number);
            }
            return true;
        }
        if let Some((stamp, _)) =
            line.strip_prefix(b"[").and_then(|text| head::stamp_at(text, &self.reader.formats))
        {
            self.note_stamp(Some(stamp));
            self.record();
            return true;
        }
        false
    }

    fn is_near(&self, place: Option<usize>) -> bool {
        place.is_some_and(|place| self.line_at - place <= REACH)
    }

    /// Reads a line without a head: a copied console's, a continuation, or none of ours.
    fn headless(&mut self, line: &[u8], origin: Origin<'_>, start: usize, end: usize, number: u32) {
        if let Some(found) = messages::read_console(line) {
            let stamp = self.last_stamp.filter(|_| self.is_near(self.stamp_at));
            self.record();
            return self.push(&found, stamp, None, origin, start, end, number);
        }
        let message = line.get(trace::container_prefix(line).map_or(0, <[u8]>::len)..).unwrap_or_default();
        self.watch_packet(message, start, end);
        if !self.is_near(self.record_at) || self.reader.is_syslog {
            let why = if line.contains(&0) { Why::Binary } else { Why::UnknownForm };
            self.chunk.skipped.push(Skipped { offset: (start - self.start) as u32, line: number, why });
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn push(
        &mut self,
        found: &Found<'_>,
        stamp: Option<Stamp>,
        call: Option<u32>,
        origin: Origin<'_>,
        start: usize,
        end: usize,
        number: u32,
    ) {
        let (base, shift) = match origin {
            Origin::Chunk => (&self.bytes[self.start..], 0),
            Origin::Rewritten(text) => {
                let shift = self.bytes.len() - self.start + self.chunk.scratch.len();
                self.chunk.scratch.extend_from_slice(text);
                (text, shift)
            }
        };
        let whole = &self.bytes[start..end];
        let length = whole.strip_suffix(b"\r").unwrap_or(whole).len() as u32;
        let offset = (start - self.start) as u32;
        let entry = found.entry(base, shift);
        let exact = entry.exact.or(self.exact);
        self.chunk.entries.push(Entry { stamp, exact, call, offset, length, line: number, ..entry });
    }
}

/// Where the slices of a found message lie.
#[derive(Clone, Copy)]
enum Origin<'a> {
    Chunk,
    Rewritten(&'a [u8]),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pbx::Pbx;

    const STEP: &str = "pbx.c: Executing [s@macro-x:2] Set(\"PJSIP/1-00000001\", \"A=1\") in new stack";
    const LINES: [&str; 12] = [
        "[2026-01-01 10:00:01] VERBOSE[1][C-00000001] ",
        "[2026-01-01 10:00:01] VERBOSE[1][C-00000002] ",
        "[2026-01-01 10:00:02] VERBOSE[1][C-00000001] ",
        "[2026-01-01 10:00:01] VERBOSE[1][C-00000001] pbx.c: Executing [s@ivr:1] DISA(\"PJSIP/1-00000001\", \"x\") in new stack",
        "[2026-01-01 10:00:01] VERBOSE[1][C-00000001] pbx.c: Executing [s@a]b:1] VoiceMailMain(\"PJSIP/1-00000001\", \"x\") in new stack",
        "[2026-01-01 10:00:01] VERBOSE[1][C-00000003] pbx.c: Executing [s@ivr",
        "[2026-01-01 10:00:01] NOTICE[1] chan_sip.c: Registration from '<sip:5@192.0.2.9>' failed for '192.0.2.9:5060' - Wrong password",
        "[2026-01-01 10:00:03] VERBOSE[1] chan_sip.c: <--- SIP read from UDP:192.0.2.9:5060 --->",
        "<------------->",
        "[Jan  1 10:00:04] Asterisk 18.1.0 built by root @ host on a x86_64 running Linux on 2026-01-01 10:00:00 UTC",
        "a line of nobody's",
        "",
    ];

    fn chunk_of(text: &str, sparse: bool) -> Chunk {
        let (reader, _) =
            AsteriskLogReader::find(format!("{}{STEP}\n", LINES[0]).as_bytes(), &Pbx::default(), false);
        let mut chunk = Chunk { bytes: text.as_bytes().to_vec(), sparse, ..Chunk::default() };
        reader.read(&mut chunk);
        chunk
    }

    type Told = (Action, u32, u32, Option<Stamp>, Option<u32>);

    /// What folding keeps: all but steps, and of those the doors.
    fn kept(chunk: &Chunk) -> Vec<Told> {
        let is_door = |entry: &&Entry| chunk.text(entry.detail).is_some_and(messages::is_door);
        let kept = chunk.entries.iter().filter(|entry| entry.action != Action::Dialplan || is_door(entry));
        kept.map(|entry| (entry.action, entry.offset, entry.line, entry.stamp, entry.call)).collect()
    }

    proptest! {
        #[test]
        fn steps_that_are_passed_over_change_nothing_else(
            lines in prop::collection::vec(0..LINES.len(), 0..40),
            is_whole in any::<bool>(),
        ) {
            let text: Vec<String> =
                lines.iter().map(|&at| format!("{}{}", LINES[at], if at < 3 { STEP } else { "" })).collect();
            let text = text.join("\n") + if is_whole { "\n" } else { "" };
            let (all, sparse) = (chunk_of(&text, false), chunk_of(&text, true));
            prop_assert_eq!(kept(&all), kept(&sparse));
            prop_assert_eq!((all.records, all.lines, &all.skipped), (sparse.records, sparse.lines, &sparse.skipped));
            prop_assert_eq!((all.first_stamp, all.last_stamp), (sparse.first_stamp, sparse.last_stamp));
            prop_assert_eq!(&all.doubtful, &sparse.doubtful);
            let calls = |chunk: &Chunk| -> std::collections::BTreeSet<_> {
                let steps = chunk.entries.iter().filter(|entry| entry.action == Action::Dialplan);
                steps.map(|entry| entry.call).collect()
            };
            prop_assert_eq!(calls(&all), calls(&sparse));
        }
    }
}
