//! Longest prefix of digits, ten ways at each node: tens of millions of lookups a second.

/// A tree over digits; a value is an index that the owner gives meaning to.
#[derive(Clone, Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// The next node by digit; 0 for none, since nothing leads back to the root.
    next: [u32; 10],
    /// What ends here.
    value: u32,
}

const NOTHING: u32 = u32::MAX;
const EMPTY: Node = Node { next: [0; 10], value: NOTHING };

impl Default for Trie {
    fn default() -> Self {
        Trie { nodes: vec![EMPTY] }
    }
}

impl Trie {
    /// Puts a value at a prefix and returns the one that stood there; a prefix with anything but digits
    /// is not taken.
    pub(crate) fn insert(&mut self, prefix: &[u8], value: u32) -> Option<u32> {
        let mut at = 0usize;
        for digit in prefix.iter().map(|byte| usize::from(byte.wrapping_sub(b'0'))) {
            let next = *self.nodes.get(at)?.next.get(digit)?;
            at = if next > 0 {
                next as usize
            } else {
                let new = u32::try_from(self.nodes.len()).ok()?;
                self.nodes.push(EMPTY);
                *self.nodes.get_mut(at)?.next.get_mut(digit)? = new;
                new as usize
            };
        }
        let old = std::mem::replace(&mut self.nodes.get_mut(at)?.value, value);
        (old != NOTHING).then_some(old)
    }

    /// Gives the values of all prefixes of `digits`, the shortest first.
    pub(crate) fn prefixes<'t>(&'t self, digits: &'t [u8]) -> impl Iterator<Item = u32> + 't {
        let mut node = self.nodes.first();
        let mut rest = digits.iter();
        let mut is_done = false;
        std::iter::from_fn(move || {
            while !is_done {
                let value = node.map_or(NOTHING, |node| node.value);
                let step = rest.next().map(|byte| usize::from(byte.wrapping_sub(b'0')));
                let next = step.zip(node).and_then(|(digit, node)| node.next.get(digit).copied());
                match next {
                    Some(next) if next > 0 => node = self.nodes.get(next as usize),
                    _ => is_done = true,
                }
                if value != NOTHING {
                    return Some(value);
                }
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_is_the_last() {
        let mut trie = Trie::default();
        assert_eq!(trie.insert(b"1", 0), None);
        assert_eq!(trie.insert(b"1876", 1), None);
        assert_eq!(trie.insert(b"1x", 2), None);
        assert_eq!(trie.insert(b"1", 3), Some(0));
        assert_eq!(trie.prefixes(b"18765550100").collect::<Vec<_>>(), [3, 1]);
        assert_eq!(trie.prefixes(b"1877").last(), Some(3));
        assert_eq!(trie.prefixes(b"1+876").last(), Some(3));
        assert_eq!(trie.prefixes(b"").last(), None);
        assert_eq!(trie.prefixes(b"44").last(), None);
    }
}
