//! Bounds on sizes that files claim.

use std::fmt;

use crate::Error;

/// Which bound a size is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitKind {
    /// Any single buffer.
    Allocation,
    /// A file or run header.
    Header,
    /// One packet of a stream.
    Packet,
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LimitKind::Allocation => "max-allocation",
            LimitKind::Header => "max-header",
            LimitKind::Packet => "max-packet",
        })
    }
}

/// The largest sizes, in bytes, for which memory is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest single buffer, in bytes.
    pub max_allocation: u64,
    /// Largest header, in bytes.
    pub max_header: u64,
    /// Largest packet, in bytes.
    pub max_packet: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_allocation: 1 << 30, max_header: 64 << 20, max_packet: 256 << 20 }
    }
}

impl Limits {
    /// Compares a size in bytes with its limit. `what` names the thing, for the message.
    pub fn check(&self, kind: LimitKind, what: &str, found: u64) -> Result<(), Error> {
        let limit = match kind {
            LimitKind::Allocation => self.max_allocation,
            LimitKind::Header => self.max_header.min(self.max_allocation),
            LimitKind::Packet => self.max_packet.min(self.max_allocation),
        };
        if found > limit {
            return Err(Error::Limit { what: what.into(), kind, found, limit });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_above_the_limit_are_refused() {
        let limits = Limits { max_header: 100, ..Limits::default() };
        assert!(limits.check(LimitKind::Header, "ORCA header", 100).is_ok());
        let error = limits.check(LimitKind::Header, "ORCA header", 101).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ORCA header: size 101 is above the limit of 100 bytes (max-header)"
        );
        let limits = Limits { max_allocation: 10, ..Limits::default() };
        assert!(limits.check(LimitKind::Packet, "packet", 11).is_err());
    }
}
