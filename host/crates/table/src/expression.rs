//! Expressions that users write, in a small part of Python's grammar: arguments of processors, cuts on
//! columns. What they mean is the caller's.

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A number, and whether it was written as an integer.
    Number(f64, bool),
    /// A text in quotes.
    Text(String),
    /// `True` or `False`.
    Truth(bool),
    /// A name.
    Name(String),
    /// `waveform.period`
    Attribute(Box<Expr>, String),
    /// `f(x, y=2)`: the name, and the arguments without and with a name.
    Call(String, Vec<Expr>, Vec<(String, Expr)>),
    /// `waveform[5]`
    Index(Box<Expr>, Box<Expr>),
    /// `waveform[start:stop:step]`
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    /// `-x`
    Minus(Box<Expr>),
    /// Two operands.
    Binary(Op, Box<Expr>, Box<Expr>),
    /// Value, condition, alternative.
    IfElse(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// `x and y`; `a < b < c` is `a < b and b < c`.
    And(Box<Expr>, Box<Expr>),
    /// `x or y`
    Or(Box<Expr>, Box<Expr>),
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Op {
    /// Whether the result is a truth value.
    pub fn compares(self) -> bool {
        !matches!(self, Op::Add | Op::Sub | Op::Mul | Op::Div | Op::FloorDiv)
    }
}

/// Brackets deeper than this are refused.
const MAX_DEPTH: usize = 64;
/// Words and signs of an expression: operators of equal rank nest as deeply as there are some.
const MAX_TOKENS: usize = 4096;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64, bool),
    Text(String),
    Word(String),
    Sign(&'static str),
}

const SIGNS: [&str; 23] = [
    "**", "//", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "<", ">", "(", ")", "[", "]", ",",
    ":", ".", "=", "&", "|",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || starts_fraction(rest) {
            let length = number_length(rest);
            let word = &rest[..length];
            let value = word.parse().map_err(|_| format!("{word} is no number"))?;
            found.push(Token::Number(value, word.bytes().all(|b| b.is_ascii_digit())));
            length
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            end
        } else if first == '\'' || first == '"' {
            let inner = &rest[1..];
            let end = inner.find(first).ok_or("a quote is not closed")?;
            found.push(Token::Text(inner[..end].to_owned()));
            end + 2
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = *sign.ok_or_else(|| format!("'{first}' has no meaning here"))?;
            found.push(Token::Sign(sign));
            sign.len()
        };
        if found.len() > MAX_TOKENS {
            return Err(format!("it has more than {MAX_TOKENS} words and signs"));
        }
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

fn starts_fraction(rest: &str) -> bool {
    let mut bytes = rest.bytes();
    bytes.next() == Some(b'.') && bytes.next().is_some_and(|b| b.is_ascii_digit())
}

/// Bytes of the number that a text begins with.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let last = digits((end + 1 + sign).min(bytes.len()));
        if last > end + 1 + sign {
            end = last;
        }
    }
    end
}

/// Reads one expression.
///
/// # Errors
/// What is not understood.
pub fn parse(text: &str) -> Result<Expr, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let expr = parser.ternary()?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(format!("{token} is not expected here")),
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Number(value, _) => write!(f, "{value}"),
            Token::Text(text) => write!(f, "'{text}'"),
            Token::Word(word) => f.write_str(word),
            Token::Sign(sign) => write!(f, "'{sign}'"),
        }
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take_sign(sign) { Ok(()) } else { Err(format!("'{sign}' is missing")) }
    }

    fn ternary(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("too many brackets".into());
        }
        let value = self.either()?;
        let expr = if self.take_word("if") {
            let condition = self.either()?;
            if !self.take_word("else") {
                return Err("'else' is missing".into());
            }
            Expr::IfElse(value.into(), condition.into(), self.ternary()?.into())
        } else {
            value
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn either(&mut self) -> Result<Expr, String> {
        let mut left = self.both()?;
        while self.take_word("or") {
            left = Expr::Or(left.into(), self.both()?.into());
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expr, String> {
        let mut left = self.negation()?;
        while self.take_word("and") {
            left = Expr::And(left.into(), self.negation()?.into());
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr, String> {
        let mut not = false;
        let mut any = false;
        while self.take_word("not") {
            (not, any) = (!not, true);
        }
        let value = self.comparison()?;
        Ok(match (any, not) {
            (false, _) => value,
            (_, true) => Expr::Not(value.into()),
            (_, false) => Expr::Not(Box::new(Expr::Not(value.into()))),
        })
    }

    fn comparison(&mut self) -> Result<Expr, String> {
        let mut left = self.sum()?;
        let mut all: Option<Expr> = None;
        while let Some(op) = self.comparing() {
            self.at += 1;
            let right = self.sum()?;
            // The operand in the middle stands twice in the result; chains inside of chains would double again.
            if self.comparing().is_some() && right.compares() {
                return Err("a comparison in the middle of others is not supported".into());
            }
            let one = Expr::Binary(op, left.into(), right.clone().into());
            all = Some(match all {
                None => one,
                Some(all) => Expr::And(all.into(), one.into()),
            });
            left = right;
        }
        Ok(all.unwrap_or(left))
    }

    fn comparing(&self) -> Option<Op> {
        let Some(Token::Sign(sign)) = self.peek() else { return None };
        Some(match *sign {
            "<" => Op::Less,
            "<=" => Op::LessEqual,
            ">" => Op::Greater,
            ">=" => Op::GreaterEqual,
            "==" => Op::Equal,
            "!=" => Op::NotEqual,
            _ => return None,
        })
    }

    fn sum(&mut self) -> Result<Expr, String> {
        let mut left = self.product()?;
        loop {
            let op = match self.peek() {
                Some(Token::Sign("+")) => Op::Add,
                Some(Token::Sign("-")) => Op::Sub,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(op, left.into(), self.product()?.into());
        }
    }

    fn product(&mut self) -> Result<Expr, String> {
        let mut left = self.unary()?;
        loop {
            let op = match self.peek() {
                Some(Token::Sign("*")) => Op::Mul,
                Some(Token::Sign("/")) => Op::Div,
                Some(Token::Sign("//")) => Op::FloorDiv,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(op, left.into(), self.unary()?.into());
        }
    }

    fn unary(&mut self) -> Result<Expr, String> {
        let mut minus = false;
        while self.take_sign("-") {
            minus = !minus;
        }
        let value = self.postfix()?;
        Ok(if minus { Expr::Minus(value.into()) } else { value })
    }

    fn postfix(&mut self) -> Result<Expr, String> {
        let mut expr = self.atom()?;
        loop {
            if self.take_sign(".") {
                let Some(Token::Word(word)) = self.peek().cloned() else {
                    return Err("a name is missing after '.'".into());
                };
                self.at += 1;
                expr = Expr::Attribute(expr.into(), word);
            } else if self.take_sign("[") {
                expr = self.subscript(expr)?;
            } else if let (Expr::Name(name), true) = (&expr, self.take_sign("(")) {
                let name = name.clone();
                let (args, kwargs) = self.arguments()?;
                expr = Expr::Call(name, args, kwargs);
            } else {
                return Ok(expr);
            }
        }
    }

    fn subscript(&mut self, of: Expr) -> Result<Expr, String> {
        let mut parts: [Option<Box<Expr>>; 3] = [None, None, None];
        let mut part = 0;
        loop {
            if self.take_sign("]") {
                break;
            } else if self.take_sign(":") {
                part += 1;
                if part > 2 {
                    return Err("a slice has at most three parts".into());
                }
            } else {
                parts[part] = Some(self.ternary()?.into());
            }
        }
        match (part, parts) {
            (0, [Some(index), ..]) => Ok(Expr::Index(of.into(), index)),
            (0, _) => Err("an index is missing".into()),
            (_, parts) => Ok(Expr::Slice(of.into(), parts)),
        }
    }

    #[allow(clippy::type_complexity, reason = "used once")]
    fn arguments(&mut self) -> Result<(Vec<Expr>, Vec<(String, Expr)>), String> {
        let (mut args, mut kwargs) = (Vec::new(), Vec::new());
        while !self.take_sign(")") {
            let keyword = match (self.peek(), self.tokens.get(self.at + 1)) {
                (Some(Token::Word(word)), Some(Token::Sign("="))) => Some(word.clone()),
                _ => None,
            };
            if let Some(word) = keyword {
                self.at += 2;
                kwargs.push((word, self.ternary()?));
            } else {
                args.push(self.ternary()?);
            }
            if !self.take_sign(",") && !matches!(self.peek(), Some(Token::Sign(")"))) {
                return Err("')' is missing".into());
            }
        }
        Ok((args, kwargs))
    }

    fn atom(&mut self) -> Result<Expr, String> {
        let token = self.peek().cloned().ok_or("the expression ends too early")?;
        self.at += 1;
        match token {
            Token::Number(value, integer) => Ok(Expr::Number(value, integer)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Word(word) => match word.as_str() {
                "True" => Ok(Expr::Truth(true)),
                "False" => Ok(Expr::Truth(false)),
                "and" | "or" | "not" | "if" | "else" | "lambda" | "in" | "is" => {
                    Err(format!("'{word}' is not supported"))
                }
                _ => Ok(Expr::Name(word)),
            },
            Token::Sign("(") => {
                let inner = self.ternary()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("[") => {
                let mut items = Vec::new();
                while !self.take_sign("]") {
                    items.push(self.ternary()?);
                    if !self.take_sign(",") && !matches!(self.peek(), Some(Token::Sign("]"))) {
                        return Err("']' is missing".into());
                    }
                }
                Ok(Expr::List(items))
            }
            other => Err(format!("{other} is not expected here")),
        }
    }
}

impl Expr {
    /// Whether there is a comparison in it.
    fn compares(&self) -> bool {
        match self {
            Expr::Number(..) | Expr::Text(_) | Expr::Truth(_) | Expr::Name(_) => false,
            Expr::Attribute(of, _) | Expr::Minus(of) | Expr::Not(of) => of.compares(),
            Expr::Call(_, args, kwargs) => {
                args.iter().chain(kwargs.iter().map(|(_, arg)| arg)).any(Expr::compares)
            }
            Expr::Index(of, index) => of.compares() || index.compares(),
            Expr::Slice(of, parts) => {
                of.compares() || parts.iter().flatten().any(|part| part.compares())
            }
            Expr::Binary(op, a, b) => op.compares() || a.compares() || b.compares(),
            Expr::And(a, b) | Expr::Or(a, b) => a.compares() || b.compares(),
            Expr::IfElse(a, condition, b) => a.compares() || condition.compares() || b.compares(),
            Expr::List(items) => items.iter().any(Expr::compares),
        }
    }

    /// `a.b.c` of names only.
    pub fn dotted(&self) -> Option<String> {
        match self {
            Expr::Name(name) => Some(name.clone()),
            Expr::Attribute(of, name) => Some(format!("{}.{name}", of.dotted()?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_pythons() {
        let sum = parse("1 + 2*3 - -x").unwrap();
        let Expr::Binary(Op::Sub, left, right) = sum else { panic!("{sum:?}") };
        assert!(matches!(*left, Expr::Binary(Op::Add, ..)));
        assert_eq!(*right, Expr::Minus(Box::new(Expr::Name("x".into()))));
        assert!(matches!(parse("a if b>2 else c").unwrap(), Expr::IfElse(..)));
        assert_eq!(parse("1e-3").unwrap(), Expr::Number(1e-3, false));
        assert_eq!(parse(".5").unwrap(), Expr::Number(0.5, false));
        assert_eq!(parse("'t'").unwrap(), Expr::Text("t".into()));
    }

    #[test]
    fn logic_binds_less_than_comparison() {
        let one = |text: &str| parse(text).unwrap();
        let both = one("a < 1 and not b or c > 2");
        let Expr::Or(left, right) = both else { panic!("{both:?}") };
        assert_eq!(*right, one("c > 2"));
        assert_eq!(*left, Expr::And(one("a < 1").into(), Expr::Not(one("b").into()).into()));
        assert_eq!(one("0 < x <= 5"), one("0 < x and x <= 5"));
        assert_eq!(one("not not x"), Expr::Not(Expr::Not(one("x").into()).into()));
    }

    #[test]
    fn declarations_and_slices() {
        let text = "w(shape=len(waveform)/4, period=waveform.period*4, dtype='f')";
        let Expr::Call(name, args, kwargs) = parse(text).unwrap() else { panic!() };
        assert_eq!((name.as_str(), args.len(), kwargs.len()), ("w", 0, 3));
        let Expr::Slice(_, parts) = parse("w[2:-1]").unwrap() else { panic!() };
        assert!(parts[0].is_some() && parts[1].is_some() && parts[2].is_none());
        assert_eq!(parse("db.pz.tau").unwrap().dotted().as_deref(), Some("db.pz.tau"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "1+", "w[", "w[1:2:3:4]", "(1", "'x", "a b", "x**2", "x and", "not", "f(1 2)", "§"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(1000)).is_err());
        assert!(parse(&"-".repeat(100_000)).is_err());
        let nested = (0..60).fold("1".to_owned(), |inner, _| format!("1<({inner})<1"));
        assert!(parse(&nested).unwrap_err().contains("in the middle"));
        assert!(parse("1 < (2 < 3)").is_ok());
        assert!(parse(&"1+".repeat(2000)).is_err() && parse(&"1 and ".repeat(100_000)).is_err());
    }
}
