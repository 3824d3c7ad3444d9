//! Calls that were up when somebody listed them.
//!
//! Read are Asterisk's `core show channels`, `core show channels verbose` and `concise`, `sip show channels`, and
//! FreeSWITCH's `show channels` and `show calls`. Asterisk cuts what does not fit its columns: where they begin, the line
//! of headings tells.

use std::net::IpAddr;

use super::super::model::LiveCall;
use crate::event::{Citation, Place, SourceId};
use crate::readers::channel_account;

/// Calls of one file.
const MOST_CALLS: usize = 20_000;
/// States of a channel that somebody speaks or rings on (`ast_state2str`).
const STATES: [&str; 9] =
    ["Up", "Ring", "Ringing", "Dialing", "Busy", "Down", "Rsrvd", "OffHook", "Pre-ring"];
/// Fields of a line of `core show channels concise`, from Asterisk 1.8 to 22.
const CONCISE_FIELDS: std::ops::RangeInclusive<usize> = 13..=14;

/// What a file begins with that is such a list.
pub(super) fn is_list(first: &[u8]) -> bool {
    let text = String::from_utf8_lossy(first);
    text.lines().take(20).any(|line| Layout::of(line).is_some())
}

/// Reads the calls of one file.
pub(super) fn of(source: SourceId, bytes: &[u8]) -> Vec<LiveCall> {
    let mut found = Vec::new();
    let mut layout = None;
    let mut offset = 0;
    for (number, raw) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(raw);
        let place = Place { source, offset, line: u32::try_from(number + 1).unwrap_or(u32::MAX) };
        offset += raw.len() as u64;
        if found.len() >= MOST_CALLS {
            break;
        }
        match Layout::of(&line) {
            // Without headings, each line is a call.
            Some(Layout::Concise) => layout = Some(Layout::Concise),
            Some(heading) => {
                layout = Some(heading);
                continue;
            }
            None => {}
        }
        let call = layout.as_ref().and_then(|layout| layout.call(line.trim_end()));
        found.extend(call.map(|call| call.at(Citation::new(place, raw.trim_ascii()))));
    }
    found
}

/// How the lines of a list are cut.
enum Layout {
    /// By columns that begin where their headings do.
    Columns(Vec<(String, usize)>),
    /// `!` between fields, and no headings.
    Concise,
    /// `sip show channels`.
    Dialogs,
    /// Commas between fields, whose names stand in the first line.
    Fields(Vec<String>),
}

impl Layout {
    fn of(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if line.starts_with("Channel ") && line.contains(" State ") {
            return Some(Layout::Columns(headings(line)));
        }
        if line.starts_with("Peer ") && line.contains(" Call ID ") && line.contains(" Last Message ") {
            return Some(Layout::Dialogs);
        }
        if line.starts_with("uuid,direction,created,created_epoch,name,state,cid_name,cid_num,ip_addr,dest") {
            return Some(Layout::Fields(line.split(',').map(str::to_owned).collect()));
        }
        let fields: Vec<&str> = line.split('!').collect();
        let is_concise = CONCISE_FIELDS.contains(&fields.len())
            && fields.first().is_some_and(|channel| channel.contains('/'))
            && fields.get(4).is_some_and(|state| STATES.contains(state));
        is_concise.then_some(Layout::Concise)
    }

    fn call(&self, line: &str) -> Option<Found> {
        match self {
            Layout::Columns(headings) => of_columns(headings, line),
            Layout::Concise => of_concise(line),
            Layout::Dialogs => of_dialog(line),
            Layout::Fields(names) => of_fields(names, line),
        }
    }
}

/// Where the headings begin: they are words with two blanks or more between, or one where the column before is full.
fn headings(line: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in line.split(' ') {
        if !word.is_empty() {
            found.push((word.to_owned(), at));
        }
        at += word.len() + 1;
    }
    found
}

/// What one line tells.
struct Found {
    channel: String,
    account: Option<String>,
    address: Option<IpAddr>,
    leads_to: String,
    seconds: Option<u64>,
}

impl Found {
    fn of_channel(channel: &str, leads_to: &str, seconds: Option<u64>) -> Option<Self> {
        channel.contains('/').then(|| Found {
            account: account_of(channel),
            channel: channel.to_owned(),
            address: None,
            leads_to: leads_to.to_owned(),
            seconds,
        })
    }

    fn at(self, place: Citation) -> LiveCall {
        LiveCall {
            channel: self.channel,
            account: self.account,
            address: self.address,
            leads_to: self.leads_to,
            seconds: self.seconds,
            place,
        }
    }
}

/// Returns the account in a channel's name, whose own number may be cut off.
fn account_of(channel: &str) -> Option<String> {
    let whole = channel_account(channel.as_bytes()).map(|name| String::from_utf8_lossy(name).into_owned());
    whole.or_else(|| {
        let (name, _) = channel.split_once('/')?.1.rsplit_once('-')?;
        let is_of_phone =
            ["SIP/", "PJSIP/", "IAX2/"].iter().any(|technology| channel.starts_with(technology));
        (is_of_phone && !name.is_empty()).then(|| name.to_owned())
    })
}

fn of_columns(headings: &[(String, usize)], line: &str) -> Option<Found> {
    let column = |wanted: &str| {
        let index = headings.iter().position(|(name, _)| name == wanted)?;
        let start = headings.get(index)?.1;
        let end = headings.get(index + 1).map_or(line.len(), |next| next.1).min(line.len());
        line.get(start..end).map(str::trim)
    };
    let state = column("State").unwrap_or_default();
    if !STATES.contains(&state) {
        return None;
    }
    let leads_to = match column("Data") {
        Some(data) => format!("{}({data})", column("Application").unwrap_or_default()),
        None => column("Application(Data)").unwrap_or_default().to_owned(),
    };
    Found::of_channel(column("Channel")?, &leads_to, column("Duration").and_then(clock_seconds))
}

/// Reads `00:12:31`.
fn clock_seconds(text: &str) -> Option<u64> {
    let parts: Option<Vec<u64>> = text.split(':').map(|part| part.parse().ok()).collect();
    match parts?.as_slice() {
        [hours, minutes, seconds] => {
            hours.checked_mul(3_600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(*seconds)
        }
        _ => None,
    }
}

/// Channel, context, extension, priority, state, application, data, caller, account code, peer account (from 1.8 on), AMA
/// flags, duration, bridge, unique id (`main/cli.c`, `CONCISE_FORMAT_STRING`).
fn of_concise(line: &str) -> Option<Found> {
    let fields: Vec<&str> = line.split('!').collect();
    let [channel, _, _, _, _, application, data, ..] = fields.as_slice() else { return None };
    let seconds = fields.get(fields.len().checked_sub(3)?).and_then(|seconds| seconds.parse().ok());
    Found::of_channel(channel, &format!("{application}({data})"), seconds)
}

/// `203.0.113.9  304  7d1e4b3c5b2  (ulaw)  No  Rx: ACK  <guest>`: a dialog without audio is no call.
fn of_dialog(line: &str) -> Option<Found> {
    let mut words = line.split_whitespace();
    let (peer, account, call_id, format) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let address = peer.parse().ok()?;
    let has_audio = format.starts_with('(') && format != "(nothing)";
    has_audio.then(|| Found {
        channel: format!("SIP dialog {call_id}"),
        account: Some(account.to_owned()).filter(|name| name != "(None)"),
        address: Some(address),
        leads_to: String::new(),
        seconds: None,
    })
}

/// Reads a row of FreeSWITCH's table of channels, in which a value with commas shifts what follows.
fn of_fields(names: &[String], line: &str) -> Option<Found> {
    let values: Vec<&str> = line.split(',').collect();
    let value = |wanted: &str| {
        let index = names.iter().position(|name| name == wanted)?;
        values.get(index).map(|value| value.trim()).filter(|value| !value.is_empty())
    };
    if value("direction")? != "inbound" || value("uuid")?.len() != 36 {
        return None;
    }
    Some(of_session(value("name")?, value("ip_addr"), value("dest"), None))
}

/// Builds a call of one of FreeSWITCH's sessions: `sofia/internal/1007@pbx.example`.
fn of_session(channel: &str, address: Option<&str>, dialed: Option<&str>, seconds: Option<u64>) -> Found {
    let user = channel.rsplit('/').next().and_then(|name| name.split('@').next());
    Found {
        channel: channel.to_owned(),
        account: user.filter(|user| !user.is_empty()).map(str::to_owned),
        address: address.and_then(|address| address.parse().ok()),
        leads_to: dialed.unwrap_or_default().to_owned(),
        seconds,
    }
}

/// Builds a call that FreeSWITCH's own database has in its table of channels.
pub(in crate::pbx) fn of_database(channel: &str, address: &str, dialed: &str, place: Citation) -> LiveCall {
    of_session(channel, Some(address), Some(dialed), None).at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        assert!(is_list(text.as_bytes()), "{text}");
        let calls = of(SourceId(0), text.as_bytes());
        let shown = |call: &LiveCall| {
            let account = call.account.as_deref().unwrap_or("-");
            let address = call.address.map(|address| format!(" from {address}")).unwrap_or_default();
            let seconds = call.seconds.map(|seconds| format!(" {seconds} s")).unwrap_or_default();
            format!(
                "{account} {} {}{address}{seconds} line {}",
                call.channel, call.leads_to, call.place.place.line
            )
        };
        calls.iter().map(shown).collect()
    }

    #[test]
    fn channels_of_asterisk_are_read() {
        let plain = "\
Channel              Location             State   Application(Data)             
SIP/304-00000012     s@macro-dialout-trun Up      Dial(SIP/carrier/00882136432302
SIP/carrier-00000013 (None)               Up      AppDial((Outgoing Line))      
2 active channels
1 active call
173 calls processed
";
        let expected = [
            "304 SIP/304-00000012 Dial(SIP/carrier/00882136432302 line 2",
            "carrier SIP/carrier-00000013 AppDial((Outgoing Line)) line 3",
        ];
        assert_eq!(told(plain), expected);
        let verbose = "\
Channel              Context              Extension        Prio State   Application  Data                      CallerID        Duration Accountcode PeerAccount BridgeID            
PJSIP/304-00000001   macro-dialout-trunk  s                  22 Up      Dial         PJSIP/0088213@carrier,300 304             00:12:31                         7c0a
PJSIP/305-00000002   from-internal        600                 3 Ring    Echo                                   305             00:00:02                             
2 active channels
";
        let expected = [
            "304 PJSIP/304-00000001 Dial(PJSIP/0088213@carrier,300) 751 s line 2",
            "305 PJSIP/305-00000002 Echo() 2 s line 3",
        ];
        assert_eq!(told(verbose), expected);
        let concise = "PJSIP/304-00000001!macro-dialout-trunk!s!22!Up!Dial!PJSIP/0088213@carrier!304!!!3!751!7c0a!1596000000.12\n";
        assert_eq!(told(concise), ["304 PJSIP/304-00000001 Dial(PJSIP/0088213@carrier) 751 s line 1"]);
    }

    #[test]
    fn dialogs_without_audio_are_no_calls() {
        let dialogs = "\
Peer             User/ANR         Call ID          Format           Hold     Last Message    Expiry     Peer      
203.0.113.30     304              7d1e4b3c5b2a1f8  (ulaw)           No       Rx: ACK                    304       
192.168.1.20     305              1f2e3d4c5b6a798  (nothing)        No       Rx: REGISTER               <guest>   
2 active SIP dialogs
";
        assert_eq!(told(dialogs), ["304 SIP dialog 7d1e4b3c5b2a1f8  from 203.0.113.30 line 2"]);
    }

    #[test]
    fn channels_of_freeswitch_are_read() {
        let channels = "\
uuid,direction,created,created_epoch,name,state,cid_name,cid_num,ip_addr,dest,application,application_data,dialplan,context
5bd0a656-5842-4d47-8bb7-15e92240784d,inbound,2026-11-20 17:09:07,1795194547,sofia/internal/1007@pbx.example,CS_EXECUTE,1007,1007,203.0.113.31,00882136432302,bridge,sofia/gateway/x/0088,XML,default
bb52d556-fa8a-46a8-a493-f2ce712f2a58,outbound,2026-11-20 17:09:07,1795194547,sofia/external/00882136432302,CS_EXCHANGE_MEDIA,1007,1007,203.0.113.31,00882136432302,,,XML,default

2 total.
";
        let expected = ["1007 sofia/internal/1007@pbx.example 00882136432302 from 203.0.113.31 line 2"];
        assert_eq!(told(channels), expected);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(Channel .*State Duration|[A-Z]+/3-1!|Up!|uuid,direction|[ -~é]|\n){0,60}") {
            let _ = of(SourceId(0), text.as_bytes());
        }
    }
}
