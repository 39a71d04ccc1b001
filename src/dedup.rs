//! Event ids that were processed, remembered over restarts.
use std::sync::Arc;
pub struct Names {
    pub cluster: String,
    pub group: Option<String>,
}
pub enum Found {
    Known,
    New,
    Kept,
}
pub struct Answer {
    pub ticket: u64,
    pub answer: Result<Found, String>,
}
pub struct Store;
impl Store {
    pub fn open(
        _: &crate::settings::handling::StoreChoice,
        _: Names,
        _: std::time::Duration,
        _: crate::alarm::Bell,
    ) -> Result<Store, crate::error::Failure> {
        todo!()
    }
    pub fn look_up(&self, _: u64, _: Arc<str>) {}
    pub fn keep(&self, _: u64, _: Arc<str>) {}
    pub fn answer(&self) -> Option<Answer> {
        None
    }
}
