//! HDF5 and LH5 files.
