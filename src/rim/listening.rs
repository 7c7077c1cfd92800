//! What listeners of all kinds have in common while they change.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for the connections of all clients. How many there are may change.
pub(crate) struct Room {
    places: Arc<Semaphore>,
    size: Mutex<usize>,
    /// Places that are to go as soon as they are free.
    surplus: AtomicUsize,
}

impl Room {
    /// With so many places.
    pub(crate) fn new(size: usize) -> Self {
        let size = size.min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(size)),
            size: Mutex::new(size),
            surplus: AtomicUsize::new(0),
        }
    }

    /// Waits for a free place. It is free again when dropped.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let place = self.places.clone().acquire_owned().await.ok()?;
            let one_less = |surplus: usize| surplus.checked_sub(1);
            let surplus = &self.surplus;
            if surplus
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less)
                .is_err()
            {
                return Some(place);
            }
            place.forget();
        }
    }

    /// From now on there are so many places. Who has one keeps it.
    pub(crate) fn resize(&self, size: usize) {
        let size = size.min(Semaphore::MAX_PERMITS);
        let mut now = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        let (more, less) = (size.saturating_sub(*now), now.saturating_sub(size));
        *now = size;
        let kept = |surplus: usize| Some(surplus.saturating_sub(more));
        let surplus = self
            .surplus
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, kept)
            .unwrap_or_else(|surplus| surplus);
        self.places.add_permits(more.saturating_sub(surplus));
        let gone = self.places.forget_permits(less);
        self.surplus.fetch_add(less - gone, Ordering::AcqRel);
    }
}

/// For each listener that is to be, which of those that are open is the same: the first
/// with its key that no other has taken. (With port 0 several have the same key.)
pub(crate) fn paired<'a, Key: PartialEq + 'a>(
    wanted: impl Iterator<Item = &'a Key>,
    open: &[&Key],
) -> Vec<Option<usize>> {
    let mut taken = vec![false; open.len()];
    let find = |key: &Key| {
        let index = (0..open.len()).find(|&index| !taken[index] && open[index] == key)?;
        taken[index] = true;
        Some(index)
    };
    wanted.map(find).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn has_place(room: &Room) -> Option<OwnedSemaphorePermit> {
        let place = tokio::time::timeout(Duration::from_millis(20), room.place()).await;
        place.ok().flatten()
    }

    #[tokio::test]
    async fn room_grows_and_shrinks_also_where_places_are_taken() {
        let room = Room::new(3);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(has_place(&room).await.unwrap());
        }
        room.resize(1);
        assert!(has_place(&room).await.is_none());
        held.truncate(1);
        assert!(has_place(&room).await.is_none());
        held.clear();
        let only = has_place(&room).await.unwrap();
        assert!(has_place(&room).await.is_none());
        // Two go, two come back before they have gone, and one more.
        room.resize(4);
        let others = [has_place(&room).await, has_place(&room).await];
        assert!(others.iter().all(Option::is_some));
        room.resize(2);
        room.resize(5);
        let more = [has_place(&room).await, has_place(&room).await];
        assert!(more.iter().all(Option::is_some));
        assert!(has_place(&room).await.is_none());
        drop((only, others, more));
    }

    #[test]
    fn each_listener_is_paired_once() {
        let (a, b) = (1, 2);
        assert_eq!(
            paired([&a, &a, &b, &a].into_iter(), &[&b, &a, &a]),
            [Some(1), Some(2), Some(0), None]
        );
    }
}
