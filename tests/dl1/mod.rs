//! Cherenkov-telescope events.

mod files;
