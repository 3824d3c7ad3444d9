//! The members of a zip, each of which can be reached by itself.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::listing::{LARGEST_WHOLE, MOST_KEPT, too_large};
use super::names::{Name, clean};
use super::streamed::Place;
use super::zip::{self, Member};
use crate::event::Instant;
use crate::evidence::bytes::{Handle, read_up_to};
use crate::evidence::gather::Gather;
use crate::evidence::packing::Packing;
use crate::evidence::{File, MODE_BITS, Reach, collector};

/// The longest text of a link.
const LONGEST_TARGET: usize = 4_096;
const MODE_OF_KIND: u32 = 0o170_000;
const MODE_OF_LINK: u32 = 0o120_000;
const MODES_OF_FILES: [u32; 2] = [0, 0o100_000];

/// Lists the members of a zip.
pub(in crate::evidence) fn list_zip(
    gather: &mut Gather<'_>,
    mut file: File,
    mut handle: Handle,
    depth: usize,
) -> io::Result<()> {
    let mut kept = 0;
    if !handle.is_random_access() {
        let most = LARGEST_WHOLE.min(MOST_KEPT.saturating_sub(gather.kept)) as usize;
        let bytes = read_up_to(&handle, Packing::Plain, most + 1)?;
        gather.spend(bytes.len());
        if bytes.len() > most {
            gather.trouble(&file.path, Some(file.bytes), too_large("a zip packed in another"));
            return Ok(());
        }
        kept = bytes.len() as u64;
        gather.kept += kept;
        let bytes: Arc<[u8]> = bytes.into();
        file.reach = Reach::Kept(Arc::clone(&bytes));
        file.bytes = bytes.len() as u64;
        handle = Handle::from_kept(bytes);
    }
    let before = gather.found.len();
    let place = Place { path: file.path.clone(), placed: file.placed.clone(), depth };
    let around = Arc::new(file);
    let mut listing = Listing { gather, handle: &handle, around: &around, place };
    match zip::directory(&handle)? {
        Some(directory) => listing.by_directory(directory)?,
        None => listing.by_headers()?,
    }
    if gather.found.len() == before {
        gather.kept = gather.kept.saturating_sub(kept);
    }
    gather.add_archive(Arc::unwrap_or_clone(around), before, Packing::Plain, None);
    Ok(())
}

struct Listing<'g, 'e> {
    gather: &'g mut Gather<'e>,
    handle: &'g Handle,
    around: &'g Arc<File>,
    place: Place,
}

impl Listing<'_, '_> {
    fn by_directory(&mut self, directory: zip::Directory) -> io::Result<()> {
        let mut overlapping = self.overlapping(directory)?;
        let handle = self.handle;
        let mut failed = Ok(());
        let damaged = zip::members(handle, directory, &mut |member| {
            let goes_on = self.member_of_directory(&member, &mut overlapping);
            failed =
                goes_on.as_ref().map(|_| ()).map_err(|error| io::Error::new(error.kind(), error.to_string()));
            goes_on.unwrap_or(false)
        })?;
        if let Some(at) = damaged {
            let why = format!("its directory is damaged at byte {at}; the members before that were used");
            self.gather.trouble(&self.place.path, None, why);
        }
        failed
    }

    /// Returns the headers of members whose bytes lie in those of others, or in the directory; with
    /// `true` where only others with this same header do, of which one is read.
    fn overlapping(&mut self, directory: zip::Directory) -> io::Result<BTreeMap<u64, bool>> {
        let mut spans: Vec<(u64, u64)> = Vec::new();
        zip::members(self.handle, directory, &mut |member| {
            let end = member.header.saturating_add(30).saturating_add(member.packed);
            spans.push((member.header, end));
            (spans.len() as u64) < super::MOST_MEMBERS
        })?;
        spans.sort_unstable();
        let mut end = 0;
        let mut overlapping = BTreeMap::new();
        let mut last = None;
        for (header, stop) in spans {
            if last == Some(header) {
                overlapping.entry(header).or_insert(true);
            } else if header < end || !directory.is_behind(stop) {
                overlapping.insert(header, false);
            } else {
                end = stop;
            }
            last = Some(header);
        }
        Ok(overlapping)
    }

    fn member_of_directory(
        &mut self,
        member: &Member,
        overlapping: &mut BTreeMap<u64, bool>,
    ) -> io::Result<bool> {
        let path = |this: &Self| {
            clean(&member.name).map_or(this.place.path.clone(), |name| this.place.of_member(&name.path).path)
        };
        let is_free = overlapping.get_mut(&member.header).map(std::mem::take);
        if is_free == Some(false) {
            let path = path(self);
            self.gather.trouble(
                &path,
                Some(member.size),
                "its bytes are those of other members: not read".to_owned(),
            );
            return Ok(self.gather.count_member(&self.place));
        }
        match zip::data_offset(self.handle, member)? {
            Some(offset) => self.member(member, offset),
            None => {
                let path = path(self);
                self.gather.trouble(&path, Some(member.size), "its header is damaged: not read".to_owned());
                Ok(self.gather.count_member(&self.place))
            }
        }
    }

    /// Goes from header to header, in a zip whose directory is lost.
    fn by_headers(&mut self) -> io::Result<()> {
        let why = "its directory, which stands at the end, is missing: members were looked for by their own headers";
        self.gather.trouble(&self.place.path, None, why.to_owned());
        let mut at = 0;
        while let Some(mut found) = zip::local(self.handle, at)? {
            let left = self.handle.size().saturating_sub(found.offset);
            if found.is_size_behind && found.member.packed == 0 {
                let Some(packed) = self.find_end(&found, left) else {
                    let path = self.place.path.clone();
                    let why =
                        format!("the member at byte {at} does not tell its size: the rest was not read");
                    self.gather.trouble(&path, None, why);
                    return Ok(());
                };
                found.member.packed = packed;
            }
            let is_cut = found.member.packed > left;
            found.member.packed = found.member.packed.min(left);
            if !self.member(&found.member, found.offset)? {
                return Ok(());
            }
            if is_cut {
                let path = self.place.path.clone();
                self.gather.trouble(
                    &path,
                    None,
                    "ends inside its last member, which was used as far as it is there".to_owned(),
                );
                return Ok(());
            }
            let end = found.offset.saturating_add(found.member.packed);
            let behind = match found.is_size_behind {
                true => zip::length_behind(self.handle, end, found.member.packed)?,
                false => 0,
            };
            at = end.saturating_add(behind);
        }
        Ok(())
    }

    /// Unpacks a member to find where it ends.
    fn find_end(&self, found: &zip::Found, left: u64) -> Option<u64> {
        if found.member.coding() != Some(Packing::Deflate) {
            return None;
        }
        let file = self.gather.evidence.open(self.around).ok()?;
        let part = file.part(found.offset, left, Packing::Plain, left);
        let mut decoder = flate2::bufread::DeflateDecoder::new(io::BufReader::new(part.stream()));
        let budget = std::rc::Rc::clone(&self.gather.budget);
        let mut limited = super::streamed::Limited { inner: &mut decoder, budget };
        // Where it breaks, what is there is its length.
        let _ = io::copy(&mut limited, &mut io::sink());
        Some(decoder.total_in())
    }

    fn member(&mut self, member: &Member, offset: u64) -> io::Result<bool> {
        if !self.gather.count_member(&self.place) {
            return Ok(false);
        }
        let Some(Name { path: name, odd }) = clean(&member.name) else { return Ok(true) };
        let path = self.place.of_member(&name).path;
        if let Some(odd) = odd {
            self.gather.trouble(&path, None, odd.to_owned());
        }
        self.gather.names.add(&self.place, &name);
        if member.name.ends_with(b"/") || member.name.ends_with(b"\\") {
            return Ok(true);
        }
        let kind_of_file = member.mode.map_or(0, |mode| mode & MODE_OF_KIND);
        let unread = match member.coding() {
            _ if member.is_encrypted => Some("encrypted: not read".to_owned()),
            None => Some(format!("packed by method {}, which is not known here: not read", member.method)),
            Some(_) if kind_of_file != MODE_OF_LINK && !MODES_OF_FILES.contains(&kind_of_file) => {
                Some("a device, fifo or socket".to_owned())
            }
            Some(_) => None,
        };
        if let Some(why) = unread {
            self.gather.trouble(&path, Some(member.size), why);
            return Ok(true);
        }
        let file = self.file(member, &name, offset, member.coding().unwrap_or(Packing::Plain));
        if kind_of_file == MODE_OF_LINK {
            let target = read_up_to(&self.gather.evidence.open(&file)?, Packing::Plain, LONGEST_TARGET)?;
            self.gather.names.add_link(&self.place, &name, &target, false);
        } else {
            self.gather.look_at(file, self.place.depth + 1);
        }
        Ok(true)
    }

    fn file(&self, member: &Member, name: &str, offset: u64, coding: Packing) -> File {
        let place = self.place.of_member(name);
        let bytes = if coding == Packing::Plain { member.packed } else { member.size };
        let around = Arc::clone(self.around);
        File {
            path: place.path,
            bytes,
            modified: member.modified.map(Instant::from_seconds),
            mode: member.mode.map(|mode| mode & MODE_BITS),
            placed: place.placed,
            reach: Reach::Part { around, offset, length: member.packed, coding, checksum: member.checksum },
            container: Some(self.place.path.as_str().into()),
            stored_as: collector::decoded(name).map(|_| name.into()),
        }
    }
}
