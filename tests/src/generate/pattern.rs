//! Random patterns.

use std::fmt;

use super::rng::Rng;

/// A pattern, as far as tests write them.
#[derive(Clone, Debug, PartialEq)]
pub enum Pat {
    Var(String),
    /// `!n`
    Not(String),
    /// `operators.len() + 1 == elements.len()`
    Seq(Vec<Pat>, Vec<Op>),
    Alt(Vec<Pat>),
    Conj(Vec<Pat>),
    Permute(Vec<Pat>),
    Repeat {
        element: Box<Pat>,
        lead: Option<Op>,
        min: u32,
        max: Option<u32>,
        reluctant: bool,
    },
    Exclude(Box<Pat>),
    Start,
    End,
    Empty,
}

/// An operator between two elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    pub kind: Kind,
    /// Seconds.
    pub bound: Option<(Option<i64>, i64)>,
}

/// Contiguity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Contiguous,
    Next,
    Any,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = match self.kind {
            Kind::Contiguous => return f.write_str(" "),
            Kind::Next => "->",
            Kind::Any => "->>",
        };
        match &self.bound {
            None => write!(f, " {head} "),
            Some((None, max)) => write!(f, " -[{max} SECONDS]{head} "),
            Some((Some(min), max)) => write!(f, " -[{min} SECONDS TO {max} SECONDS]{head} "),
        }
    }
}

impl fmt::Display for Pat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &mut |_| None)
    }
}

impl Pat {
    /// Writes the pattern; `decorate` gives what follows a variable where it stands (`:stream`, `[condition]`).
    pub fn write(
        &self,
        f: &mut dyn fmt::Write,
        decorate: &mut dyn FnMut(&str) -> Option<String>,
    ) -> fmt::Result {
        let mut list = |f: &mut dyn fmt::Write, elements: &[Pat], between: &str| {
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    f.write_str(between)?;
                }
                element.write_in_brackets(f, decorate)?;
            }
            Ok(())
        };
        match self {
            Pat::Var(name) => {
                f.write_str(name)?;
                f.write_str(&decorate(name).unwrap_or_default())
            }
            Pat::Not(name) => {
                write!(f, "!{name}")?;
                f.write_str(&decorate(name).unwrap_or_default())
            }
            Pat::Seq(elements, operators) => {
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        write!(f, "{}", operators[index - 1])?;
                    }
                    element.write_in_brackets(f, decorate)?;
                }
                Ok(())
            }
            Pat::Alt(elements) => list(f, elements, " | "),
            Pat::Conj(elements) => list(f, elements, " & "),
            Pat::Permute(elements) => {
                f.write_str("PERMUTE(")?;
                list(f, elements, ", ")?;
                f.write_str(")")
            }
            Pat::Repeat {
                element,
                lead,
                min,
                max,
                reluctant,
            } => {
                match (lead, &**element) {
                    (None, Pat::Var(_) | Pat::Permute(_) | Pat::Exclude(_)) => {
                        element.write(f, decorate)?
                    }
                    (lead, element) => {
                        f.write_str("(")?;
                        if let Some(lead) = lead {
                            write!(f, "{}", lead.to_string().trim_start())?;
                        }
                        element.write(f, decorate)?;
                        f.write_str(")")?;
                    }
                }
                match (min, max) {
                    (0, None) => f.write_str("*")?,
                    (1, None) => f.write_str("+")?,
                    (0, Some(1)) => f.write_str("?")?,
                    (min, None) => write!(f, "{{{min},}}")?,
                    (min, Some(max)) if min == max => write!(f, "{{{min}}}")?,
                    (0, Some(max)) => write!(f, "{{,{max}}}")?,
                    (min, Some(max)) => write!(f, "{{{min},{max}}}")?,
                }
                f.write_str(if *reluctant { "?" } else { "" })
            }
            Pat::Exclude(inner) => {
                f.write_str("{- ")?;
                inner.write(f, decorate)?;
                f.write_str(" -}")
            }
            Pat::Start => f.write_str("^"),
            Pat::End => f.write_str("$"),
            Pat::Empty => f.write_str("()"),
        }
    }

    fn write_in_brackets(
        &self,
        f: &mut dyn fmt::Write,
        decorate: &mut dyn FnMut(&str) -> Option<String>,
    ) -> fmt::Result {
        match self {
            Pat::Seq(..) | Pat::Alt(_) | Pat::Conj(_) => {
                f.write_str("(")?;
                self.write(f, decorate)?;
                f.write_str(")")
            }
            _ => self.write(f, decorate),
        }
    }

    /// Its parts.
    pub fn children(&self) -> Vec<&Pat> {
        match self {
            Pat::Seq(elements, _)
            | Pat::Alt(elements)
            | Pat::Conj(elements)
            | Pat::Permute(elements) => elements.iter().collect(),
            Pat::Repeat { element, .. } => vec![element],
            Pat::Exclude(inner) => vec![inner],
            _ => Vec::new(),
        }
    }

    /// Calls `see` for it and everything in it.
    pub fn each<'a>(&'a self, see: &mut dyn FnMut(&'a Pat)) {
        see(self);
        for child in self.children() {
            child.each(see);
        }
    }

    /// Variables that bind events, in the order written.
    pub fn bound(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        self.each(&mut |pat| {
            if let Pat::Var(name) = pat
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        });
        names
    }

    /// Absent variables, in the order written.
    pub fn absent(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        self.each(&mut |pat| {
            if let Pat::Not(name) = pat
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        });
        names
    }

    /// Whether there is such a part.
    pub fn has(&self, wanted: fn(&Pat) -> bool) -> bool {
        let mut found = false;
        self.each(&mut |pat| found |= wanted(pat));
        found
    }

    /// Whether it can bind nothing.
    pub fn nullable(&self) -> bool {
        match self {
            Pat::Var(_) => false,
            Pat::Not(_) | Pat::Start | Pat::End | Pat::Empty => true,
            Pat::Seq(elements, _) | Pat::Conj(elements) | Pat::Permute(elements) => {
                elements.iter().all(Pat::nullable)
            }
            Pat::Alt(elements) => elements.iter().any(Pat::nullable),
            Pat::Repeat { element, min, .. } => *min == 0 || element.nullable(),
            Pat::Exclude(inner) => inner.nullable(),
        }
    }
}

/// What a pattern is made of.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Weights of the three contiguities.
    pub kinds: [usize; 3],
    /// Chance of a bound on an arrow, percent.
    pub bounds: usize,
    /// Chance of an absence in a sequence, percent.
    pub absences: usize,
    /// `{- … -}`, `^`, `$`: the standard's own.
    pub standard: bool,
}

/// Makes patterns.
pub struct Patterns<'r> {
    pub rng: &'r mut Rng,
    pub style: Style,
    names: usize,
    absences: usize,
}

impl<'r> Patterns<'r> {
    pub fn new(rng: &'r mut Rng, style: Style) -> Self {
        Self {
            rng,
            style,
            names: 0,
            absences: 0,
        }
    }

    /// A whole pattern.
    pub fn pattern(&mut self) -> Pat {
        let depth = self.rng.weighted(&[(4, 1), (5, 2), (3, 3)]);
        let mut pattern = match self.rng.below(12) {
            0 => self.element(depth),
            1 => Pat::Alt((0..2).map(|_| self.element(depth)).collect()),
            _ => self.sequence(depth),
        };
        if self.style.standard && self.rng.percent(5) {
            pattern = Pat::Seq(vec![Pat::Start, pattern], vec![CONTIGUOUS]);
        }
        if self.style.standard && self.rng.percent(5) {
            pattern = Pat::Seq(vec![pattern, Pat::End], vec![CONTIGUOUS]);
        }
        pattern
    }

    fn variable(&mut self) -> Pat {
        // Mostly a new one, sometimes one that is there already.
        let number = if self.names > 0 && self.rng.percent(12) || self.names >= 6 {
            self.rng.below(self.names)
        } else {
            self.names += 1;
            self.names - 1
        };
        Pat::Var(char::from(b'a' + number as u8).to_string())
    }

    pub fn operator(&mut self) -> Op {
        let [contiguous, next, any] = self.style.kinds;
        let kind = self.rng.weighted(&[
            (contiguous, Kind::Contiguous),
            (next, Kind::Next),
            (any, Kind::Any),
        ]);
        let bound = (kind != Kind::Contiguous && self.rng.percent(self.style.bounds)).then(|| {
            let max = self.rng.between(0, 6);
            let min = self.rng.percent(30).then(|| self.rng.between(0, max));
            (min, max)
        });
        Op { kind, bound }
    }

    fn sequence(&mut self, depth: usize) -> Pat {
        let length = self.rng.weighted(&[(6, 2), (5, 3), (2, 4)]);
        let mut elements: Vec<Pat> = (0..length)
            .map(|_| self.element(depth.saturating_sub(1)))
            .collect();
        let mut operators: Vec<Op> = (1..length).map(|_| self.operator()).collect();
        if self.rng.percent(self.style.absences) {
            let at = self.rng.below(elements.len() + 1);
            let name = ["n", "m", "o"][self.absences.min(2)];
            self.absences += 1;
            elements.insert(at, Pat::Not(name.to_owned()));
            let operator = self.operator();
            operators.insert(at.min(operators.len()), operator);
        }
        Pat::Seq(elements, operators)
    }

    fn element(&mut self, depth: usize) -> Pat {
        if depth == 0 {
            return match self.rng.below(10) {
                0..=2 => {
                    let variable = self.variable();
                    self.repeat(variable)
                }
                _ => self.variable(),
            };
        }
        match self.rng.below(20) {
            0..=6 => self.variable(),
            7..=9 => {
                let variable = self.variable();
                self.repeat(variable)
            }
            10..=12 => {
                let sequence = self.sequence(depth - 1);
                self.repeat(sequence)
            }
            13 => self.sequence(depth - 1),
            14 | 15 => {
                let branches = (0..self.rng.weighted(&[(5, 2), (1, 3)]))
                    .map(|_| self.element(depth - 1))
                    .collect();
                let alternation = Pat::Alt(branches);
                if self.rng.percent(30) {
                    self.repeat(alternation)
                } else {
                    alternation
                }
            }
            16 | 17 => {
                let count = self.rng.weighted(&[(6, 2), (1, 3)]);
                let operands: Vec<Pat> = (0..count).map(|_| self.element(depth - 1)).collect();
                if operands
                    .iter()
                    .any(|operand| operand.nullable() || operand.has(|p| matches!(p, Pat::Not(_))))
                {
                    return Pat::Permute(
                        operands
                            .into_iter()
                            .filter(|o| !o.has(|p| matches!(p, Pat::Not(_))))
                            .chain([self.variable()])
                            .collect(),
                    );
                }
                Pat::Conj(operands)
            }
            18 => {
                let count = self.rng.weighted(&[(5, 2), (1, 3)]);
                Pat::Permute((0..count).map(|_| self.element(0)).collect())
            }
            _ if self.style.standard => Pat::Exclude(Box::new(self.element(depth - 1))),
            _ => self.variable(),
        }
    }

    fn repeat(&mut self, element: Pat) -> Pat {
        let (min, max) = match self.rng.below(9) {
            0 | 1 => (0, None),
            2 | 3 => (1, None),
            4 | 5 => (0, Some(1)),
            6 => {
                let n = self.rng.between(2, 3) as u32;
                (n, Some(n))
            }
            7 => (2, None),
            _ => {
                let min = self.rng.between(0, 2) as u32;
                (min, Some(min + self.rng.between(1, 2) as u32))
            }
        };
        let lead = self
            .rng
            .percent(10)
            .then(|| self.operator())
            .filter(|op| op.kind != Kind::Contiguous);
        Pat::Repeat {
            element: Box::new(element),
            lead,
            min,
            max,
            reluctant: self.rng.percent(25),
        }
    }
}

const CONTIGUOUS: Op = Op {
    kind: Kind::Contiguous,
    bound: None,
};
