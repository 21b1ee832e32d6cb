//! What happened lately: a map bounded in time and in size.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use crate::model::Timestamp;

/// Facts by key that are forgotten after a while, and the oldest first when there are too many.
///
/// Time is that of the events. An event that arrives late is remembered like any other.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    keep_for: Duration,
    capacity: usize,
    facts: HashMap<K, (Timestamp, V)>,
    order: VecDeque<(Timestamp, K)>,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    /// Remembers at most `capacity` facts, each for `keep_for`.
    pub(crate) fn new(keep_for: Duration, capacity: usize) -> Self {
        Self { keep_for, capacity, facts: HashMap::new(), order: VecDeque::new() }
    }

    /// The fact of `key`, if it is not older at `now` than is kept.
    pub(crate) fn get(&self, key: &K, now: Timestamp) -> Option<&V> {
        let (since, value) = self.facts.get(key)?;
        (now.since(*since) <= self.keep_for).then_some(value)
    }

    /// Remembers `value`, in the place of what was known of `key`.
    pub(crate) fn insert(&mut self, key: K, value: V, now: Timestamp) {
        self.facts.insert(key.clone(), (now, value));
        self.order.push_back((now, key));
        while self.order.len() > self.capacity.saturating_mul(2) || self.facts.len() > self.capacity {
            self.forget_oldest();
        }
        while self.order.front().is_some_and(|(since, _)| now.since(*since) > self.keep_for) {
            self.forget_oldest();
        }
    }

    /// Takes the fact of `key` out, however old it is.
    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        self.facts.remove(key).map(|(_, value)| value)
    }

    /// How many facts are held, and half as many as the entries that tell their order.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.facts.len().max(self.order.len() / 2)
    }

    /// Forgets the entry that was inserted first, unless its key has been renewed since.
    fn forget_oldest(&mut self) {
        let Some((since, key)) = self.order.pop_front() else { return };
        if self.facts.get(&key).is_some_and(|(renewed, _)| *renewed == since) {
            self.facts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp(second * SECOND)
    }

    #[test]
    fn forgets_with_time_and_keeps_what_is_renewed() {
        let mut recent = Recent::new(Duration::from_secs(10), 8);
        recent.insert("a", 1, at(0));
        assert_eq!(recent.get(&"a", at(10)), Some(&1));
        assert_eq!(recent.get(&"a", at(11)), None);
        recent.insert("a", 2, at(8));
        recent.insert("b", 3, at(15));
        assert_eq!(recent.get(&"a", at(15)), Some(&2));
        assert_eq!(recent.take(&"a"), Some(2));
        assert_eq!(recent.get(&"a", at(15)), None);
        assert_eq!(recent.get(&"b", at(15)), Some(&3));
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut recent = Recent::new(Duration::from_secs(1000), 2);
        for (number, key) in ["a", "b", "c"].into_iter().enumerate() {
            recent.insert(key, number, at(1));
        }
        assert_eq!(recent.get(&"a", at(1)), None);
        assert_eq!(recent.get(&"c", at(1)), Some(&2));
    }

    proptest! {
        #[test]
        fn stays_bounded(steps in proptest::collection::vec((0_u16..40, any::<i64>()), 0..300)) {
            let mut recent = Recent::new(Duration::from_secs(5), 16);
            for (key, time) in steps {
                recent.insert(key, (), Timestamp(time));
                prop_assert!(recent.facts.len() <= 16);
                prop_assert!(recent.order.len() <= 32);
            }
        }
    }
}
