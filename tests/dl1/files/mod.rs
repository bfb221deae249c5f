//! Files of processed events: the peers' are read, written again, and compared.

pub(in crate::dl1) mod compare;
mod ctaml;
mod ctapipe;
mod damaged;
