//! Attributes of columns and objects.

/// What describes a column: units, a sentence, and anything else a format adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attrs {
    /// Unit symbol, for example `ns`.
    pub units: Option<String>,
    /// One sentence on what the values are.
    pub description: Option<String>,
    /// Further attributes: name and text.
    pub other: Vec<(String, String)>,
}

impl Attrs {
    /// Attributes with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Attributes that name the units only.
    pub fn with_units(units: impl Into<String>) -> Self {
        Attrs { units: Some(units.into()), ..Self::default() }
    }

    /// The same with a description.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// All attributes as name and text, sorted by name.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        let mut pairs: Vec<(&str, &str)> =
            self.other.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        pairs.extend(self.units.as_deref().map(|text| ("units", text)));
        pairs.extend(self.description.as_deref().map(|text| ("description", text)));
        pairs.sort_unstable();
        pairs
    }
}
