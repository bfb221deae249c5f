//! The attributes of the file as a whole: where the data come from.

use tierline_h5::pytables::Value;

/// The version of the data model, of which readers accept some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Model {
    /// v7.1.0, of ctapipe 0.28: what ctapipe since 0.25 and dl1-data-handler 0.14 read.
    #[default]
    V7_1_0,
    /// v7.6.0, of ctapipe 0.32. Camera geometries tell the grid of their pixels.
    V7_6_0,
}

impl Model {
    /// The version as it is written.
    pub fn version(self) -> &'static str {
        match self {
            Model::V7_1_0 => "v7.1.0",
            Model::V7_6_0 => "v7.6.0",
        }
    }

    /// The version of ctapipe that has brought it.
    pub fn ctapipe_version(self) -> &'static str {
        match self {
            Model::V7_1_0 => "0.28.0",
            Model::V7_6_0 => "0.32.0",
        }
    }
}

/// Who made the file, when, and with what. Times are UTC as `YYYY-MM-DD hh:mm:ss.sss`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Whom to ask.
    pub contact_name: String,
    /// Where to ask.
    pub contact_email: String,
    /// Whose data these are.
    pub contact_organization: String,
    /// What this is.
    pub product_description: String,
    /// Identifier of the file, a UUID.
    pub product_id: String,
    /// When the file was made.
    pub creation_time: String,
    /// Name of the program that was run.
    pub activity_name: String,
    /// Identifier of its run, a UUID.
    pub activity_id: String,
    /// When it began.
    pub start_time: String,
    /// When it ended.
    pub stop_time: String,
    /// The software.
    pub software_name: String,
    /// Its version.
    pub software_version: String,
    /// Site of the instrument.
    pub instrument_site: String,
    /// Class of the instrument.
    pub instrument_class: String,
    /// Type of the instrument.
    pub instrument_type: String,
    /// Subtype of the instrument.
    pub instrument_subtype: String,
    /// Version of the instrument.
    pub instrument_version: String,
    /// Identifier of the instrument; the name of the subarray if it is `unspecified`.
    pub instrument_id: String,
    /// Further attributes, by what follows `CONTEXT ` in their names.
    pub context: Vec<(String, String)>,
}

impl Default for Metadata {
    /// Unknown times and identifiers, and this software.
    fn default() -> Self {
        let text = |text: &str| text.to_owned();
        Metadata {
            contact_name: text("unknown"),
            contact_email: text("unknown"),
            contact_organization: text("unknown"),
            product_description: text("DL1 data product"),
            product_id: text("00000000-0000-0000-0000-000000000000"),
            creation_time: text("1970-01-01 00:00:00.000"),
            activity_name: text("tierline-dl1"),
            activity_id: text("00000000-0000-0000-0000-000000000000"),
            start_time: text("1970-01-01 00:00:00.000"),
            stop_time: text("1970-01-01 00:00:00.000"),
            software_name: text("tierline"),
            software_version: text(env!("CARGO_PKG_VERSION")),
            instrument_site: text("Other"),
            instrument_class: text("Other"),
            instrument_type: text("unspecified"),
            instrument_subtype: text("unspecified"),
            instrument_version: text("unspecified"),
            instrument_id: text("unspecified"),
            context: Vec::new(),
        }
    }
}

/// What the data tell of themselves.
pub(crate) struct Facts<'a> {
    pub(crate) model: Model,
    pub(crate) is_simulation: bool,
    /// Data levels, by commas.
    pub(crate) levels: String,
    /// Numbers of the observations, by commas.
    pub(crate) observations: String,
    pub(crate) subarray: &'a str,
}

/// The attributes of the root group.
pub(crate) fn root_values(metadata: &Metadata, facts: &Facts<'_>) -> Vec<(String, Value)> {
    let instrument = match metadata.instrument_id.as_str() {
        "unspecified" => facts.subarray,
        id => id,
    };
    let (category, process) = match facts.is_simulation {
        true => ("Sim", "Simulation"),
        false => ("Other", "Observation"),
    };
    let fixed = [
        ("REFERENCE VERSION", "1"),
        ("CONTACT NAME", &metadata.contact_name),
        ("CONTACT EMAIL", &metadata.contact_email),
        ("CONTACT ORGANIZATION", &metadata.contact_organization),
        ("PRODUCT DESCRIPTION", &metadata.product_description),
        ("PRODUCT CREATION TIME", &metadata.creation_time),
        ("PRODUCT ID", &metadata.product_id),
        ("PRODUCT DATA CATEGORY", category),
        ("PRODUCT DATA LEVELS", &facts.levels),
        ("PRODUCT DATA ASSOCIATION", "Subarray"),
        ("PRODUCT DATA MODEL NAME", "ASWG"),
        ("PRODUCT DATA MODEL VERSION", facts.model.version()),
        ("PRODUCT DATA MODEL URL", ""),
        ("PRODUCT FORMAT", "hdf5"),
        ("PROCESS TYPE", process),
        ("PROCESS SUBTYPE", ""),
        ("PROCESS ID", &facts.observations),
        ("ACTIVITY NAME", &metadata.activity_name),
        ("ACTIVITY TYPE", "software"),
        ("ACTIVITY ID", &metadata.activity_id),
        ("ACTIVITY START TIME", &metadata.start_time),
        ("ACTIVITY STOP TIME", &metadata.stop_time),
        ("ACTIVITY SOFTWARE NAME", &metadata.software_name),
        ("ACTIVITY SOFTWARE VERSION", &metadata.software_version),
        ("INSTRUMENT SITE", &metadata.instrument_site),
        ("INSTRUMENT CLASS", &metadata.instrument_class),
        ("INSTRUMENT TYPE", &metadata.instrument_type),
        ("INSTRUMENT SUBTYPE", &metadata.instrument_subtype),
        ("INSTRUMENT VERSION", &metadata.instrument_version),
        ("INSTRUMENT ID", instrument),
    ];
    let context = metadata.context.iter();
    let fixed = fixed.iter().map(|(name, text)| (format!("CTA {name}"), Value::from(*text)));
    let context = context.map(|(name, text)| (format!("CONTEXT {name}"), text.as_str().into()));
    fixed.chain(context).collect()
}
