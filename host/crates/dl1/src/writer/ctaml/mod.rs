//! The format of dl1-data-handler.
