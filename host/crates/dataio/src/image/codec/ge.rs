//! GE's angio detector.
//!
//! Little-endian. The fields of the table `FIELDS` follow each other from the first byte on (times as their names
//! say, voltages in V, currents in mA). Frames begin behind `StandardHeaderSizeInBytes` and
//! `UserHeaderSizeInBytes`: rows of u8, u16 or u32 as `ImageDepthInBits` says.
//!
//! Two kinds of files of the Advanced Photon Source have no such header: one begins with ten zeros, one with an
//! EDF header whose key `Num_Images` is the number of frames. Their frames are 2048 x 2048 of u16 from byte 8192
//! on. The latter is told from EDF by the extension `ge`, with or without a number.

use std::path::Path;

use tierline_table::DType;

use crate::image::plain::Item::{Bytes, F32, F64, U16, U32};
use crate::image::plain::{Item, RawFrames, extent, fields, integer};
use crate::image::{Codec, Endian, Header, Hint, Image, Source};
use crate::{Error, Place};

const MAGIC: &[u8] = b"ADEPT";
/// Bytes that hold all fields.
const HEAD: u64 = 4096;
const BLANK: &[u8] = &[0; 10];
/// Bytes before the frames where the header is of no use.
const BLANK_HEADER: i64 = 8192;
/// Rows and columns there.
const BLANK_SIDE: i64 = 2048;

const FIELDS: &[(&str, Item)] = &[
    ("ImageFormat", Bytes(10)),
    ("VersionOfStandardHeader", U16),
    ("StandardHeaderSizeInBytes", U32),
    ("VersionOfUserHeader", U16),
    ("UserHeaderSizeInBytes", U32),
    ("NumberOfFrames", U16),
    ("NumberOfRowsInFrame", U16),
    ("NumberOfColsInFrame", U16),
    ("ImageDepthInBits", U16),
    ("AcquisitionDate", Bytes(20)),
    ("AcquisitionTime", Bytes(20)),
    ("DUTID", Bytes(20)),
    ("Operator", Bytes(50)),
    ("DetectorSignature", Bytes(20)),
    ("TestSystemName", Bytes(20)),
    ("TestStationRevision", Bytes(20)),
    ("CoreBundleRevision", Bytes(20)),
    ("AcquisitionName", Bytes(40)),
    ("AcquisitionParameterRevision", Bytes(20)),
    ("OriginalNumberOfRows", U16),
    ("OriginalNumberOfColumns", U16),
    ("RowNumberUpperLeftPointArchiveROI", U16),
    ("ColNumberUpperLeftPointArchiveROI", U16),
    ("Swapped", U16),
    ("Reordered", U16),
    ("HorizontalFlipped", U16),
    ("VerticalFlipped", U16),
    ("WindowValueDesired", U16),
    ("LevelValueDesired", U16),
    ("AcquisitionMode", U16),
    ("AcquisitionType", U16),
    ("UserAcquisitionCoffFileName1", Bytes(100)),
    ("UserAcquisitionCoffFileName2", Bytes(100)),
    ("FramesBeforeExpose", U16),
    ("FramesDuringExpose", U16),
    ("FramesAfterExpose", U16),
    ("IntervalBetweenFrames", U16),
    ("ExposeTimeDelayInMicrosecs", F64),
    ("TimeBetweenFramesInMicrosecs", F64),
    ("FramesToSkipExpose", U16),
    ("ExposureMode", U16),
    ("PrepPresetTimeInMicrosecs", F64),
    ("ExposePresetTimeInMicrosecs", F64),
    ("AcquisitionFrameRateInFps", F32),
    ("FOVSelect", U16),
    ("ExpertMode", U16),
    ("SetVCommon1", F64),
    ("SetVCommon2", F64),
    ("SetAREF", F64),
    ("SetAREFTrim", U32),
    ("SetSpareVoltageSource", F64),
    ("SetCompensationVoltageSource", F64),
    ("SetRowOffVoltage", F64),
    ("SetRowOnVoltage", F64),
    ("StoreCompensationVoltage", U32),
    ("RampSelection", U16),
    ("TimingMode", U16),
    ("Bandwidth", U16),
    ("ARCIntegrator", U16),
    ("ARCPostIntegrator", U16),
    ("NumberOfRows", U32),
    ("RowEnable", U16),
    ("EnableStretch", U16),
    ("CompEnable", U16),
    ("CompStretch", U16),
    ("LeftEvenTristate", U16),
    ("RightOddTristate", U16),
    ("TestModeSelect", U32),
    ("AnalogTestSource", U32),
    ("VCommonSelect", U32),
    ("DRCColumnSum", U32),
    ("TestPatternFrameDelta", U32),
    ("TestPatternRowDelta", U32),
    ("TestPatternColumnDelta", U32),
    ("DetectorHorizontalFlip", U16),
    ("DetectorVerticalFlip", U16),
    ("DFNAutoScrubOnOff", U16),
    ("FiberChannelTimeOutInMicrosecs", U32),
    ("DFNAutoScrubDelayInMicrosecs", U32),
    ("StoreAECROI", U16),
    ("TestPatternSaturationValue", U16),
    ("TestPatternSeed", U32),
    ("ExposureTimeInMillisecs", F32),
    ("FrameRateInFps", F32),
    ("kVp", F32),
    ("mA", F32),
    ("mAs", F32),
    ("FocalSpotInMM", F32),
    ("GeneratorType", Bytes(20)),
    ("StrobeIntensityInFtL", F32),
    ("NDFilterSelection", U16),
    ("RefRegTemp1", F64),
    ("RefRegTemp2", F64),
    ("RefRegTemp3", F64),
    ("Humidity1", F32),
    ("Humidity2", F32),
    ("DetectorControlTemp", F64),
    ("DoseValueInmR", F64),
    ("TargetLevelROIRow0", U16),
    ("TargetLevelROICol0", U16),
    ("TargetLevelROIRow1", U16),
    ("TargetLevelROICol1", U16),
    ("FrameNumberForTargetLevelROI", U16),
    ("PercentRangeForTargetLevel", U16),
    ("TargetValue", U16),
    ("ComputedMedianValue", U16),
    ("LoadZero", U16),
    ("MaxLUTOut", U16),
    ("MinLUTOut", U16),
    ("MaxLinear", U16),
    ("Reserved", U16),
    ("ElectronsPerCount", U16),
    ("ModeGain", U16),
    ("TemperatureInDegC", F64),
    ("LineRepaired", U16),
    ("LineRepairFileName", Bytes(100)),
    ("CurrentLongitudinalInMM", F32),
    ("CurrentTransverseInMM", F32),
    ("CurrentCircularInMM", F32),
    ("CurrentFilterSelection", U32),
    ("DisableScrubAck", U16),
    ("ScanModeSelect", U16),
    ("DetectorAppSwVersion", Bytes(20)),
    ("DetectorNIOSVersion", Bytes(20)),
    ("DetectorPeripheralSetVersion", Bytes(20)),
    ("DetectorPhysicalAddress", Bytes(20)),
    ("PowerDown", U16),
    ("InitialVoltageLevel_VCOMMON", F64),
    ("FinalVoltageLevel_VCOMMON", F64),
    ("DmrCollimatorSpotSize", Bytes(10)),
    ("DmrTrack", Bytes(5)),
    ("DmrFilter", Bytes(5)),
    ("FilterCarousel", U16),
    ("Phantom", Bytes(20)),
    ("SetEnableHighTime", U16),
    ("SetEnableLowTime", U16),
    ("SetCompHighTime", U16),
    ("SetCompLowTime", U16),
    ("SetSyncLowTime", U16),
    ("SetConvertLowTime", U16),
    ("SetSyncHighTime", U16),
    ("SetEOLTime", U16),
    ("SetRampOffsetTime", U16),
    ("FOVStartingValue", U16),
    ("ColumnBinning", U16),
    ("RowBinning", U16),
    ("BorderColumns64", U16),
    ("BorderRows64", U16),
    ("FETOffRows64", U16),
    ("FOVStartColumn128", U16),
    ("FOVStartRow128", U16),
    ("NumberOfColumns128", U16),
    ("NumberOfRows128", U16),
    ("VFPAquisition", Bytes(2000)),
    ("Comment", Bytes(200)),
];

/// GE's angio detector.
pub struct Ge;

impl Codec for Ge {
    fn name(&self) -> &'static str {
        "ge"
    }

    fn description(&self) -> &'static str {
        "GE a-Si Angio detector"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        let head = hint.head.trim_ascii_start();
        hint.head.starts_with(MAGIC)
            || hint.head.starts_with(BLANK)
            || head.starts_with(b"{") && is_named(hint.path)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let head = source.bytes(0, HEAD)?;
        let mut header = fields(&head, FIELDS, Endian::Little);
        if head.starts_with(BLANK) {
            blank(&mut header);
            if integer(&header, "NumberOfFrames") == Some(0) {
                header.set("NumberOfFrames", count_frames(&source)?);
            }
        } else if head.trim_ascii_start().starts_with(b"{") {
            header = edf_header(&source, &head)?;
        } else if !head.starts_with(MAGIC) {
            return Err(source.malformed(Place::Byte(0), "expected ADEPT, zeros or an EDF header"));
        }
        let dtype = match extent(&source, &header, "ImageDepthInBits")? {
            8 => DType::U8,
            16 => DType::U16,
            32 => DType::U32,
            bits => {
                let reason = format!("pixels of {bits} bits");
                return Err(Error::unsupported(source.path(), Place::File, reason));
            }
        };
        let rows = extent(&source, &header, "NumberOfRowsInFrame")?;
        let columns = extent(&source, &header, "NumberOfColsInFrame")?;
        let size = source.size("frame", &[rows, columns], dtype.size())?;
        let offset =
            |key| integer(&header, key).and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
        Ok(Box::new(RawFrames {
            offset: offset("StandardHeaderSizeInBytes") + offset("UserHeaderSizeInBytes"),
            stride: size as u64,
            count: extent(&source, &header, "NumberOfFrames")?,
            source,
            header,
            dtype,
            endian: Endian::Little,
            shape: vec![rows, columns],
            warnings: Vec::new(),
        }))
    }
}

/// Whether the extension is `ge` with or without a number, maybe below `.gz` or `.bz2`.
fn is_named(path: &Path) -> bool {
    let extension =
        |path: &Path| path.extension().map(|text| text.to_string_lossy().to_ascii_lowercase());
    let own = match extension(path).as_deref() {
        Some("gz" | "bz2") => extension(Path::new(path.file_stem().unwrap_or_default())),
        _ => extension(path),
    };
    own.is_some_and(|own| {
        own.strip_prefix("ge").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// What holds where the header is of no use.
fn blank(header: &mut Header) {
    for (key, value) in [
        ("StandardHeaderSizeInBytes", BLANK_HEADER),
        ("UserHeaderSizeInBytes", 0),
        ("NumberOfRowsInFrame", BLANK_SIDE),
        ("NumberOfColsInFrame", BLANK_SIDE),
        ("ImageDepthInBits", 16),
    ] {
        header.set(key, value);
    }
}

/// The number of frames from the size of the file.
fn count_frames(source: &Source) -> Result<i64, Error> {
    let frame = (2 * BLANK_SIDE * BLANK_SIDE) as u64;
    if source.len() % frame != BLANK_HEADER as u64 {
        let reason = format!(
            "expected {BLANK_HEADER} bytes and frames of {frame}, found {} bytes",
            source.len()
        );
        return Err(source.malformed(Place::File, reason));
    }
    Ok((source.len() / frame) as i64)
}

fn edf_header(source: &Source, head: &[u8]) -> Result<Header, Error> {
    let text = String::from_utf8_lossy(head);
    let inside = text.split_once('{').map_or("", |(_, rest)| rest);
    let inside =
        inside.split_once("}\n").or(inside.split_once('}')).map_or(inside, |(inside, _)| inside);
    let mut header = Header::new();
    for (key, value) in inside.split(';').filter_map(|pair| pair.split_once('=')) {
        header.set(key.trim(), value.trim());
    }
    let frames = integer(&header, "Num_Images").ok_or_else(|| {
        source.malformed(
            Place::Byte(0),
            "expected the number of frames as Num_Images in the EDF header",
        )
    })?;
    blank(&mut header);
    header.set("NumberOfFrames", frames);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Value;
    use crate::image::testing::{damaged, open_bytes, truncated};
    use tierline_report::Limits;

    fn adept(frames: u16) -> Vec<u8> {
        let mut bytes = vec![0; 4096];
        bytes[..5].copy_from_slice(MAGIC);
        bytes[12..16].copy_from_slice(&4096u32.to_le_bytes());
        for (at, value) in [(22, frames), (24, 2), (26, 3), (28, 16)] {
            bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
        bytes.extend((0..12 * frames).map(|byte| byte as u8));
        bytes
    }

    #[test]
    fn frames_follow_the_header() {
        let mut image = open_bytes(&Ge, adept(2)).unwrap();
        assert_eq!(image.frames().unwrap(), 2);
        assert_eq!(image.frame(1).unwrap().pixels.data[0], 12);
        assert!(image.frame(2).is_err());
        assert_eq!(image.header(0).unwrap().get("kVp"), Some(&Value::Float(0.0)));
        truncated(&Ge, &adept(1)[..]);
        damaged(&Ge, &adept(1));
    }

    #[test]
    fn blank_and_edf_headers() {
        let frame = (2 * BLANK_SIDE * BLANK_SIDE) as usize;
        let mut bytes = vec![0; 8192 + 2 * frame];
        assert_eq!(open_bytes(&Ge, bytes.clone()).unwrap().frames().unwrap(), 2);
        assert!(open_bytes(&Ge, bytes[1..].to_vec()).is_err());
        let text = b"{\nNum_Images = 2 ;\nA = b ;\n}\n";
        bytes[..text.len()].copy_from_slice(text);
        bytes[8192 + frame] = 7;
        let source = Source::memory(Path::new("a_1.GE3.gz"), bytes, Limits::default());
        assert!(Ge.sniff(&Hint { path: source.path(), head: text }));
        assert!(!Ge.sniff(&Hint { path: Path::new("a.edf"), head: text }));
        let mut image = Ge.open(source).unwrap();
        assert_eq!(image.frame(1).unwrap().pixels.data[0], 7);
    }
}
