//! Settings that differ between telescopes.

use glob::Pattern;

use super::TelId;
use crate::Error;

/// To which telescopes a value applies.
#[derive(Debug, Clone, PartialEq)]
pub enum TelescopePattern {
    /// One telescope.
    Id(TelId),
    /// Telescopes whose description (`LST_LST_LSTCam`) matches, with the shell's wildcards.
    Type(Pattern),
}

/// A setting per telescope: rules of which the last one that matches counts.
#[derive(Debug, Clone, PartialEq)]
pub struct TelescopeParameter<T> {
    rules: Vec<(TelescopePattern, T)>,
}

impl<T> TelescopeParameter<T> {
    /// No rules: no telescope has a value.
    pub fn new() -> Self {
        TelescopeParameter { rules: Vec::new() }
    }

    /// One value for all telescopes.
    pub fn all(value: T) -> Self {
        let any = Pattern::new("*").unwrap_or_default();
        TelescopeParameter { rules: vec![(TelescopePattern::Type(any), value)] }
    }

    /// Adds a rule as configurations write it: `type` and a pattern, or `id` and a number.
    pub fn push(&mut self, kind: &str, pattern: &str, value: T) -> Result<(), Error> {
        let wrong = |reason: String| Error::parameter(format!("[{kind:?}, {pattern:?}]"), reason);
        let rule = match kind {
            "type" => TelescopePattern::Type(
                Pattern::new(pattern).map_err(|error| wrong(error.to_string()))?,
            ),
            "id" => TelescopePattern::Id(
                pattern.parse().map_err(|_| wrong("this is no telescope's number".into()))?,
            ),
            _ => return Err(wrong("expected \"type\" or \"id\"".into())),
        };
        self.rules.push((rule, value));
        Ok(())
    }

    /// The value for a telescope; `None` if no rule matches.
    pub fn get(&self, tel_id: TelId, description: &str) -> Option<&T> {
        let matches = |rule: &TelescopePattern| match rule {
            TelescopePattern::Id(id) => *id == tel_id,
            TelescopePattern::Type(pattern) => pattern.matches(description),
        };
        self.rules.iter().rev().find(|(rule, _)| matches(rule)).map(|(_, value)| value)
    }

    /// All values, in the order of the rules.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.rules.iter().map(|(_, value)| value)
    }
}

impl<T> Default for TelescopeParameter<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_that_matches_counts() {
        let mut parameter = TelescopeParameter::all(6.0);
        parameter.push("type", "LST*", 7.0).unwrap();
        parameter.push("type", "?ST_*Cam", 8.0).unwrap();
        parameter.push("id", "5", 9.0).unwrap();
        assert_eq!(parameter.get(1, "LST_LST_LSTCam"), Some(&8.0));
        assert_eq!(parameter.get(1, "LST_LST"), Some(&7.0));
        assert_eq!(parameter.get(5, "LST_LST"), Some(&9.0));
        assert_eq!(parameter.get(1, "UNKNOWN"), Some(&6.0));
        assert_eq!(TelescopeParameter::<i64>::new().get(1, "LST"), None);
    }

    #[test]
    fn rules_that_say_nothing_are_refused() {
        let mut parameter = TelescopeParameter::new();
        assert!(parameter.push("name", "*", 1).is_err());
        assert!(parameter.push("id", "first", 1).is_err());
        assert!(parameter.push("type", "[", 1).is_err());
    }
}
