//! A growing list that never moves what it holds: doubling a vector of half a million calls would
//! for a moment take three times their room.

/// Items per block: large enough for a place of its own, since what the system's allocator keeps among small things
/// holds these apart when they are given back. Room that is not used yet is no memory.
const BLOCK: usize = 65_536;

/// A list in blocks.
#[derive(Debug)]
pub struct Blocks<T> {
    blocks: Vec<Vec<T>>,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Blocks { blocks: Vec::new() }
    }
}

impl<T> Blocks<T> {
    /// Adds an item and returns its index.
    pub fn push(&mut self, item: T) -> usize {
        let index = self.len();
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(item),
            _ => {
                // The first block grows as needed: most sources are small.
                let mut block = if self.blocks.is_empty() { Vec::new() } else { Vec::with_capacity(BLOCK) };
                block.push(item);
                self.blocks.push(block);
            }
        }
        index
    }

    /// Returns how many items there are.
    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Returns an item.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.blocks.get(index / BLOCK)?.get(index % BLOCK)
    }

    /// Returns an item to change.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.blocks.get_mut(index / BLOCK)?.get_mut(index % BLOCK)
    }

    /// Goes over all items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }
}

/// Text of many records, one after the other.
#[derive(Debug, Default)]
pub struct Texts {
    blocks: Vec<Vec<u8>>,
}

/// Bytes per block of text; no text is longer.
const TEXT_BLOCK: usize = 2 * 1024 * 1024;

/// What is kept of one text.
pub const LONGEST_TEXT: usize = 255;

/// Where a text lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextAt(u32);

impl Texts {
    /// Keeps several texts as one and returns where they lie; each is cut at [`LONGEST_TEXT`].
    pub fn keep<const N: usize>(&mut self, texts: [&[u8]; N]) -> (TextAt, [u8; N]) {
        let lengths = texts.map(|text| text.len().min(LONGEST_TEXT) as u8);
        let total: usize = lengths.iter().map(|&length| usize::from(length)).sum();
        if self.blocks.last().is_none_or(|block| block.len() + total > TEXT_BLOCK) {
            let room = if self.blocks.is_empty() { 0 } else { TEXT_BLOCK };
            self.blocks.push(Vec::with_capacity(room));
        }
        let index = self.blocks.len() - 1;
        let Some(block) = self.blocks.last_mut() else { return (TextAt::default(), [0; N]) };
        let at = TextAt((index * TEXT_BLOCK + block.len()) as u32);
        for (text, &length) in texts.iter().zip(&lengths) {
            block.extend_from_slice(&text[..usize::from(length)]);
        }
        (at, lengths)
    }

    /// Returns how many bytes there are.
    pub fn bytes(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * TEXT_BLOCK + last.len())
    }

    /// Returns `length` bytes from `skip` behind the place.
    pub fn get(&self, at: TextAt, skip: usize, length: u8) -> &[u8] {
        let start = at.0 as usize + skip;
        // A text of full length may begin a block, never straddle two.
        let block = self.blocks.get(at.0 as usize / TEXT_BLOCK).map_or(&[][..], Vec::as_slice);
        let within = start - (at.0 as usize / TEXT_BLOCK) * TEXT_BLOCK;
        block.get(within..within + usize::from(length)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_what_was_pushed() {
        let mut blocks = Blocks::default();
        for number in 0..3 * BLOCK {
            assert_eq!(blocks.push(number), number);
        }
        assert_eq!(blocks.len(), 3 * BLOCK);
        assert!(blocks.iter().copied().eq(0..3 * BLOCK));
        assert_eq!(blocks.get(BLOCK), Some(&BLOCK));
    }

    #[test]
    fn texts_come_back_across_blocks() {
        let mut texts = Texts::default();
        let kept: Vec<_> =
            (0..200_000).map(|n| texts.keep([format!("{n}").as_bytes(), b"xyzxyzxyz"])).collect();
        assert!(texts.bytes() > TEXT_BLOCK);
        for (n, (at, lengths)) in kept.into_iter().enumerate() {
            assert_eq!(texts.get(at, 0, lengths[0]), format!("{n}").as_bytes());
            assert_eq!(texts.get(at, usize::from(lengths[0]), lengths[1]), b"xyzxyzxyz");
        }
    }
}
