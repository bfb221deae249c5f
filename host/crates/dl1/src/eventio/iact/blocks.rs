//! CORSIKA's own blocks.

use super::super::error::ObjectError;
use super::super::object::Object;

/// Words of a whole block.
const WORDS: usize = 273;

/// A block of CORSIKA (types 1200, 1202, 1209, 1210): i4 number of words, then f4 words, of which the first are
/// the block's name. The meaning of each word is in CORSIKA's user's guide; a run's end may have 3 words only.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Words, the name included.
    pub words: Vec<f32>,
}

impl Block {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut cursor = object.cursor();
        let n = cursor.count("words")?;
        if n > WORDS {
            return Err(cursor.malformed(format!("{n} words, a block has {WORDS}")));
        }
        Ok(Block { words: cursor.f32s(n)? })
    }

    /// Name of the block, `RUNH`, `EVTH`, `EVTE` or `RUNE`.
    pub fn name(&self) -> [u8; 4] {
        self.words.first().map_or([0; 4], |word| word.to_bits().to_le_bytes())
    }

    /// Number of the run (`RUNH`, `RUNE`) or of the shower (`EVTH`, `EVTE`).
    pub fn number(&self) -> Option<f32> {
        self.words.get(1).copied()
    }

    /// CORSIKA's version, of a run's header.
    pub fn version(&self) -> Option<f32> {
        self.words.get(3).copied()
    }

    /// Primary particle, by CORSIKA's numbers, of a shower's header.
    pub fn particle(&self) -> Option<f32> {
        self.words.get(2).copied()
    }

    /// Energy, in GeV, of a shower's header.
    pub fn energy_gev(&self) -> Option<f32> {
        self.words.get(3).copied()
    }
}

/// Development of a shower (type 1211): i4 shower, i4 kind, i2 quantities, i2 steps, f4 width of a step,
/// f4 values.
#[derive(Debug, Clone, PartialEq)]
pub struct Longitudinal {
    /// Shower.
    pub event_id: i32,
    /// Kind of quantities.
    pub kind: i32,
    /// Quantities.
    pub n_quantities: usize,
    /// Steps of depth.
    pub n_steps: usize,
    /// Width of a step, in g/cm².
    pub step: f32,
    /// Values, `[quantity][step]`.
    pub values: Vec<f32>,
}

impl Longitudinal {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut cursor = object.cursor();
        let (event_id, kind) = (cursor.i32()?, cursor.i32()?);
        let n_quantities = cursor.short_count("quantities")?;
        let n_steps = cursor.short_count("steps")?;
        let step = cursor.f32()?;
        let values = cursor.f32s(n_quantities * n_steps)?;
        Ok(Longitudinal { event_id, kind, n_quantities, n_steps, step, values })
    }
}

/// Input of CORSIKA (type 1212): i4 number of lines, then texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputCard {
    /// Lines.
    pub lines: Vec<String>,
}

impl InputCard {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut cursor = object.cursor();
        let n = cursor.count("lines")?;
        let lines = (0..n).map(|_| cursor.text()).collect::<Result<_, _>>()?;
        Ok(InputCard { lines })
    }
}
