//! One more pass over an archive, for the members that are too large to be kept.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use super::streamed::{Member, Place, Visit, Walk};
use crate::evidence::bytes::{Contents, Forward, Unpacked};
use crate::evidence::packing::Packing;
use crate::evidence::{Evidence, Reach, Source};

/// Hands over the members wanted, in the order of the archive.
struct Reading<'r> {
    wanted: BTreeMap<u64, &'r Source>,
    take: &'r mut dyn FnMut(&Source, Contents<'_>),
}

impl Visit for Reading<'_> {
    fn part(&mut self, _member: &Member<'_>, _offset: u64) -> bool {
        !self.wanted.is_empty()
    }

    fn member(&mut self, member: &Member<'_>, head: &[u8], rest: &mut dyn Read) -> bool {
        let is_it = |source: &&Source| source.file.placed == member.archive.of_member(member.name).placed;
        if let Some(source) = self.wanted.remove(&member.number).filter(is_it) {
            let expected = (source.packing == Packing::Plain).then_some(source.file.bytes);
            let bytes = Cursor::new(head).chain(rest);
            (self.take)(source, Contents::new(bytes, source.packing, expected));
        }
        !self.wanted.is_empty()
    }
}

impl Evidence {
    /// Returns the archive that has to be read from its beginning to reach a source; `None` where the
    /// source can be opened by itself.
    pub fn archive_of(&self, source: &Source) -> Option<usize> {
        match source.file.reach {
            Reach::Streamed { archive, .. } => Some(archive),
            _ => None,
        }
    }

    /// Reads an archive once and hands each of the sources wanted, all of them in it, to `take`. A
    /// source that was not met again is not handed over.
    pub fn pass(
        &self,
        archive: usize,
        sources: &[&Source],
        take: &mut dyn FnMut(&Source, Contents<'_>),
    ) -> std::io::Result<()> {
        let wrapped = self.archives.get(archive).ok_or(std::io::ErrorKind::NotFound)?;
        let handle = self.open(&wrapped.file)?;
        let number_of = |source: &&Source| match source.file.reach {
            Reach::Streamed { archive: of, number } if of == archive => Some(number),
            _ => None,
        };
        let wanted = sources.iter().filter_map(|source| Some((number_of(source)?, *source))).collect();
        let is_random = wrapped.packing == Packing::Plain && handle.is_random_access();
        let bytes: Box<dyn Forward + '_> = match is_random {
            true => handle.stream(),
            false => Box::new(Unpacked(wrapped.packing.unpack(handle.stream()))),
        };
        let file = &wrapped.file;
        let place = Place { path: file.path.clone(), placed: file.placed.clone(), depth: wrapped.depth };
        let mut reading = Reading { wanted, take };
        Walk { visit: &mut reading, budget: None, number: 0 }.tar(bytes, &place, is_random);
        Ok(())
    }
}
