//! Which keys a table takes: numbers, ranges, names, and shell patterns.

use glob::Pattern;
use serde_json::Value;

/// What one entry of a `key_list` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPattern {
    /// This key.
    Key(String),
    /// Whole numbers, both ends among them.
    Range(i64, i64),
    /// What a shell pattern matches: `*`, `?`, `[abc]`, `[a-c]`, `[!a]`.
    Pattern(Pattern),
    /// What is left.
    Rest,
}

impl KeyPattern {
    /// One entry of a `key_list`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let whole = |value: &Value| value.as_i64();
        match value {
            Value::Number(number) => match number.as_i64() {
                Some(n) => Ok(KeyPattern::Key(n.to_string())),
                None => Err(format!("{number} is no whole number")),
            },
            Value::String(text) if text == "*" => Ok(KeyPattern::Rest),
            Value::String(text) if text.contains(['*', '?', '[']) => {
                let pattern = Pattern::new(text);
                pattern.map(KeyPattern::Pattern).map_err(|e| format!("pattern '{text}': {e}"))
            }
            Value::String(text) if text.is_empty() => Err("a key is empty".into()),
            Value::String(text) => Ok(KeyPattern::Key(text.clone())),
            Value::Array(ends) => match ends.as_slice() {
                [first, last] => match (whole(first), whole(last)) {
                    (Some(first), Some(last)) if first <= last => {
                        Ok(KeyPattern::Range(first, last))
                    }
                    (Some(first), Some(last)) => {
                        Err(format!("the range [{first}, {last}] ends before it begins"))
                    }
                    _ => Err(format!("{value}: a range has two whole numbers")),
                },
                _ => Err(format!("{value}: a range has two whole numbers")),
            },
            other => Err(format!("{other} is no key: expected a number, a text, or [first, last]")),
        }
    }

    /// Whether it takes this key for what it is, not by a pattern.
    pub fn names(&self, key: &str) -> bool {
        match self {
            KeyPattern::Key(own) => own == key,
            // As text, so that 007 is not 7.
            KeyPattern::Range(first, last) => key
                .parse::<i64>()
                .is_ok_and(|n| (first..=last).contains(&&n) && n.to_string() == key),
            KeyPattern::Pattern(_) | KeyPattern::Rest => false,
        }
    }

    /// Whether a pattern takes this key.
    pub fn matches(&self, key: &str) -> bool {
        match self {
            KeyPattern::Pattern(pattern) => pattern.matches(key),
            _ => false,
        }
    }

    /// Whether some key could be named by both.
    pub fn overlaps(&self, other: &KeyPattern) -> bool {
        use KeyPattern::{Key, Range};
        match (self, other) {
            (Key(key), other @ (Key(_) | Range(..))) => other.names(key),
            (range @ Range(..), Key(key)) => range.names(key),
            (Range(a, b), Range(c, d)) => a <= d && c <= b,
            _ => false,
        }
    }

    /// The only key that it can take.
    pub fn only(&self) -> Option<String> {
        match self {
            KeyPattern::Key(key) => Some(key.clone()),
            KeyPattern::Range(first, last) if first == last => Some(first.to_string()),
            _ => None,
        }
    }
}

impl std::fmt::Display for KeyPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeyPattern::Key(text) => f.write_str(text),
            KeyPattern::Pattern(pattern) => f.write_str(pattern.as_str()),
            KeyPattern::Range(first, last) => write!(f, "[{first}, {last}]"),
            KeyPattern::Rest => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_match_as_the_shell_does() {
        for (pattern, text, want) in [
            ("*", "", true),
            ("1*", "1028800", true),
            ("1*", "2028800", false),
            ("*00", "1028800", true),
            ("*0*8*", "1028800", true),
            ("ch?", "ch1", true),
            ("ch?", "ch", false),
            ("ch[1-3]", "ch2", true),
            ("ch[1-3]", "ch4", false),
            ("ch[!1-3]", "ch4", true),
            ("ch[!1-3]", "ch2", false),
            ("[]a]", "]", true),
            ("*a*b", "xaybzb", true),
            ("*a*b", "xaybzc", false),
            ("swtid_*", "swtid_1", true),
        ] {
            let parsed = KeyPattern::parse(&json!(pattern)).unwrap();
            assert_eq!(
                parsed == KeyPattern::Rest || parsed.matches(text),
                want,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn entries_are_numbers_names_and_ranges() {
        let parse = |value| KeyPattern::parse(&value);
        assert!(parse(json!([3, 7])).unwrap().names("5"));
        assert!(!parse(json!([3, 7])).unwrap().names("05"));
        assert!(parse(json!(3)).unwrap().names("3"));
        assert_eq!(parse(json!("*")), Ok(KeyPattern::Rest));
        assert!(parse(json!([3, 9])).unwrap().overlaps(&parse(json!([9, 12])).unwrap()));
        assert!(!parse(json!([3, 9])).unwrap().overlaps(&parse(json!("a")).unwrap()));
        for bad in
            [json!([7, 3]), json!([1, 2, 3]), json!(1.5), json!(null), json!(""), json!("a[b")]
        {
            assert!(parse(bad.clone()).is_err(), "{bad}");
        }
    }
}
