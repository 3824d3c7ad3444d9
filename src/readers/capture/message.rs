//! One SIP message: its first line, and the few headers that tell who wants what (RFC 3261).
//!
//! All of it is the sender's text, bounded only by what a datagram or a stream hands over: whoever
//! could push the credentials behind a limit would hide them. A header that stands twice counts as its
//! first.

use std::borrow::Cow;

use super::super::text;

/// Bytes of a first line.
const LONGEST_LINE: usize = 16 * 1024;
/// Bytes of the longest name of a header that is looked at.
const LONGEST_NAME: usize = "proxy-authenticate".len() + 2;

/// A message, as slices of its text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Message<'a> {
    /// The method of a request.
    pub(super) method: Option<&'a [u8]>,
    /// The digits of a response.
    pub(super) code: Option<&'a [u8]>,
    /// The URI of a request.
    pub(super) uri: &'a [u8],
    pub(super) from: &'a [u8],
    pub(super) to: &'a [u8],
    pub(super) call_id: &'a [u8],
    /// The topmost one, which the answer repeats.
    pub(super) via: &'a [u8],
    pub(super) contact: &'a [u8],
    pub(super) expires: &'a [u8],
    pub(super) user_agent: &'a [u8],
    /// The number and the method of the request, in a response too.
    pub(super) sequence: &'a [u8],
    /// `Authorization` or `Proxy-Authorization`.
    pub(super) credentials: Option<&'a [u8]>,
    /// `WWW-Authenticate` or `Proxy-Authenticate`.
    pub(super) challenge: &'a [u8],
}

/// Returns a message with every header on one line (RFC 3261, 7.3.1): the breaks within become blanks,
/// so that all else stays in its place.
pub(super) fn unfolded(text: &[u8]) -> Cow<'_, [u8]> {
    let mut unfolded = Cow::Borrowed(text);
    let mut begin = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        let line = text.get(begin..end).unwrap_or_default();
        if matches!(line, b"" | b"\r") {
            break;
        }
        // The first line is no header and does not go on.
        if begin > 0 && matches!(text.get(end + 1), Some(b' ' | b'\t')) {
            let end_of_text = if line.ends_with(b"\r") { end - 1 } else { end };
            if let Some(fold) = unfolded.to_mut().get_mut(end_of_text..=end) {
                fold.fill(b' ');
            }
        }
        begin = end + 1;
    }
    unfolded
}

/// Reads a message, as it is unfolded; `None` for what is no SIP.
pub(super) fn read(text: &[u8]) -> Option<Message<'_>> {
    let mut lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut message = first_line(lines.next()?)?;
    for line in lines {
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = text::split_once(line, b":") {
            message.header(name.trim_ascii(), value.trim_ascii());
        }
    }
    // Without these two nothing can be told from anything else.
    (!message.call_id.is_empty() && !message.sequence.is_empty()).then_some(message)
}

fn first_line(line: &[u8]) -> Option<Message<'_>> {
    if let Some(rest) = line.strip_prefix(b"SIP/2.0 ") {
        let code = rest.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit))?;
        let is_whole = rest.get(3).is_none_or(|byte| *byte == b' ');
        let is_class = matches!(code.first(), Some(b'1'..=b'6'));
        return (is_whole && is_class).then_some(Message { code: Some(code), ..Message::default() });
    }
    let (method, rest) = text::split_once(line, b" ")?;
    let uri = rest.strip_suffix(b" SIP/2.0")?;
    is_method(method).then_some(Message { method: Some(method), uri, ..Message::default() })
}

fn is_method(text: &[u8]) -> bool {
    (1..=32).contains(&text.len()) && text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-')
}

impl<'a> Message<'a> {
    fn header(&mut self, name: &[u8], value: &'a [u8]) {
        if name.len() > LONGEST_NAME {
            return;
        }
        let place = match name.to_ascii_lowercase().as_slice() {
            b"from" | b"f" => &mut self.from,
            b"to" | b"t" => &mut self.to,
            b"call-id" | b"i" => &mut self.call_id,
            b"via" | b"v" => &mut self.via,
            b"contact" | b"m" => &mut self.contact,
            b"expires" => &mut self.expires,
            b"user-agent" => &mut self.user_agent,
            b"cseq" => &mut self.sequence,
            b"www-authenticate" | b"proxy-authenticate" => &mut self.challenge,
            b"authorization" | b"proxy-authorization" => {
                self.credentials.get_or_insert(value);
                return;
            }
            _ => return,
        };
        if place.is_empty() {
            *place = value;
        }
    }

    /// Returns the method of the request that this is, or answers.
    pub(super) fn about(&self) -> &'a [u8] {
        self.method.unwrap_or_else(|| self.order().1)
    }

    /// Returns the number of the request and its method; an answer may write them with other blanks.
    pub(super) fn order(&self) -> (Option<u64>, &'a [u8]) {
        let mut words = self.sequence.split(u8::is_ascii_whitespace);
        let number = words.next().and_then(text::number);
        (number, words.next_back().unwrap_or_default())
    }

    /// Returns the mark of the transaction: the branch of the topmost Via (RFC 3261, 17.1.3).
    pub(super) fn branch(&self) -> Option<&'a [u8]> {
        let top = self.via.split(|&byte| byte == b',').next()?;
        of_header(top, b"branch")
    }

    /// Returns the tag of whoever asks, however it is written.
    pub(super) fn asker(&self) -> Option<&'a [u8]> {
        of_header(text::split_last(self.from, b">").map_or(self.from, |(_, rest)| rest), b"tag")
    }

    /// Returns the status of a response.
    pub(super) fn status(&self) -> Option<u16> {
        self.code.and_then(text::number)
    }

    /// Returns the user of the request's URI: the number as it was sent.
    pub(super) fn dialed(&self) -> Option<&'a [u8]> {
        text::sip_user(self.uri)
    }

    /// Returns the account: the name in the credentials, else the one that the request is for or from.
    pub(super) fn account(&self) -> Option<&'a [u8]> {
        let named = self.credentials.and_then(|credentials| parameter(credentials, b"username"));
        let header = if self.about() == b"REGISTER" { self.to } else { self.from };
        named.filter(|name| !name.is_empty()).or_else(|| text::sip_user(header))
    }

    /// Returns the tag of a From or To header.
    pub(super) fn tag(header: &'a [u8]) -> Option<&'a [u8]> {
        let behind = text::split_last(header, b">").map_or(header, |(_, rest)| rest);
        let (_, tag) = text::split_once(behind, b";tag=")?;
        tag.split(|byte| matches!(byte, b';' | b' ' | b',')).next()
    }

    /// Returns whether a registration is taken back.
    pub(super) fn is_removal(&self) -> bool {
        let by_contact = text::split_once(self.contact, b";expires=").map(|(_, rest)| rest);
        let expires = by_contact.unwrap_or(self.expires);
        let digits = expires.iter().take_while(|byte| byte.is_ascii_digit()).count();
        expires
            .get(..digits)
            .is_some_and(|digits| digits.iter().all(|byte| *byte == b'0') && !digits.is_empty())
    }

    /// Returns whether a challenge only says that the nonce is too old: the secret was right.
    pub(super) fn is_stale(&self) -> bool {
        parameter(self.challenge, b"stale").is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
    }
}

/// Returns the value of `;name=value` in a header.
fn of_header<'a>(header: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    header.split(|&byte| byte == b';').skip(1).find_map(|part| {
        let (key, value) = text::split_once(part, b"=")?;
        key.trim_ascii().eq_ignore_ascii_case(name).then_some(value.trim_ascii())
    })
}

/// Returns the value of `name="value"` or `name=value` in a header of digest authentication.
fn parameter<'a>(header: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (_, mut rest) = text::split_once(header, b" ")?;
    loop {
        rest = rest.trim_ascii_start();
        let (key, behind) = text::split_once(rest, b"=")?;
        let (value, next) = match behind.strip_prefix(b"\"") {
            Some(quoted) => text::split_once(quoted, b"\"")?,
            None => {
                let end = memchr::memchr(b',', behind).unwrap_or(behind.len());
                (behind.get(..end)?.trim_ascii(), behind.get(end..)?)
            }
        };
        if key.trim_ascii().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = next.trim_ascii_start().strip_prefix(b",")?;
    }
}

/// Returns whether a stream that holds this text may go on as a message.
pub(super) fn may_begin(text: &[u8]) -> bool {
    match memchr::memchr(b'\n', text) {
        Some(end) => {
            let line = text.get(..end).unwrap_or_default();
            first_line(line.strip_suffix(b"\r").unwrap_or(line)).is_some()
        }
        None => text.iter().all(|byte| matches!(byte, b' '..=b'~')) && text.len() < LONGEST_LINE,
    }
}

/// Returns the length of the message that a stream begins with, if it is whole.
pub(super) fn length_in_stream(text: &[u8]) -> Option<usize> {
    if !may_begin(text) {
        return None;
    }
    let head = memchr::memmem::find(text, b"\r\n\r\n")?;
    let lines = text.get(..head)?.split(|&byte| byte == b'\n');
    let body = lines.skip(1).find_map(|line| {
        let (name, value) = text::split_once(line, b":")?;
        let name = name.trim_ascii();
        let is_length = name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l");
        is_length.then(|| text::number::<u32>(value.trim_ascii())).flatten()
    });
    let length = head + 4 + body.unwrap_or(0) as usize;
    (length <= text.len()).then_some(length)
}
