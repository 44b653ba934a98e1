use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A key's hash and the partition that a row of it lies in.
pub(crate) type KeyEntry = (u64, u32);

/// Buckets by the hash's high bits; each fits into memory on its own.
const BUCKETS: usize = 256;
/// Entries held before they go to disk: 8 MiB.
const ENTRIES_IN_MEMORY: usize = 512 << 10;
const ENTRY_BYTES: usize = 12;

/// Remembers in which partition each key was seen, to find keys seen in several.
///
/// Memory is bounded: entries beyond a limit are kept in a scratch file, by bucket. Two different
/// keys may share a hash; that makes a key a suspect without need and harms nothing, since
/// suspects are compared by their real keys.
#[derive(Debug)]
pub(crate) struct KeyLog {
    buckets: Vec<Vec<KeyEntry>>,
    held: usize,
    spill: Option<Spill>,
}

#[derive(Debug)]
struct Spill {
    file: File,
    /// Per bucket: where its segments start and how many entries they have.
    segments: Vec<Vec<(u64, usize)>>,
}

impl KeyLog {
    pub(crate) fn new() -> Self {
        Self { buckets: vec![Vec::new(); BUCKETS], held: 0, spill: None }
    }

    /// Adds entries; `scratch` is used once they no longer fit into memory.
    pub(crate) fn append(&mut self, entries: &[KeyEntry], scratch: &Path) -> std::io::Result<()> {
        for entry in entries {
            self.buckets[(entry.0 >> 56) as usize].push(*entry);
        }
        self.held += entries.len();
        if self.held > ENTRIES_IN_MEMORY {
            self.spill_to(scratch)?;
        }
        Ok(())
    }

    fn spill_to(&mut self, scratch: &Path) -> std::io::Result<()> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Spill {
                file: tempfile::tempfile_in(scratch)?,
                segments: vec![Vec::new(); BUCKETS],
            }),
        };
        let mut bytes = Vec::new();
        for (bucket, segments) in self.buckets.iter_mut().zip(&mut spill.segments) {
            bytes.clear();
            for (hash, partition) in bucket.iter() {
                bytes.extend_from_slice(&hash.to_le_bytes());
                bytes.extend_from_slice(&partition.to_le_bytes());
            }
            segments.push((spill.file.stream_position()?, bucket.len()));
            spill.file.write_all(&bytes)?;
            bucket.clear();
        }
        self.held = 0;
        Ok(())
    }

    /// Hashes that were seen in more than one partition, with these partitions.
    pub(crate) fn in_several_partitions(mut self) -> std::io::Result<HashMap<u64, Vec<u32>>> {
        let mut several: HashMap<u64, Vec<u32>> = HashMap::new();
        for index in 0..BUCKETS {
            let mut entries = std::mem::take(&mut self.buckets[index]);
            if let Some(spill) = &mut self.spill {
                spill.read_bucket(index, &mut entries)?;
            }
            entries.sort_unstable();
            entries.dedup();
            for pair in entries.windows(2) {
                if pair[0].0 == pair[1].0 {
                    several.entry(pair[0].0).or_insert_with(|| vec![pair[0].1]).push(pair[1].1);
                }
            }
        }
        Ok(several)
    }
}

impl Spill {
    fn read_bucket(&mut self, index: usize, entries: &mut Vec<KeyEntry>) -> std::io::Result<()> {
        for (start, count) in &self.segments[index] {
            let mut bytes = vec![0; count * ENTRY_BYTES];
            self.file.seek(SeekFrom::Start(*start))?;
            self.file.read_exact(&mut bytes)?;
            for entry in bytes.chunks_exact(ENTRY_BYTES) {
                let (hash, partition) = entry.split_at(8);
                entries.push((
                    u64::from_le_bytes(hash.try_into().unwrap_or_default()),
                    u32::from_le_bytes(partition.try_into().unwrap_or_default()),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_keys_in_several_partitions_across_spills() {
        let scratch = tempfile::tempdir().unwrap();
        let mut log = KeyLog::new();
        let hash = |key: u64| key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for round in 0..3u64 {
            let entries: Vec<KeyEntry> = (0..1_000_000u64)
                .map(|key| (hash(key), if key % 250_000 == 7 { round as u32 } else { 9 }))
                .collect();
            log.append(&entries, scratch.path()).unwrap();
        }
        assert!(log.spill.is_some());
        let expected: HashMap<u64, Vec<u32>> =
            [7, 250_007, 500_007, 750_007].map(|key| (hash(key), vec![0, 1, 2])).into();
        assert_eq!(log.in_several_partitions().unwrap(), expected);
    }
}
