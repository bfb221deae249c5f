//! Compressions of pixels that formats share.
