//! Lossless codecs of 16-bit samples.

use tierline_core::{Codec, Predictor};

use crate::memory::{Checked, answer, bytes, room};
use crate::status::{TIERLINE_ARGUMENT, TIERLINE_ITEM, TIERLINE_NULL, TIERLINE_ROOM, status};

/// Samples as they are.
pub const TIERLINE_CODEC_RAW: u8 = 0;
/// Differences as variable-length bytes: least work.
pub const TIERLINE_CODEC_ULEB: u8 = 1;
/// Differences in as many bits as the largest of 16 needs.
pub const TIERLINE_CODEC_PACK16: u8 = 2;
/// Differences in Rice codes with a parameter for 32: smallest.
pub const TIERLINE_CODEC_RICE32: u8 = 3;

/// What runs on from one piece of a packet's samples to the next. A packet begins with one that is all 0.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictorC {
    /// The library's.
    pub state: [u32; 1],
}

// Any bytes are a predictor.
const _: () = assert!(size_of::<Predictor>() <= size_of::<PredictorC>());
const _: () = assert!(align_of::<Predictor>() <= align_of::<PredictorC>());

/// # Safety
/// `at` is NULL or points to a predictor that nobody else uses.
unsafe fn predictor<'p>(at: *mut PredictorC) -> Checked<&'p mut Predictor> {
    // SAFETY: as the caller promises; it is large enough and aligned, and any bytes are a predictor.
    unsafe { at.cast::<Predictor>().as_mut() }.ok_or(TIERLINE_NULL)
}

/// Encodes the next piece of a packet's samples, `len` bytes of little-endian u16. In `written` the number of bytes.
///
/// `codec` points to the one that is wanted, TIERLINE_CODEC_..., and becomes the one that was used: raw where that is
/// shorter. So there are never more bytes than samples. TIERLINE_ROOM where they do not fit: nothing has happened then.
///
/// # Safety
/// `len` bytes can be read at `samples` and `room` bytes written at `out`; they do not overlap. The others point to what they
/// say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_encode(
    codec: *mut u8,
    state: *mut PredictorC,
    samples: *const u8,
    len: usize,
    out: *mut u8,
    room: usize,
    written: *mut usize,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { encode(codec, state, (samples, len), (out, room), written) })
}

/// # Safety
/// As for `tierline_encode`.
unsafe fn encode(
    codec: *mut u8,
    state: *mut PredictorC,
    samples: (*const u8, usize),
    out: (*mut u8, usize),
    written: *mut usize,
) -> Checked<i32> {
    // SAFETY: as the caller promises.
    let (id, len) =
        unsafe { (codec.as_mut().ok_or(TIERLINE_NULL)?, written.as_mut().ok_or(TIERLINE_NULL)?) };
    // SAFETY: as the caller promises.
    let (predictor, samples) = unsafe { (predictor(state)?, bytes(samples.0, samples.1)?) };
    // SAFETY: as the caller promises.
    let out = unsafe { room(out.0, out.1, samples)? };
    if !samples.len().is_multiple_of(2) {
        return Err(TIERLINE_ARGUMENT);
    }
    let wanted = Codec::from_id(*id).ok_or(TIERLINE_ARGUMENT)?;
    let (used, n) = wanted.encode_or_raw(samples, predictor, out).ok_or(TIERLINE_ROOM)?;
    (*id, *len) = (used.id(), n);
    Ok(TIERLINE_ITEM)
}

/// Decodes a piece of `n` samples from `len` bytes into the first `2 * n` bytes of `out`.
///
/// TIERLINE_LIMIT where `out` is too short, TIERLINE_TRUNCATED where the bytes end before `n` samples, TIERLINE_MALFORMED
/// where a value is out of range or something follows. Then the predictor is as it was, and `out` holds nothing of use.
///
/// # Safety
/// `len` bytes can be read at `data` and `room` bytes written at `out`; they do not overlap. `state` points to a predictor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_decode(
    codec: u8,
    state: *mut PredictorC,
    data: *const u8,
    len: usize,
    n: usize,
    out: *mut u8,
    room: usize,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { decode(codec, state, (data, len), n, (out, room)) })
}

/// # Safety
/// As for `tierline_decode`.
unsafe fn decode(
    codec: u8,
    state: *mut PredictorC,
    data: (*const u8, usize),
    n: usize,
    out: (*mut u8, usize),
) -> Checked<i32> {
    // SAFETY: as the caller promises.
    let (predictor, data) = unsafe { (predictor(state)?, bytes(data.0, data.1)?) };
    // SAFETY: as the caller promises.
    let out = unsafe { room(out.0, out.1, data)? };
    let codec = Codec::from_id(codec).ok_or(TIERLINE_ARGUMENT)?;
    let outcome = codec.decode(data, n, predictor, out);
    Ok(outcome.map_or_else(|error| status(error.kind), |()| TIERLINE_ITEM))
}
