//! Whole columns.

use tierline_table::{Array, Codec, Column, DType, DecodedSize, EncodedVectors, VectorOfVectors};

use super::{CodecError, Encoder, decode};

/// Encodes all rows of a column of vectors of samples, of equal or of differing length. Independent
/// of everything else, so that several batches can be encoded at the same time.
pub fn encode_column(column: &Column, codec: &Codec) -> Result<Column, CodecError> {
    let codec = *codec;
    let kind = |kind| Err(CodecError::Kind { codec, kind });
    let encoded = match column {
        Column::Array(array) => match array.row_shape[..] {
            [0] => return kind("rows without samples"),
            [samples] => encode_rows(codec, array, samples)?,
            [] => return kind("single values"),
            _ => return kind("rows of several extents"),
        },
        Column::Vectors(vectors) if vectors.flattened.row_shape.is_empty() => {
            encode_vectors(codec, vectors)?
        }
        Column::Vectors(_) => return kind("vectors of arrays"),
        Column::Encoded(_) => return kind("what is encoded already"),
        Column::Table(_) => return kind("a table"),
    };
    Ok(Column::Encoded(encoded))
}

fn encode_rows(codec: Codec, array: &Array, samples: usize) -> Result<EncodedVectors, CodecError> {
    let mut encoder = Encoder::new(codec, array.dtype)?;
    let mut encoded = EncodedVectors::new(codec, DecodedSize::Equal(samples));
    let data = &mut encoded.encoded_data;
    data.flattened.data.reserve(array.data.len() / 2);
    data.cumulative_length.reserve(array.rows());
    for (row, trace) in array.data.chunks_exact(array.row_bytes()).enumerate() {
        encoder.encode(trace, &mut data.flattened.data).map_err(|error| error.in_row(row))?;
        data.end_row();
    }
    Ok(encoded)
}

fn encode_vectors(codec: Codec, vectors: &VectorOfVectors) -> Result<EncodedVectors, CodecError> {
    let flattened = &vectors.flattened;
    let (mut encoder, size) = (Encoder::new(codec, flattened.dtype)?, flattened.dtype.size());
    let (mut sizes, mut data) = (Vec::new(), VectorOfVectors::new(DType::U8));
    for row in 0..vectors.rows() {
        let range = vectors.range(row).ok_or(CodecError::Rows { row })?;
        let samples = u32::try_from(range.len()).map_err(|_| CodecError::Rows { row })?;
        let trace = &flattened.data[range.start * size..range.end * size];
        encoder.encode(trace, &mut data.flattened.data).map_err(|error| error.in_row(row))?;
        data.end_row();
        sizes.push(samples);
    }
    Ok(EncodedVectors { codec, decoded_size: DecodedSize::PerRow(sizes), encoded_data: data })
}

/// Decodes all rows of a column into samples of type `i32`, of which there may be `max_bytes`
/// bytes.
pub fn decode_column(encoded: &EncodedVectors, max_bytes: u64) -> Result<Column, CodecError> {
    let rows = encoded.rows();
    let samples = |row| encoded.samples(row).ok_or(CodecError::Rows { row });
    let mut bytes = 0u64;
    for row in 0..rows {
        bytes = bytes.saturating_add((samples(row)? as u64).saturating_mul(4));
    }
    if bytes > max_bytes {
        return Err(CodecError::Limit { bytes, limit: max_bytes });
    }
    let (mut array, mut ends, mut end) = (Array::new(DType::I32, &[]), Vec::new(), 0);
    for row in 0..rows {
        let trace = encoded.row(row).ok_or(CodecError::Rows { row })?;
        let count = samples(row)?;
        decode(encoded.codec, trace, count, &mut array.data).map_err(|error| error.in_row(row))?;
        end += count as i64;
        ends.push(end);
    }
    Ok(match encoded.decoded_size {
        DecodedSize::Equal(samples) => array.reshaped(&[samples]).into(),
        DecodedSize::PerRow(_) => {
            VectorOfVectors { flattened: array, cumulative_length: ends }.into()
        }
    })
}
