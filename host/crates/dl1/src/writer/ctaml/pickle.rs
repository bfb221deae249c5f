//! Lists of texts as Python pickles them in protocol 0.
//!
//! `(lp0` begins a list that is remembered, each text is `V…` in a line with its memo `p1`, `p2`, … in the next,
//! and `a` appends it; `.` ends. Backslashes, line ends and what is not ASCII are written as `\uXXXX`.

use crate::Error;

/// An attribute can't be larger in files that old readers understand.
const MAX_ATTRIBUTE: usize = 64_000;

/// A list of texts.
pub(crate) fn pickle_texts(texts: &[String]) -> Vec<u8> {
    let mut out = String::from("(lp0\n");
    for (n, text) in texts.iter().enumerate() {
        out.push('V');
        for unit in text.chars() {
            match unit {
                ' '..='~' if unit != '\\' => out.push(unit),
                _ if u32::from(unit) <= 0xffff => {
                    out.push_str(&format!("\\u{:04x}", u32::from(unit)));
                }
                _ => out.push_str(&format!("\\U{:08x}", u32::from(unit))),
            }
        }
        out.push_str(&format!("\np{}\na", n + 1));
    }
    out.push('.');
    out.into_bytes()
}

/// Fails if a list is too long for an attribute.
pub(super) fn check(texts: &[String]) -> Result<(), Error> {
    let bytes = pickle_texts(texts).len();
    if bytes <= MAX_ATTRIBUTE {
        return Ok(());
    }
    let reason =
        format!("names of {} inputs have {bytes} bytes, above {MAX_ATTRIBUTE}", texts.len());
    Err(Error::parameter("runlist", reason))
}

/// The texts of such a list; `None` if it is something else.
pub(crate) fn unpickle_texts(pickle: &str) -> Option<Vec<String>> {
    let list = pickle.strip_prefix("(l")?.strip_suffix('.')?;
    let lines = list.lines().skip(1);
    let texts =
        lines.map(|line| line.trim_start_matches('a')).filter_map(|line| line.strip_prefix('V'));
    texts.map(unescaped).collect()
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let digits = match after.as_bytes().first()? {
            b'u' => 4,
            b'U' => 8,
            _ => return None,
        };
        let code = u32::from_str_radix(after.get(1..=digits)?, 16).ok()?;
        out.push(char::from_u32(code)?);
        rest = after.get(1 + digits..)?;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_what_python_writes() {
        let texts = ["prod4_pixelsettings_v3.gz".to_owned()];
        assert_eq!(pickle_texts(&texts), b"(lp0\nVprod4_pixelsettings_v3.gz\np1\na.");
        assert_eq!(pickle_texts(&[]), b"(lp0\n.");
        let texts = ["a".to_owned(), "größe\\ 😀\n".to_owned(), "Va".to_owned(), String::new()];
        let pickle = String::from_utf8(pickle_texts(&texts)).unwrap();
        assert!(pickle.is_ascii());
        assert_eq!(unpickle_texts(&pickle).unwrap(), texts);
        for bad in ["", "(l", "(lp0\nV\\u12\n.", "(lp0\nV\\x\n.", "I1\n.", "(lp0\nV\\"] {
            assert!(unpickle_texts(bad).is_none(), "{bad}");
        }
        assert!(check(&vec!["x".repeat(100); 1000]).is_err());
    }
}
