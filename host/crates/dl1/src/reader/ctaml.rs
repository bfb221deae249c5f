//! Reading the format of dl1-data-handler.
