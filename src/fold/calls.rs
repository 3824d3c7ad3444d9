//! Calls as log lines tell them: a few dozen bytes each.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::net::IpAddr;

use super::blocks::{Blocks, TextAt, Texts};
use super::budget::Budget;
use super::names::{NameId, Names};
use crate::event::{Instant, ShortInstant, SourceId};

/// Calls whose lines may still come; a call that goes quiet longer than that is counted anew and
/// joined later.
const MOST_OPEN: usize = 16_384;

/// Calls from which on all the room is made that open ones may need.
const FEW_OPEN: usize = 1_024;

/// Bytes of text that a call has on the average, and twice as much again.
const TEXT_PER_CALL: usize = 64;

/// One call of the log. There may be a million, so that nothing is left empty between its fields.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct LogCall {
    /// The first dialplan step.
    start: ShortInstant,
    /// Byte offset of that line, in five bytes.
    offset: [u8; 5],
    /// Its line number.
    pub line: u32,
    /// The calling channel's account, in three bytes.
    account: [u8; 3],
    /// The context of that step; beyond the first 65,535 names there is none.
    context: u16,
    /// The address of the caller's audio, or of its INVITE, an index into [`LogCalls::addresses`], likewise.
    media: u16,
    /// The serial number of the channel, where its name is made of technology, account and number.
    serial: u32,
    /// The channel's name, where it is spelled out; then what was dialled.
    text: TextAt,
    channel: ChannelName,
    /// Bytes of what was dialled.
    number_length: u8,
    progress: u8,
    /// Wrong PINs that the caller gave, up to 255.
    wrong_pins: u8,
    /// Seconds from the first step to the first call by a trunk, up to 65,534; beyond for none.
    dialed_after: u16,
}

/// A called channel answered.
const ANSWERED: u8 = 1;
/// Something was called.
const DIALED: u8 = 2;
/// A trunk was called.
const BY_TRUNK: u8 = 4;
/// The address is the INVITE's, not the audio's.
const SIGNALLED: u8 = 8;
/// The caller was given a second dial tone.
const DISA: u8 = 16;
/// The caller was let on to a mailbox.
const MAILBOX: u8 = 32;
/// A mailbox called out for the caller.
const BY_MAILBOX: u8 = 64;
/// A called phone sent the call on.
const FORWARDED: u8 = 128;

/// What a caller went through on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// A second dial tone (DISA).
    Disa,
    /// A mailbox.
    Mailbox,
    /// A mailbox called out.
    ByMailbox,
    /// A called phone sent the call on.
    Forwarded,
}

impl Passed {
    fn mark(self) -> u8 {
        match self {
            Passed::Disa => DISA,
            Passed::Mailbox => MAILBOX,
            Passed::ByMailbox => BY_MAILBOX,
            Passed::Forwarded => FORWARDED,
        }
    }
}

const _: () = assert!(size_of::<LogCall>() <= 37, "there may be a million calls");

impl LogCall {
    /// Returns when its first dialplan step was.
    pub fn start(&self) -> Instant {
        self.start.into()
    }

    /// Returns the calling channel's account.
    pub fn account(&self) -> NameId {
        let [a, b, c] = self.account;
        match u32::from_be_bytes([0, a, b, c]) {
            NO_ACCOUNT => NameId::NONE,
            id => NameId(id),
        }
    }

    /// Returns the byte offset of its first line.
    pub fn offset(&self) -> u64 {
        let [a, b, c, d, e] = self.offset;
        u64::from_be_bytes([0, 0, 0, a, b, c, d, e])
    }

    /// Returns the context of the first step.
    pub fn context(&self) -> NameId {
        if self.context == u16::MAX { NameId::NONE } else { NameId(u32::from(self.context)) }
    }

    /// Returns whether a called channel answered.
    pub fn answered(&self) -> bool {
        self.progress & ANSWERED != 0
    }

    /// Returns whether anything was called.
    pub fn dialed(&self) -> bool {
        self.progress & DIALED != 0
    }

    /// Returns whether it is a session that no INVITE began and that never entered the dialplan.
    pub fn is_uninvited(&self) -> bool {
        self.progress & SIGNALLED == 0 && self.account() == NameId::NONE && self.context == u16::MAX
    }

    /// Returns whether the server itself was told to place it by a trunk: no step and no INVITE began it.
    pub fn is_ordered(&self) -> bool {
        let went_out = DIALED | BY_TRUNK;
        self.progress & (went_out | SIGNALLED) == went_out && self.context == u16::MAX
    }

    /// Returns whether its address is where its INVITE came from, and not its audio.
    pub fn is_signalled(&self) -> bool {
        self.progress & SIGNALLED != 0
    }

    /// Returns whether the caller went through something on the way.
    pub fn passed(&self, what: Passed) -> bool {
        self.progress & what.mark() != 0
    }

    /// Returns how many wrong PINs the caller gave.
    pub fn wrong_pins(&self) -> u8 {
        self.wrong_pins
    }

    /// Returns when a trunk was called first.
    pub fn dialed_at(&self) -> Option<Instant> {
        (self.dialed_after != u16::MAX).then(|| self.start().plus_seconds(i64::from(self.dialed_after)))
    }

    /// Returns whether a trunk was called.
    pub fn by_trunk(&self) -> bool {
        self.progress & BY_TRUNK != 0
    }
}

/// Packs an offset; no log is longer than a terabyte.
fn packed(offset: u64) -> [u8; 5] {
    let [_, _, _, bytes @ ..] = offset.to_be_bytes();
    bytes
}

/// Stands for no account; a source has no more than half a million names.
const NO_ACCOUNT: u32 = 0xff_ffff;

/// Packs an account.
fn packed_account(NameId(id): NameId) -> [u8; 3] {
    let [_, bytes @ ..] = id.min(NO_ACCOUNT).to_be_bytes();
    bytes
}

/// How the name of a calling channel is known: by its technology, account and serial, or spelled out in so many bytes.
#[derive(Clone, Copy, Debug)]
struct ChannelName(u8);

impl ChannelName {
    /// From here on it is a technology's.
    const FIRST_TECHNOLOGY: u8 = u8::MAX - TECHNOLOGIES.len() as u8 + 1;

    fn of(technology: Option<u8>, spelled: u8) -> Self {
        ChannelName(technology.map_or(spelled, |technology| Self::FIRST_TECHNOLOGY + technology))
    }

    /// Returns the technology, unless the name is spelled out.
    fn technology(self) -> Option<&'static [u8]> {
        let index = self.0.checked_sub(Self::FIRST_TECHNOLOGY)?;
        TECHNOLOGIES.get(usize::from(index)).copied()
    }

    /// Returns how many bytes it is spelled out in.
    fn spelled(self) -> u8 {
        if self.0 < Self::FIRST_TECHNOLOGY { self.0 } else { 0 }
    }
}

/// Narrows an index; the largest value stands for none.
fn narrow(index: u32) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

/// All calls of one source.
#[derive(Debug)]
pub struct LogCalls {
    /// In the order of their first line.
    pub calls: Blocks<LogCall>,
    /// Calls beyond the limit.
    pub beyond: u64,
    most: usize,
    texts: Texts,
    addresses: Vec<IpAddr>,
    address_ids: HashMap<IpAddr, u32>,
    open: HashMap<Key, Open, BuildHasherDefault<Placer>>,
    order: VecDeque<Key>,
    starts: u32,
}

/// What joins the lines of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `[C-0000002f]`, which starts anew when the server does.
    Id(u32),
    /// The calling channel, or the session's uuid, where calls have no id.
    Channel(u64),
}

impl Key {
    /// Returns the key of a call without a number, by its channel.
    pub(super) fn of_channel(channel: &[u8]) -> Self {
        Key::Channel(super::hash(&channel))
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Key::Id(id) => state.write_u32(id),
            Key::Channel(hash) => state.write_u64(hash),
        }
    }
}

/// Places keys that nobody outside chooses: the server's own counter, or a hash already.
///
/// Calls that follow one another have numbers that do, and so lie side by side: each of a million is looked up
/// among thousands, of which few are near the processor else.
#[derive(Debug, Default)]
pub(super) struct Placer(u64);

impl Hasher for Placer {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        let spread = u64::from(value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread << 32 | u64::from(value);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Open {
    index: Option<u32>,
    /// Audio that became known before the first step: the caller's.
    media: Option<u32>,
    /// How often the server had started when the call was heard of.
    starts: u32,
    /// Was there no room for it?
    is_refused: bool,
}

/// A dialplan step.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// When.
    pub at: Instant,
    /// The call's number.
    pub call: Option<u32>,
    /// The channel.
    pub channel: &'a [u8],
    /// The account, if the channel is one's.
    pub account: &'a [u8],
    /// The extension.
    pub number: &'a [u8],
    /// The context.
    pub context: &'a [u8],
    /// Byte offset.
    pub offset: u64,
    /// Line number.
    pub line: u32,
}

impl Step<'_> {
    /// Returns what joins the lines of its call.
    pub(super) fn key(&self) -> Key {
        self.call.map_or_else(|| Key::of_channel(self.channel), Key::Id)
    }
}

impl Default for LogCalls {
    fn default() -> Self {
        LogCalls::new(Budget::WHOLE.calls)
    }
}

impl LogCalls {
    /// Begins with nothing, to keep up to `most` calls.
    pub fn new(most: usize) -> Self {
        LogCalls {
            calls: Blocks::default(),
            beyond: 0,
            most,
            texts: Texts::default(),
            addresses: Vec::new(),
            address_ids: HashMap::new(),
            open: HashMap::default(),
            order: VecDeque::new(),
            starts: 0,
        }
    }

    /// Takes a dialplan step; only a call's first counts.
    pub fn step(&mut self, step: &Step<'_>, names: &mut Names) {
        let key = step.key();
        let open = self.open(key);
        if open.index.is_some() && !self.is_another(key, open, step.channel, names) {
            return;
        }
        if self.calls.len() >= self.most || self.texts.bytes() / TEXT_PER_CALL >= self.most {
            self.beyond += u64::from(!open.is_refused);
            self.open.insert(key, Open { is_refused: true, ..open });
            return;
        }
        let parts = channel_parts(step.channel, step.account);
        let longest = step.channel.len().min(usize::from(ChannelName::FIRST_TECHNOLOGY) - 1);
        let spelled = step.channel.get(..longest).filter(|_| parts.is_none()).unwrap_or_default();
        let (text, [spelled, number_length]) = self.texts.keep([spelled, step.number]);
        let index = self.calls.push(LogCall {
            start: step.at.into(),
            offset: packed(step.offset),
            line: step.line,
            account: packed_account(names.id(step.account)),
            context: narrow(names.id(step.context).0),
            media: narrow(open.media.unwrap_or(u32::MAX)),
            serial: parts.map_or(0, |(_, serial)| serial),
            text,
            channel: ChannelName::of(parts.map(|(technology, _)| technology), spelled),
            number_length,
            progress: 0,
            wrong_pins: 0,
            dialed_after: u16::MAX,
        });
        self.open.insert(key, Open { index: Some(index as u32), starts: self.starts, ..Open::default() });
    }

    /// Takes a call that the server was told to place by a trunk, and that was answered.
    pub(super) fn place_ordered(&mut self, step: &Step<'_>, names: &mut Names) {
        let key = step.key();
        self.open.remove(&key);
        self.step(step, names);
        if let Some(known) = self.known(Some(key)) {
            known.context = u16::MAX;
            known.progress |= DIALED | ANSWERED | BY_TRUNK;
        }
    }

    /// Returns whether a number stands for another call than before: the server may have started anew
    /// and count from zero, or only have opened its logs anew while the call goes on.
    fn is_another(&mut self, key: Key, open: Open, channel: &[u8], names: &Names) -> bool {
        if open.starts == self.starts {
            return false;
        }
        self.open.insert(key, Open { starts: self.starts, ..open });
        let known = open.index.and_then(|index| self.calls.get(index as usize));
        known.is_none_or(|known| *self.channel(known, names) != *channel)
    }

    /// Takes the address of a call's audio.
    ///
    /// The caller's offer is read before the dialplan runs and the called side's answer after it, so
    /// only what comes before the first `Dial` is the caller's.
    pub fn media(&mut self, call: Option<u32>, address: IpAddr) {
        let Some(key) = call.map(Key::Id) else { return };
        let open = self.open(key);
        match open.index.and_then(|index| self.calls.get(index as usize)) {
            Some(known) if known.dialed() || known.media != u16::MAX => {}
            Some(_) => {
                let id = self.address_id(address);
                if let Some(known) = open.index.and_then(|index| self.calls.get_mut(index as usize)) {
                    known.media = narrow(id);
                }
            }
            None if open.media.is_none() => {
                let media = Some(self.address_id(address));
                self.open.insert(key, Open { media, ..open });
            }
            None => {}
        }
    }

    /// Takes the address that a call's INVITE came from.
    pub(super) fn signalling(&mut self, key: Key, address: IpAddr) {
        let id = narrow(self.address_id(address));
        let known = self.open.get(&key).and_then(|open| open.index);
        if let Some(known) = known.and_then(|index| self.calls.get_mut(index as usize)) {
            known.media = id;
            known.progress |= SIGNALLED;
        }
    }

    /// Notes that the call dialled out, perhaps by a trunk, or was answered.
    pub(super) fn progress(&mut self, call: Option<Key>, answered: bool, by_trunk: bool) {
        if let Some(known) = self.known(call) {
            known.progress |= DIALED;
            known.progress |= if answered { ANSWERED } else { 0 } | if by_trunk { BY_TRUNK } else { 0 };
        }
    }

    /// Notes that a trunk was called at `at`; the first time counts.
    pub(super) fn dialed_out(&mut self, call: Option<Key>, at: Instant) {
        if let Some(known) = self.known(call).filter(|known| known.dialed_after == u16::MAX) {
            let after = at.seconds_since(known.start()).clamp(0, i64::from(u16::MAX) - 1);
            known.dialed_after = after as u16;
        }
    }

    /// Notes the number that a caller who came in by a trunk was sent on to by another, the first time: what he dialled
    /// to come in says nothing of where the call went.
    pub(super) fn sent_on(
        &mut self,
        call: Key,
        target: &[u8],
        is_trunk: impl Fn(&[u8]) -> bool,
        names: &Names,
    ) {
        let Some(index) = self.open.get(&call).and_then(|open| open.index) else { return };
        let Some(known) = self.calls.get(index as usize).copied() else { return };
        if known.dialed_after != u16::MAX || !is_trunk(names.text(known.account())) {
            return;
        }
        let Some(number) = super::ordered::number(target, is_trunk) else { return };
        let spelled = self.texts.get(known.text, 0, known.channel.spelled()).to_vec();
        let (text, [_, number_length]) = self.texts.keep([&spelled, number]);
        if let Some(known) = self.calls.get_mut(index as usize) {
            (known.text, known.number_length) = (text, number_length);
        }
    }

    /// Notes what a caller went through.
    pub(super) fn pass(&mut self, call: Option<Key>, what: Passed) {
        if let Some(known) = self.known(call) {
            known.progress |= what.mark();
        }
    }

    /// Notes that a caller gave a wrong PIN.
    pub(super) fn wrong_pin(&mut self, call: Option<Key>) {
        if let Some(known) = self.known(call) {
            known.wrong_pins = known.wrong_pins.saturating_add(1);
        }
    }

    fn known(&mut self, call: Option<Key>) -> Option<&mut LogCall> {
        let index = call.and_then(|call| self.open.get(&call))?.index?;
        self.calls.get_mut(index as usize)
    }

    /// Notes that the server started, or opened its logs anew: both print the same line.
    pub fn restart(&mut self) {
        self.starts += 1;
    }

    /// Forgets what is only needed while lines are read.
    pub fn settle(&mut self) {
        self.open = HashMap::default();
        self.order = VecDeque::new();
    }

    /// Returns the calling channel's name.
    pub fn channel<'a>(&'a self, call: &LogCall, names: &Names) -> Cow<'a, [u8]> {
        match call.channel.technology() {
            Some(technology) => {
                let serial: [u8; 8] = std::array::from_fn(|at| {
                    let digit = call.serial >> (4 * (7 - at)) & 0xf;
                    char::from_digit(digit, 16).map_or(b'0', |digit| digit as u8)
                });
                let account = names.text(call.account());
                Cow::Owned([technology, &b"/"[..], account, b"-", &serial].concat())
            }
            None => Cow::Borrowed(self.spelled(call)),
        }
    }

    /// Returns the calling channel's name, if it is one of IAX2. Hardly any is, and most names are put together.
    pub fn iax_channel<'a>(&'a self, call: &LogCall, names: &Names) -> Option<Cow<'a, [u8]>> {
        let is_iax = match call.channel.technology() {
            Some(technology) => technology == b"IAX2",
            None => self.spelled(call).starts_with(b"IAX2/"),
        };
        is_iax.then(|| self.channel(call, names))
    }

    /// Returns the calling channel's name, where it is spelled out.
    fn spelled(&self, call: &LogCall) -> &[u8] {
        self.texts.get(call.text, 0, call.channel.spelled())
    }

    /// Returns what was dialled.
    pub fn number(&self, call: &LogCall) -> &[u8] {
        self.texts.get(call.text, usize::from(call.channel.spelled()), call.number_length)
    }

    /// Returns the index of that address; beyond all of them for none.
    pub fn address_index(&self, call: &LogCall) -> usize {
        usize::from(call.media)
    }

    /// Returns the address of the caller's audio.
    pub fn address(&self, call: &LogCall) -> Option<IpAddr> {
        self.addresses.get(usize::from(call.media)).copied()
    }

    fn open(&mut self, key: Key) -> Open {
        if let Some(&open) = self.open.get(&key) {
            return open;
        }
        if self.open.len() == FEW_OPEN {
            // At once and not by doubling: glibc keeps for itself whatever is smaller than the largest room that was
            // ever given back to it. As much again, so that closed calls are cleared away in place.
            self.open.reserve(2 * MOST_OPEN);
        }
        self.order.push_back(key);
        if self.order.len() > MOST_OPEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.open.remove(&oldest);
        }
        let open = Open { starts: self.starts, ..Open::default() };
        self.open.insert(key, open);
        open
    }

    /// Returns the address's index; those beyond what a call can name are not kept.
    fn address_id(&mut self, address: IpAddr) -> u32 {
        if self.addresses.len() >= usize::from(u16::MAX) && !self.address_ids.contains_key(&address) {
            return u32::MAX;
        }
        *self.address_ids.entry(address).or_insert_with(|| {
            self.addresses.push(address);
            (self.addresses.len() - 1) as u32
        })
    }
}

/// Technologies whose channels are named `TECHNOLOGY/ACCOUNT-SERIAL`, the serial in eight digits.
const TECHNOLOGIES: [&[u8]; 4] = [b"PJSIP", b"SIP", b"IAX2", b"SCCP"];

/// Returns technology and serial of a channel that is fully told by them and its account.
fn channel_parts(channel: &[u8], account: &[u8]) -> Option<(u8, u32)> {
    let technology = TECHNOLOGIES.iter().position(|name| channel.starts_with(name))?;
    let rest = channel.get(TECHNOLOGIES[technology].len()..)?.strip_prefix(b"/")?;
    let serial = rest.strip_prefix(account)?.strip_prefix(b"-")?;
    let is_plain = serial.len() == 8 && serial.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let serial = std::str::from_utf8(serial).ok().filter(|_| is_plain && !account.is_empty())?;
    Some((technology as u8, u32::from_str_radix(serial, 16).ok()?))
}

/// Returns the source that a call's citation names.
pub fn place(source: SourceId, call: &LogCall) -> crate::event::Place {
    crate::event::Place { source, offset: call.offset(), line: call.line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_come_back_as_they_were() {
        let mut calls = LogCalls::default();
        let mut names = Names::default();
        let channels = [
            "PJSIP/100-0000002f",
            "SIP/carrier-out-000002f9",
            "Local/1@ctx-0001;2",
            "SIP/1-2F",
            "DAHDI/i1/5-1",
        ];
        for (number, channel) in channels.iter().enumerate() {
            let account = crate::readers::channel_account(channel.as_bytes()).unwrap_or_default();
            let step = Step {
                at: Instant(0),
                call: Some(number as u32),
                channel: channel.as_bytes(),
                account,
                number: b"0044",
                context: b"internal",
                offset: 0,
                line: 1,
            };
            calls.step(&step, &mut names);
        }
        let back: Vec<_> = calls.calls.iter().map(|call| calls.channel(call, &names).into_owned()).collect();
        assert!(back.iter().map(Vec::as_slice).eq(channels.iter().map(|channel| channel.as_bytes())));
        assert!(calls.calls.iter().all(|call| calls.number(call) == b"0044"));
    }
}
