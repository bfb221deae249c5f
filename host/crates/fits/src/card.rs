//! Header cards.

/// The value of a card.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `T` or `F`.
    Logical(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// A string, without trailing blanks; long ones are continued over several cards.
    Text(String),
    /// A keyword without a value.
    Undefined,
    /// A card of text only: `COMMENT`, `HISTORY` or blank.
    Commentary,
}

/// A keyword with its value and comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Keyword, in capital letters but for those of the HIERARCH convention.
    pub key: String,
    /// Value.
    pub value: Value,
    /// Comment; the text of commentary cards.
    pub comment: String,
}

/// The cards of a header in their order, without those that describe the data's structure where a type does so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    /// The cards.
    pub cards: Vec<Card>,
}
