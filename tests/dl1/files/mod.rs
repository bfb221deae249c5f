//! Files of processed events: the peers' are read, written again, and compared.

mod compare;
mod ctaml;
mod ctapipe;
