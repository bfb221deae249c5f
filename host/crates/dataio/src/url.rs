//! Addresses of data: `[scheme:]file[?path=/p&slice=…]`.
//!
//! ```text
//! silx:///data/image.h5?path=/entry/data&slice=1,:,::2   scheme, absolute file, dataset, slice
//! silx:image.h5?/entry/data                              relative file; a lone key is the path
//! image.h5::/entry/data                                  the same without a scheme
//! fabio:image.edf?slice=2                                a frame of an image file
//! ```
//!
//! The query is percent-decoded, the file is not. A scheme of one or two letters is a drive of Windows.

use std::fmt;

use crate::tree::Pick;

/// An address of a file, a dataset in it and a part of that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataUrl {
    /// Which reader is meant: `silx`, `fabio`, `http`, `https`; `None` leaves it open.
    pub scheme: Option<String>,
    /// The file.
    pub file_path: String,
    /// The path inside the file.
    pub data_path: Option<String>,
    /// The part of the data.
    pub slice: Option<Vec<Pick>>,
    /// Keys of the query that have no meaning here.
    pub ignored: Vec<String>,
    /// Why the slice can't be read.
    pub bad_slice: Option<String>,
}

impl DataUrl {
    /// Takes an address apart. What does not fit is told by [`check`](Self::check).
    pub fn parse(text: &str) -> Self {
        let (head, query) = match text.split_once('?').or_else(|| text.split_once("::")) {
            Some((head, query)) => (head, Some(query)),
            None => (text, None),
        };
        let mut url = DataUrl::default();
        let rest = match head.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => {
                url.scheme = Some(scheme.to_ascii_lowercase());
                rest.strip_prefix("//").unwrap_or(rest)
            }
            _ => head,
        };
        let drive = rest.strip_prefix('/').filter(|rest| has_drive(rest));
        url.file_path = drive.unwrap_or(rest).to_owned();
        url.take_query(query.unwrap_or_default());
        url
    }

    fn take_query(&mut self, query: &str) {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs: Vec<(String, String)> = pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (decoded(key), decoded(value)))
            .collect();
        if let [(key, value)] = pairs.as_slice()
            && value.is_empty()
        {
            self.data_path = Some(key.clone());
            return;
        }
        for (key, value) in pairs {
            match key.as_str() {
                "path" => self.data_path = Some(value),
                "slice" => match Pick::parse_list(&value) {
                    Ok(picks) => (self.slice, self.bad_slice) = (Some(picks), None),
                    Err(reason) => (self.slice, self.bad_slice) = (None, Some(reason)),
                },
                _ => self.ignored.push(key),
            }
        }
    }

    /// Whether the file is named from the root or a drive.
    pub fn is_absolute(&self) -> bool {
        self.file_path.starts_with('/') || has_drive(&self.file_path)
    }

    /// Why this is no address that can be read.
    pub fn check(&self) -> Result<(), String> {
        if let Some(reason) = &self.bad_slice {
            return Err(reason.clone());
        }
        if self.file_path.is_empty() {
            return Err("no file is named".to_owned());
        }
        if self.data_path.as_deref() == Some("") {
            return Err("the path inside the file is empty".to_owned());
        }
        match self.scheme.as_deref() {
            None | Some("http" | "https") => Ok(()),
            Some("fabio") if self.data_path.is_some() => {
                Err("images have no path inside the file".to_owned())
            }
            Some("silx") if self.slice.is_some() && self.data_path.is_none() => {
                Err("a slice needs a path inside the file".to_owned())
            }
            Some("fabio" | "silx") => Ok(()),
            Some(other) => Err(format!("the scheme is silx, fabio, http or https, not '{other}'")),
        }
    }
}

/// As short as it can be read back.
impl fmt::Display for DataUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(f, "{scheme}://{}", if has_drive(&self.file_path) { "/" } else { "" })?;
        }
        f.write_str(&self.file_path)?;
        let path = self.data_path.as_deref().map(encoded);
        match (&path, &self.slice) {
            // Two colons in a file's name would begin a query, were there none.
            (None, None) if self.file_path.contains("::") => f.write_str("?"),
            (None, None) => Ok(()),
            (Some(path), None) if !path.contains('=') => write!(f, "?{path}"),
            (Some(path), None) => write!(f, "?path={path}"),
            (None, Some(slice)) => write!(f, "?slice={}", Pick::list(slice)),
            (Some(path), Some(slice)) => write!(f, "?path={path}&slice={}", Pick::list(slice)),
        }
    }
}

fn is_scheme(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.len() > 2 && text.as_bytes()[0].is_ascii_alphabetic() && text.bytes().all(rest)
}

/// Whether a path begins with the drive of Windows.
fn has_drive(path: &str) -> bool {
    path.split_once(":/").is_some_and(|(drive, _)| {
        (1..=2).contains(&drive.len()) && drive.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Text of a query: `+` is a blank, `%41` a byte.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let (value, length) = match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
            (b'+', ..) => (b' ', 1),
            _ => (*byte, 1),
        };
        out.push(value);
        at += length;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Text for a query: what would end it or be taken for something else is encoded.
fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('&', "%26").replace('+', "%2B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_in_the_table_of_silx() {
        let parsed = |text| {
            let url = DataUrl::parse(text);
            let parts = (url.scheme.clone(), url.file_path.clone(), url.data_path.clone());
            (parts, url.check().is_ok())
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parsed("a#b;c.h5?/d"), ((None, "a#b;c.h5".into(), some("/d")), true));
        assert_eq!(parsed("a.h5?path=/d%2"), ((None, "a.h5".into(), some("/d%2")), true));
        assert_eq!(parsed("a%20b.h5?%2Fa+b"), ((None, "a%20b.h5".into(), some("/a b")), true));
        assert_eq!(parsed("silx:////x"), ((some("silx"), "//x".into(), None), true));
        assert_eq!(parsed("SILX://c:/x"), ((some("silx"), "c:/x".into(), None), true));
        for bad in ["a.h5?slice=1:2:3:4&path=/a", "a.h5?slice=1_0&path=/a", "a.h5?path=&slice=1"] {
            assert!(!parsed(bad).1, "{bad}");
        }
        let error = DataUrl::parse("foo:///a").check().unwrap_err();
        assert_eq!(error, "the scheme is silx, fabio, http or https, not 'foo'");
    }

    #[test]
    fn colons_of_a_file_are_no_query() {
        for text in ["a::b?", "silx:///a::b?slice=2&path=d", "a::b?x=1&y=2", "silx:a::b?c"] {
            let mut url = DataUrl::parse(text);
            assert!(url.file_path.ends_with("a::b"), "{text}");
            url.ignored.clear();
            assert_eq!(DataUrl::parse(&url.to_string()), url, "{url}");
        }
    }

    #[test]
    fn what_is_built_is_read_back() {
        for path in ["/d e&f?", "/100%+=x", "/=", "/é", "d"] {
            let url = DataUrl {
                scheme: Some("silx".into()),
                file_path: "C:/a b.h5".into(),
                data_path: Some(path.into()),
                ..DataUrl::default()
            };
            assert_eq!(DataUrl::parse(&url.to_string()), url, "{url}");
        }
    }
}
