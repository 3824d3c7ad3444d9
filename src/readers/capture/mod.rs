//! SIP as captured on the wire: pcap and pcapng files, as `tcpdump`, sngrep and Homer write them.
//!
//! No other source shows what was sent: scans with `OPTIONS`, user agents, digits as dialled. The
//! address of a party is the packet's, never a header's. A capture is gone through twice, once to learn
//! who is who ([`survey`]), once to tell what each answer means for the request before it.
//!
//! The records are SIP messages; packets of anything else are passed over and counted. What stands in
//! a record's place is the packet's data, in the unpacked stream where the file is packed.

mod hep;
mod message;
mod network;
mod packets;
mod streams;
mod survey;
mod transactions;

use std::net::IpAddr;

use self::message::Message;
use self::network::{Brought, End, Network};
use self::streams::Streams;
use self::survey::Survey;
use self::transactions::{Request, Transactions};
use super::found::{Found, span_within};
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Take, Tells};
use crate::event::{Action, Disposition, Instant, Service, SipMessage, Span};
use crate::evidence::{Handle, Packing};

/// How a capture is told and read.
pub(super) static FORMAT: Format = Format {
    word: "sip-capture",
    tells: Tells::Wire,
    content: Content::Binary,
    cites: Cites::Offset,
    looks_like: |_, head| packets::is_capture(head),
    open: |_| Some(Opened::certain(Capture)),
};

/// Reads one capture.
#[derive(Clone, Copy, Debug)]
struct Capture;

impl Reader for Capture {
    fn access(&self) -> Access {
        Access::AtWill
    }

    fn unpacks(&self) -> bool {
        true
    }

    fn read(&self, _chunk: &mut Chunk) {}

    fn read_file(&self, handle: &Handle, take: &mut Take<'_>) -> Vec<String> {
        let known = Known::of(handle);
        let has_plain = known.has_plain;
        let mut telling =
            Telling { survey: known.survey, transactions: Transactions::default(), chunk: Chunk::default() };
        let passed = go_through(handle, |seen| {
            if seen.is_sensed != has_plain {
                telling.tell(seen, take);
            }
        });
        sensors(known.of_sensors, has_plain).into_iter().chain(passed.into_notes()).collect()
    }
}

/// What the first time through tells.
///
/// Anybody can send a packet in the form of a sensor's and name whom he likes in it. Where SIP itself was
/// captured it speaks for itself, and no sensor is believed.
#[derive(Default)]
struct Known {
    survey: Survey,
    /// Was SIP itself captured?
    has_plain: bool,
    /// Messages that came as a sensor's.
    of_sensors: u64,
}

impl Known {
    fn of(handle: &Handle) -> Known {
        let mut known = Known::default();
        go_through(handle, |seen| {
            let Some(message) = message::read(seen.text) else { return };
            known.of_sensors += u64::from(seen.is_sensed);
            if !seen.is_sensed && !known.has_plain {
                // Whatever sensors told so far is forgotten.
                (known.has_plain, known.survey) = (true, Survey::default());
            }
            if seen.is_sensed != known.has_plain {
                known.survey.take(seen.from, seen.to, &message);
            }
        });
        known.survey.settle();
        known
    }
}

fn sensors(count: u64, has_plain: bool) -> Option<String> {
    match (count, has_plain) {
        (0, _) => None,
        (count, true) => Some(format!(
            "{count} messages in the form of a sensor's (HEP) were not believed: the capture holds SIP itself, and anybody can send such packets"
        )),
        (count, false) => Some(format!(
            "{count} messages are as a sensor told them (HEP); that it was one cannot be checked"
        )),
    }
}

/// One SIP message as it was captured.
struct Seen<'a> {
    at: Instant,
    offset: u64,
    from: End,
    to: End,
    /// Its headers are unfolded.
    text: &'a [u8],
    /// Does only a sensor tell of it?
    is_sensed: bool,
}

/// What was passed over.
#[derive(Default)]
struct Passed {
    packets: u64,
    without_sip: u64,
    too_long: u64,
    ended: Option<String>,
}

impl Passed {
    fn into_notes(self) -> Vec<String> {
        let others = (self.without_sip > 0).then(|| {
            format!("{} of {} packets hold no SIP and were passed over", self.without_sip, self.packets)
        });
        let too_long = (self.too_long > 0).then(|| {
            let most = streams::LONGEST / 1024;
            format!("{} messages over TCP are longer than {most} KiB and were not read", self.too_long)
        });
        self.ended.into_iter().chain(too_long).chain(others).collect()
    }
}

/// Goes through a capture and hands over everything in it that may be SIP.
fn go_through(handle: &Handle, mut take: impl FnMut(&Seen<'_>)) -> Passed {
    let mut first = [0; 4];
    let got = handle.read_at(&mut first, 0).unwrap_or(0);
    let mut network = Network::default();
    let mut streams = Streams::default();
    let mut passed = Passed::default();
    let each = |packet: &packets::Packet<'_>| {
        passed.packets += 1;
        let mut is_sip = false;
        if let Some(brought) = network.open(packet.link, packet.data) {
            is_sip = messages(packet, &brought, &mut streams, &mut take);
        }
        passed.without_sip += u64::from(!is_sip);
    };
    let mut contents = handle.contents(Packing::of(first.get(..got).unwrap_or_default()));
    let ended = packets::each(&mut contents, each);
    let ended = contents.trouble().or(ended);
    passed.ended = ended;
    passed.too_long = streams.lost;
    passed
}

/// Hands over the messages that a packet brings; returns whether it may hold any.
fn messages(
    packet: &packets::Packet<'_>,
    brought: &Brought<'_>,
    streams: &mut Streams,
    take: &mut impl FnMut(&Seen<'_>),
) -> bool {
    match brought {
        Brought::Udp { from, to, data } => {
            if let Some(sensed) = hep::read(data) {
                let at = sensed.at.unwrap_or(packet.at);
                let text = &message::unfolded(sensed.text);
                let (from, to) = (sensed.from, sensed.to);
                take(&Seen { at, offset: packet.offset, from, to, text, is_sensed: true });
                return true;
            }
            let text = &message::unfolded(data);
            let is_sip = message::read(text).is_some();
            if is_sip {
                let (at, offset) = (packet.at, packet.offset);
                take(&Seen { at, offset, from: *from, to: *to, text, is_sensed: false });
            }
            is_sip
        }
        Brought::Tcp { from, to, sequence, begins, data } => {
            let mut is_sip = message::may_begin(data);
            streams.take((*from, *to), *sequence, *begins, data, |text| {
                is_sip = true;
                let (at, offset, text) = (packet.at, packet.offset, &message::unfolded(text));
                take(&Seen { at, offset, from: *from, to: *to, text, is_sensed: false });
            });
            is_sip
        }
    }
}

/// The second time through: what is told.
struct Telling {
    survey: Survey,
    transactions: Transactions,
    chunk: Chunk,
}

impl Telling {
    fn tell(&mut self, seen: &Seen<'_>, take: &mut Take<'_>) {
        let text = seen.text;
        let Some(message) = message::read(text) else { return };
        self.chunk.clear();
        self.chunk.bytes.extend_from_slice(text);
        self.chunk.records = 1;
        match message.method {
            Some(method) => {
                let found = self.request(seen, method, &message);
                found.into_iter().for_each(|found| self.push(&found, seen.at, text));
            }
            None => self.answer(seen, text, &message),
        }
        let span = |part: &[u8]| span_within(text, part, 0);
        self.chunk.sip.push(SipMessage {
            what: span(message.method.or(message.code).unwrap_or_default()),
            is_request: message.method.is_some(),
            agent: if message.user_agent.is_empty() { Span::NONE } else { span(message.user_agent) },
            from: seen.from.0,
        });
        take(&self.chunk, seen.offset);
    }

    fn push(&mut self, found: &Found<'_>, at: Instant, text: &[u8]) {
        let mut entry = found.entry(text, 0);
        entry.exact = Some(at);
        entry.length = text.len() as u32;
        self.chunk.entries.push(entry);
    }

    fn request<'a>(&mut self, seen: &Seen<'_>, method: &[u8], message: &Message<'a>) -> Option<Found<'a>> {
        self.transactions.ask(seen.from, seen.to, message);
        let client = seen.from.0;
        let action = match method {
            b"OPTIONS" if self.survey.is_known(client) => Action::KeepAlive,
            b"OPTIONS" => Action::Probe,
            b"REGISTER" | b"INVITE" if self.survey.is_ignored(client) => Action::Probe,
            b"INVITE" if Message::tag(message.to).is_none() => Action::CallAttempt,
            b"BYE" => Action::HungUp,
            _ => return None,
        };
        let mut found = self.of_client(action, client, message);
        found.reason =
            if self.survey.is_ignored(client) && action == Action::Probe { "no answer" } else { "" };
        found.account = message.account();
        found.number = message.dialed().filter(|_| method != b"REGISTER");
        found.detail = message.method;
        Some(found)
    }

    fn of_client<'a>(&self, action: Action, client: IpAddr, message: &Message<'a>) -> Found<'a> {
        let mut found = Found::new(action, Service::Capture);
        found.address = Some(client);
        found.session = Some(message.call_id);
        found.channel = Message::tag(message.from);
        found.context = Message::tag(message.to);
        found
    }

    /// Tells what an answer means for its request; account and number are what the request said.
    fn answer(&mut self, seen: &Seen<'_>, text: &[u8], message: &Message<'_>) {
        let (client, server) = (seen.to, seen.from);
        let Some(status) = message.status() else { return };
        let client_is = Client {
            is_server: self.survey.is_server(client.0),
            is_known: self.survey.is_known(client.0),
            looks_around: self.survey.looks_around(client.0),
        };
        let Some(request) = self.transactions.answered(client, server, message) else { return };
        // Answers come again until they are acknowledged.
        if request.told == status {
            return;
        }
        request.told = status;
        let meanings = meanings(request, status, message, client_is);
        let (account, number) = (request.account_by(message), request.number.clone());
        for (action, reason) in meanings.into_iter().flatten() {
            let mut found = self.of_client(action, client.0, message).because(reason);
            // Everybody who calls is challenged: only what was refused tells of somebody who looks around.
            found.detail = Some(message.about()).filter(|_| action != Action::Challenge);
            self.push(&found, seen.at, text);
            let account = if account.is_empty() { Span::NONE } else { self.chunk.keep(&account) };
            let number = if number.is_empty() { Span::NONE } else { self.chunk.keep(&number) };
            if let Some(entry) = self.chunk.entries.last_mut() {
                (entry.account, entry.number) = (account, number);
            }
        }
    }
}

/// What the survey knows of whoever asked.
#[derive(Clone, Copy)]
struct Client {
    is_server: bool,
    is_known: bool,
    looks_around: bool,
}

type Meaning = Option<(Action, &'static str)>;

/// Tells what an answer means: at most that credentials held, and what the call came to.
fn meanings(request: &mut Request, status: u16, message: &Message<'_>, client: Client) -> [Meaning; 2] {
    let one = |action, reason| [Some((action, reason)), None];
    match (message.about(), status) {
        (b"REGISTER" | b"INVITE", 401 | 407) if request.has_credentials && !message.is_stale() => {
            // A server that logs in to its carrier with a wrong secret attacks nobody.
            if client.is_server { [None; 2] } else { one(Action::AuthFailed, "wrong secret") }
        }
        (b"REGISTER" | b"INVITE", 401 | 407) if client.looks_around => one(Action::Probe, ""),
        (b"REGISTER" | b"INVITE", 401 | 407) => one(Action::Challenge, ""),
        (b"REGISTER", 200..=299) if request.is_removal => one(Action::Unregistered, ""),
        (b"REGISTER", 200..=299) => one(Action::Registered, ""),
        (b"REGISTER", 403) if !client.is_server => one(Action::AuthFailed, "forbidden"),
        (b"REGISTER", 404) if !client.is_server => one(Action::AuthFailed, "no such account"),
        (b"INVITE", 180..=699) if request.has_credentials && !client.is_server => {
            // Whoever is forbidden to call may have had the wrong secret as well.
            let is_first = !request.is_accepted && status != 403;
            request.is_accepted |= is_first;
            let call = (status >= 200).then(|| (Action::Call, Disposition::from_status(status).word()));
            [is_first.then_some((Action::AuthOk, "")), call]
        }
        (b"INVITE", 400..=699) if !client.is_known => one(Action::CallRejected, "refused"),
        _ => [None; 2],
    }
}
