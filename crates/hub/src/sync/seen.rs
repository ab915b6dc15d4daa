//! Which sources a run has seen: one bit for each, so that a million people cost 125 kB.

/// A set of source ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    words: Vec<u64>,
    count: u64,
}

impl Seen {
    /// Adds an id.
    pub(crate) fn insert(&mut self, id: i64) {
        let Ok(id) = usize::try_from(id) else { return };
        let (word, bit) = (id / 64, 1u64 << (id % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if self.words[word] & bit == 0 {
            self.words[word] |= bit;
            self.count += 1;
        }
    }

    /// Whether the id is there.
    pub(crate) fn contains(&self, id: i64) -> bool {
        usize::try_from(id)
            .is_ok_and(|id| self.words.get(id / 64).is_some_and(|word| word & (1 << (id % 64)) != 0))
    }

    /// How many ids there are.
    pub(crate) fn len(&self) -> u64 {
        self.count
    }

    /// Adds the ids of a page as stored by [`pack`].
    pub(crate) fn insert_packed(&mut self, packed: &[u8]) {
        unpack(packed).for_each(|id| self.insert(id));
    }
}

/// Ids of a page, sorted, as differences in base 128: about a byte each.
pub(crate) fn pack(mut ids: Vec<i64>) -> Vec<u8> {
    ids.sort_unstable();
    ids.dedup();
    let mut packed = Vec::with_capacity(ids.len() + 8);
    let mut last = 0;
    for id in ids {
        let mut difference = (id - last).unsigned_abs();
        last = id;
        while difference >= 0x80 {
            packed.push((difference & 0x7f) as u8 | 0x80);
            difference >>= 7;
        }
        packed.push(difference as u8);
    }
    packed
}

/// The ids that [`pack`] packed.
pub(crate) fn unpack(packed: &[u8]) -> impl Iterator<Item = i64> {
    let (mut last, mut difference, mut shift) = (0i64, 0u64, 0u32);
    packed.iter().filter_map(move |byte| {
        difference |= u64::from(byte & 0x7f) << shift.min(63);
        if byte & 0x80 != 0 {
            shift += 7;
            return None;
        }
        last = last.wrapping_add_unsigned(difference);
        (difference, shift) = (0, 0);
        Some(last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_unpacks() {
        for ids in [vec![], vec![0], vec![1, 2, 3], vec![127, 128, 300, 70_000, i64::from(u32::MAX) * 9]] {
            assert_eq!(unpack(&pack(ids.clone())).collect::<Vec<_>>(), ids);
        }
        assert_eq!(pack((1000..2000).collect()).len(), 1001);
    }

    #[test]
    fn counts_each_once() {
        let mut seen = Seen::default();
        seen.insert_packed(&pack(vec![5, 64, 5, 1_000]));
        seen.insert(64);
        assert_eq!(seen.len(), 3);
        assert!(seen.contains(64) && !seen.contains(65) && !seen.contains(10_000_000));
    }
}
