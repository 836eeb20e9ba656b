//! Objects found by id from outside and by index from inside.

use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::marker::PhantomData;

/// Where a `T` lies in its [`Table`]. It stays valid until the `T` is removed, after which another may take the place:
/// whoever removes a `T` also clears every index that others keep of it.
pub(crate) struct Index<T>(u32, PhantomData<fn() -> T>);

#[cfg(test)]
impl<T> Index<T> {
    pub fn any() -> Index<T> {
        Index(7, PhantomData)
    }
}

impl<T> Clone for Index<T> {
    fn clone(&self) -> Index<T> {
        *self
    }
}

impl<T> Copy for Index<T> {}

impl<T> PartialEq for Index<T> {
    fn eq(&self, other: &Index<T>) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Index<T> {}

impl<T> PartialOrd for Index<T> {
    fn partial_cmp(&self, other: &Index<T>) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Index<T> {
    fn cmp(&self, other: &Index<T>) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> std::fmt::Debug for Index<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A slab with a map of ids beside it: the packet path follows indices and never hashes an id.
pub(crate) struct Table<K, T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
    by_id: FxHashMap<K, u32>,
}

impl<K: Copy + Eq + Hash, T> Table<K, T> {
    pub fn new() -> Table<K, T> {
        Table {
            entries: Vec::new(),
            free: Vec::new(),
            by_id: FxHashMap::default(),
        }
    }

    pub fn contains(&self, id: K) -> bool {
        self.by_id.contains_key(&id)
    }

    pub fn find(&self, id: K) -> Option<Index<T>> {
        self.by_id.get(&id).map(|&at| Index(at, PhantomData))
    }

    /// The id must not be in use.
    pub fn insert(&mut self, id: K, value: T) -> Index<T> {
        let at = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() as u32 - 1
        });
        self.entries[at as usize] = Some(value);
        let before = self.by_id.insert(id, at);
        debug_assert!(before.is_none(), "an id was used twice");
        Index(at, PhantomData)
    }

    pub fn remove(&mut self, id: K) -> Option<(Index<T>, T)> {
        let at = self.by_id.remove(&id)?;
        let value = self.entries[at as usize].take()?;
        self.free.push(at);
        Some((Index(at, PhantomData), value))
    }

    pub fn iter(&self) -> impl Iterator<Item = (Index<T>, &T)> {
        let entries = (0u32..).zip(&self.entries);
        entries.filter_map(|(at, entry)| Some((Index(at, PhantomData), entry.as_ref()?)))
    }

    pub fn get(&self, index: Index<T>) -> Option<&T> {
        self.entries.get(index.0 as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, index: Index<T>) -> Option<&mut T> {
        self.entries.get_mut(index.0 as usize)?.as_mut()
    }
}
