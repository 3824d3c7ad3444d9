//! SIP messages out of TCP streams, one direction at a time.
//!
//! Pieces are put in order as far as they come soon; behind a hole the reading begins anew where a
//! message does. What is kept of a stream, and how many are kept, is bounded.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::message;
use super::network::End;

/// Directions of connections followed; the oldest gives way.
const MOST_STREAMS: usize = 4_096;
/// Bytes of a message that is not yet whole.
pub(super) const LONGEST: usize = 64 * 1024;
/// Pieces that wait for one before them.
const MOST_AHEAD: usize = 16;

/// All streams.
#[derive(Debug, Default)]
pub(super) struct Streams {
    held: HashMap<(End, End), Stream>,
    order: VecDeque<(End, End)>,
    /// Messages that were too long and are lost.
    pub(super) lost: u64,
}

#[derive(Debug, Default)]
struct Stream {
    next: Option<u32>,
    text: Vec<u8>,
    ahead: BTreeMap<u32, Vec<u8>>,
    lost: u64,
}

impl Streams {
    /// Takes a piece of a stream and hands over the messages that it completes.
    pub(super) fn take(
        &mut self,
        ends: (End, End),
        sequence: u32,
        begins: bool,
        data: &[u8],
        mut whole: impl FnMut(&[u8]),
    ) {
        if !self.held.contains_key(&ends) {
            if data.is_empty() && !begins {
                return;
            }
            if self.order.len() >= MOST_STREAMS
                && let Some(oldest) = self.order.pop_front()
            {
                self.held.remove(&oldest);
            }
            self.order.push_back(ends);
        }
        let stream = self.held.entry(ends).or_default();
        if begins {
            *stream = Stream { next: Some(sequence.wrapping_add(1)), ..Stream::default() };
        }
        // The first byte of a connection's opening is no data.
        let sequence = if begins { sequence.wrapping_add(1) } else { sequence };
        if !data.is_empty() {
            stream.add(sequence, data);
            stream.hand_over(&mut whole);
            self.lost += std::mem::take(&mut stream.lost);
        }
    }
}

impl Stream {
    fn add(&mut self, sequence: u32, data: &[u8]) {
        let next = *self.next.get_or_insert(sequence);
        let distance = sequence.wrapping_sub(next) as i32;
        if distance > 0 {
            self.ahead.insert(sequence, data.to_vec());
            if self.ahead.len() > MOST_AHEAD {
                self.skip_hole();
            }
            return;
        }
        // A piece that comes again, in part or whole.
        let known = distance.unsigned_abs() as usize;
        if let Some(new) = data.get(known..).filter(|new| !new.is_empty()) {
            self.append(new);
        }
        self.follow();
    }

    fn append(&mut self, data: &[u8]) {
        self.next = self.next.map(|next| next.wrapping_add(data.len() as u32));
        self.text.extend_from_slice(data);
        if self.text.len() > LONGEST {
            self.lost += u64::from(message::may_begin(&self.text));
            self.text.clear();
        }
    }

    /// Takes the pieces that waited and are next now.
    fn follow(&mut self) {
        while let Some((&sequence, _)) = self.ahead.iter().find(|(sequence, data)| {
            let distance = self.next.unwrap_or(0).wrapping_sub(**sequence) as i32;
            distance >= 0 && (distance as usize) < data.len().max(1)
        }) {
            let Some(data) = self.ahead.remove(&sequence) else { break };
            let known = self.next.unwrap_or(0).wrapping_sub(sequence) as usize;
            self.append(data.get(known..).unwrap_or_default());
        }
    }

    /// Gives up what never came.
    fn skip_hole(&mut self) {
        self.text.clear();
        if let Some((sequence, data)) = self.ahead.pop_first() {
            self.next = Some(sequence);
            self.append(&data);
            self.follow();
        }
    }

    fn hand_over(&mut self, whole: &mut impl FnMut(&[u8])) {
        loop {
            // Keep-alives between messages are blank lines (RFC 5626).
            let blank = self.text.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.text.drain(..blank);
            if self.text.is_empty() {
                return;
            }
            let Some(length) = message::length_in_stream(&self.text) else {
                if !message::may_begin(&self.text) {
                    // No message begins here: whatever it is, it is over with this piece.
                    self.text.clear();
                }
                return;
            };
            whole(self.text.get(..length).unwrap_or_default());
            self.text.drain(..length);
        }
    }
}
