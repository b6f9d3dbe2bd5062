//! Random pattern queries in both forms.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::condition;
use super::events::{self, Event, Stream};
use super::pattern::{Kind, Op, Pat, Patterns, Style};
use super::rng::Rng;

/// A query, its streams and their events.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub streams: Vec<Stream>,
    pub events: Vec<Event>,
    /// `end_of_input = 'complete'`, else `'undecided'`
    pub complete: bool,
    pub form: Form,
    pub pattern: Pat,
    pub variables: BTreeMap<String, Variable>,
    /// Conditions stand in the pattern, else in DEFINE.
    pub inline: bool,
    pub partition: Partition,
    /// ORDER BY of the standard form.
    pub order: String,
    pub subset: Option<(String, Vec<String>)>,
    pub within: Option<Within>,
    pub skip: Option<Skip>,
    pub timeouts: Timeouts,
    /// Select items or measures besides those that identify the match: expression and name.
    pub extras: Vec<(String, String)>,
    /// WHERE
    pub filter: Option<String>,
    /// `LIMIT n PER seconds`, by the key of the partition.
    pub limit: Option<(i64, i64)>,
}

/// A pattern variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variable {
    /// Joined by AND.
    pub conjuncts: Vec<String>,
    /// `v:stream`
    pub stream: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Short { all: bool },
    Standard(Rows),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    One,
    All,
    AllShowEmpty,
    AllOmitEmpty,
    AllWithUnmatched,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Partition {
    None,
    /// `PARTITION BY k`
    Key,
    /// `PARTITION BY k, t`
    Keys,
    /// `PARTITION BY a.k = b.k = …`, of all variables
    PerVariable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    Seconds(i64),
    Events(i64),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Skip {
    PastLastRow,
    NextRow,
    First(String),
    Last(String),
    To(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeouts {
    No,
    Too,
    Only,
}

/// Ties each variable to one that stands before it, or to its own first event.
fn tie(
    rng: &mut Rng,
    key: condition::Key,
    bound: &[String],
    absent: &[String],
    variables: &mut BTreeMap<String, Variable>,
) {
    let mut keys: Vec<(&String, Vec<&str>)> = Vec::new();
    for name in bound.iter().chain(absent) {
        let own = condition::key(rng, key);
        let other = match keys.len() {
            // Nothing stands before the first one.
            0 if rng.percent(35) => Some((name, own.clone())),
            0 => None,
            _ if rng.percent(5) => None,
            count => {
                // Mostly the first one, which is likeliest to be bound.
                let at = if rng.percent(60) { 0 } else { rng.below(count) };
                keys.get(at).cloned()
            }
        };
        if let Some((other, its)) = other {
            let conjuncts = if other == name {
                let first = |key: &&str| {
                    format!(
                        "{} = FIRST({})",
                        key.replace("{}", ""),
                        key.replace("{}", &format!("{name}."))
                    )
                };
                own.iter().map(first).collect()
            } else {
                condition::tie(rng, (name, &own), (other, &its))
            };
            let variable = variables.entry(name.clone()).or_default();
            variable.conjuncts.extend(conjuncts);
        }
        if !absent.contains(name) {
            keys.push((name, own));
        }
    }
}

impl Case {
    /// The case of this seed.
    pub fn random(seed: u64) -> Self {
        Self::chosen(&mut Rng::new(
            seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x5851_F42D_4C95_7F2D,
        ))
    }

    /// The case of these choices.
    pub fn chosen(rng: &mut Rng) -> Self {
        let form = match rng.below(10) {
            0..=2 => Form::Short { all: false },
            3..=5 => Form::Short { all: true },
            6 | 7 => Form::Standard(Rows::One),
            _ => Form::Standard(*rng.pick(&[
                Rows::All,
                Rows::AllShowEmpty,
                Rows::AllOmitEmpty,
                Rows::AllWithUnmatched,
            ])),
        };
        let standard = matches!(form, Form::Standard(_));
        // Often all variables are tied by one key, and then mostly nothing else stands in the way of a class for that.
        let tied = (!standard && rng.percent(45)).then(|| {
            use condition::Key;
            *rng.pick(&[Key::Text, Key::Number, Key::Both, Key::Computed])
        });
        let plain = tied.is_some() && rng.percent(80);
        let kinds = match (rng.below(6), standard) {
            (at, false) if plain => [[0, 1, 0], [0, 0, 1], [0, 1, 1]][at % 3],
            (0..=3, true) => [1, 0, 0],
            (0, false) => [1, 0, 0],
            (1, false) => [0, 1, 0],
            (2, false) => [0, 0, 1],
            (3, false) => [0, 1, 1],
            _ => [2, 2, 1],
        };
        let style = Style {
            kinds,
            bounds: if plain { 0 } else { *rng.pick(&[0, 0, 15, 40]) },
            absences: if plain {
                *rng.pick(&[0, 0, 15, 30])
            } else {
                *rng.pick(&[0, 0, 20, 60])
            },
            standard: !plain && form != Form::Standard(Rows::AllWithUnmatched),
        };
        let pattern = Patterns::new(rng, style).pattern();
        let two = !standard && rng.percent(15);
        let lateness = |rng: &mut Rng| rng.weighted(&[(4, 0), (2, 2), (1, 5)]);
        let bounded = rng.percent(50);
        let mut streams = vec![Stream {
            name: "s".into(),
            lateness: lateness(rng),
            bounded,
        }];
        if two {
            streams.push(Stream {
                name: "u".into(),
                lateness: lateness(rng),
                bounded,
            });
        }
        let exploding = form == (Form::Short { all: true }) || kinds[2] > 0;
        let count = rng.between(3, if exploding { 10 } else { 14 }) as usize;
        let events = events::events(rng, &streams, count);

        let (bound, absent) = (pattern.bound(), pattern.absent());
        let mut variables = BTreeMap::new();
        let mut earlier: Vec<String> = Vec::new();
        for name in bound.iter().chain(&absent) {
            let is_absent = absent.contains(name);
            let conjuncts = match (tied, plain) {
                (Some(_), true) if rng.percent(50) => Vec::new(),
                (Some(_), true) => vec![condition::unary(rng)],
                _ => condition::conjuncts(rng, name, &earlier, is_absent),
            };
            let stream = (two && rng.percent(70)).then(|| rng.below(2));
            variables.insert(name.clone(), Variable { conjuncts, stream });
            if !is_absent {
                earlier.push(name.clone());
            }
        }
        if let Some(key) = tied {
            tie(rng, key, &bound, &absent, &mut variables);
        }
        if !plain && rng.percent(10) && bound.len() > 1 {
            // Speaks of a variable that stands later.
            let one = condition::conjuncts(rng, &bound[0], &bound[1..], false);
            variables
                .entry(bound[0].clone())
                .or_default()
                .conjuncts
                .extend(one);
        }
        let subset = (bound.len() > 1 && rng.percent(20))
            .then(|| ("z".to_owned(), vec![bound[0].clone(), bound[1].clone()]));
        if let (Some((name, _)), Some(last)) = (&subset, bound.last())
            && !plain
            && rng.percent(40)
        {
            let one = condition::of_subset(rng, name);
            variables
                .entry(last.clone())
                .or_default()
                .conjuncts
                .push(one);
        }
        let mut targets = bound.clone();
        targets.extend(subset.iter().map(|(name, _)| name.clone()));
        let skip = match rng.below(10) {
            _ if form == (Form::Short { all: true }) => None,
            0..=2 => Some(Skip::NextRow),
            3 => Some(Skip::PastLastRow),
            4 if !targets.is_empty() => Some(Skip::First(rng.pick(&targets).clone())),
            5 if !targets.is_empty() => Some(Skip::Last(rng.pick(&targets).clone())),
            6 if !targets.is_empty() => Some(Skip::To(rng.pick(&targets).clone())),
            _ => None,
        };
        let timeouts = match rng.below(16) {
            _ if form == Form::Standard(Rows::AllWithUnmatched) => Timeouts::No,
            0 if !plain => Timeouts::Too,
            1 if !plain => Timeouts::Only,
            _ => Timeouts::No,
        };
        let within = match rng.below(10) {
            0..=1 => None,
            2..=3 => Some(Within::Events(rng.between(1, 6))),
            _ => Some(Within::Seconds(rng.between(1, 10))),
        };
        let mut case = Self {
            streams,
            events,
            complete: !rng.percent(25),
            form,
            pattern,
            variables,
            inline: !standard && rng.percent(70),
            partition: match rng.below(12) {
                0..=4 => Partition::None,
                5 | 6 if !standard => Partition::PerVariable,
                6 => Partition::Keys,
                _ => Partition::Key,
            },
            subset,
            within,
            skip,
            timeouts,
            order: "ts".into(),
            extras: Vec::new(),
            filter: None,
            limit: None,
        };
        if standard && rng.percent(20) {
            case.order = (*rng.pick(&["ts, v", "ts, v DESC", "ts, t DESC, v"])).to_owned();
        }
        let contiguous = !case.pattern.has(|pat| match pat {
            Pat::Seq(_, operators) => operators.iter().any(|op| {
                *op != Op {
                    kind: Kind::Contiguous,
                    bound: None,
                }
            }),
            Pat::Repeat { lead, .. } => lead.is_some(),
            Pat::Not(_) | Pat::Conj(_) => true,
            _ => false,
        });
        if standard && contiguous && rng.percent(15) {
            // Sorted as batch systems do: the whole of a bounded input, by anything.
            case.order =
                (*rng.pick(&["v", "v DESC", "t, v", "bit DESC", "v NULLS FIRST, bit DESC"]))
                    .to_owned();
            case.streams[0].bounded = true;
            case.complete = true;
            case.timeouts = Timeouts::No;
            if let Some(Within::Seconds(seconds)) = case.within {
                case.within = Some(Within::Events(seconds.max(1)));
            }
        }
        case.add_extras(rng);
        if plain {
            let looks_around = |expr: &str| expr.contains("PREV") || expr.contains("NEXT");
            case.extras.retain(|(expr, _)| !looks_around(expr));
        }
        case
    }

    fn add_extras(&mut self, rng: &mut Rng) {
        let mut targets = self.pattern.bound();
        targets.extend(self.subset.iter().map(|(name, _)| name.clone()));
        if targets.is_empty() {
            return;
        }
        let standard = matches!(self.form, Form::Standard(_));
        let count = rng.below(4);
        for index in 0..count {
            let v = rng.pick(&targets).clone();
            let n = rng.below(3);
            let semantics = if standard {
                *rng.pick(&["", "", "RUNNING ", "FINAL "])
            } else {
                ""
            };
            let expr = match rng.below(19) {
                0 => format!("{semantics}FIRST({v}.v, {n})"),
                1 => format!("{semantics}LAST({v}.v, {n})"),
                2 => format!("{semantics}COUNT({v})"),
                3 => format!("{semantics}SUM({v}.v)"),
                4 => format!("{semantics}MIN({v}.v)"),
                5 => format!("{v}.t"),
                6 => format!("PREV({v}.v, {n})"),
                // What NEXT sees is not there yet where the input stops undecided.
                7 | 9 if !self.complete => format!("{v}.v"),
                7 => format!("NEXT({v}.v)"),
                8 => format!("PREV({semantics}FIRST({v}.v, {n}), 1)"),
                9 => format!("NEXT({semantics}LAST({v}.v, {n}), 2)"),
                10 => format!("{semantics}COUNT(*)"),
                11 => format!("{semantics}COUNT(DISTINCT {v}.t)"),
                12 => "CLASSIFIER()".into(),
                13 if self.subset.is_some() => "CLASSIFIER(z)".into(),
                // Only where the order of reporting is laid down (3.9).
                14 if self.form != (Form::Short { all: true }) => "MATCH_NUMBER()".into(),
                15 => "MATCH_START()".into(),
                16 => format!("{semantics}SUM({v}.v) FILTER (WHERE {v}.v > {n})"),
                17 => format!("{semantics}ARRAY_AGG({v}.v)"),
                // An error now and then: the column is NULL.
                18 => format!("10 / ({v}.v - {n})"),
                _ => format!("{semantics}LAST({v}.v + 10 * {v}.v)"),
            };
            self.extras.push((expr, format!("x{index}")));
        }
        let looks_ahead = self.extras.iter().any(|(expr, _)| expr.contains("NEXT"));
        let timed = matches!(self.within, Some(Within::Seconds(_)))
            && self.order.starts_with("ts")
            && !looks_ahead;
        if timed
            && rng.percent(40)
            && !matches!(self.form, Form::Standard(rows) if rows != Rows::One)
        {
            self.extras.push(("MATCH_TIME()".into(), "certain".into()));
        }
        if timed && self.form == (Form::Short { all: false }) && rng.percent(10) {
            self.limit = Some((rng.between(1, 2), rng.between(1, 8)));
        }
        if rng.percent(8) && !standard {
            let v = rng.pick(&targets).clone();
            self.filter = Some(format!("COUNT({v}) <> {}", rng.below(3)));
        }
    }

    /// The columns of PARTITION BY.
    pub fn keys(&self) -> &'static [&'static str] {
        match self.partition {
            Partition::None | Partition::PerVariable => &[],
            Partition::Key => &["k"],
            Partition::Keys => &["k", "t"],
        }
    }

    /// The columns that come out, by name.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = Vec::new();
        columns.extend(self.keys().iter().map(|key| (*key).to_owned()));
        if matches!(self.form, Form::Standard(rows) if rows != Rows::One) {
            columns.push("bit".to_owned());
        }
        columns.extend(self.pattern.bound().iter().map(|name| format!("m_{name}")));
        columns.extend(self.extras.iter().map(|(_, name)| name.clone()));
        if self.timeouts != Timeouts::No {
            columns.push("timed_out".to_owned());
        }
        columns
    }

    /// Expressions that identify the match, and the extras.
    fn measures(&self) -> Vec<(String, String)> {
        // FINAL, so that under ALL ROWS every row tells the whole match.
        let standard = matches!(self.form, Form::Standard(_));
        let whole = if standard { "FINAL " } else { "" };
        let mut measures: Vec<(String, String)> = self
            .pattern
            .bound()
            .iter()
            .map(|v| (format!("{whole}SUM({v}.bit)"), format!("m_{v}")))
            .collect();
        measures.extend(self.extras.iter().cloned());
        if self.timeouts != Timeouts::No {
            measures.push(("TIMED_OUT()".to_owned(), "timed_out".to_owned()));
        }
        measures
    }

    /// The query's text.
    pub fn sql(&self) -> String {
        let list = |items: Vec<(String, String)>| -> String {
            let items: Vec<String> = items
                .into_iter()
                .map(|(expr, name)| format!("{expr} AS {name}"))
                .collect();
            if items.is_empty() {
                "1 AS one".to_owned()
            } else {
                items.join(", ")
            }
        };
        let mut sql = String::new();
        match self.form {
            Form::Short { all } => {
                let mut items = self.measures();
                let keys = self
                    .keys()
                    .iter()
                    .map(|key| ((*key).to_owned(), (*key).to_owned()));
                items.splice(0..0, keys);
                let from: Vec<&str> = self
                    .streams
                    .iter()
                    .map(|stream| stream.name.as_str())
                    .collect();
                let all = if all { " ALL" } else { "" };
                let _ = write!(
                    sql,
                    "SELECT {}\nFROM {} MATCH{all} ({})",
                    list(items),
                    from.join(", "),
                    self.pattern_text()
                );
                self.clauses(&mut sql, "\n");
                if let Some(filter) = &self.filter {
                    let _ = write!(sql, "\nWHERE {filter}");
                }
                if let Some((count, seconds)) = self.limit {
                    let by = if self.keys().is_empty() {
                        String::new()
                    } else {
                        format!(" BY {}", self.keys().join(", "))
                    };
                    let _ = write!(sql, "\nLIMIT {count} PER {seconds} SECONDS{by}");
                }
                sql.push_str(match self.timeouts {
                    Timeouts::No => "",
                    Timeouts::Too => "\nEMIT MATCHES, TIMEOUTS",
                    Timeouts::Only => "\nEMIT TIMEOUTS",
                });
            }
            Form::Standard(rows) => {
                let columns = self.columns();
                let columns = if columns.is_empty() {
                    "one".to_owned()
                } else {
                    columns.join(", ")
                };
                let _ = write!(sql, "SELECT {columns}\nFROM s MATCH_RECOGNIZE (");
                if !self.keys().is_empty() {
                    let _ = write!(sql, "\n  PARTITION BY {}", self.keys().join(", "));
                }
                let _ = write!(
                    sql,
                    "\n  ORDER BY {}\n  MEASURES {}",
                    self.order,
                    list(self.measures())
                );
                sql.push_str(match rows {
                    Rows::One => "\n  ONE ROW PER MATCH",
                    Rows::All => "\n  ALL ROWS PER MATCH",
                    Rows::AllShowEmpty => "\n  ALL ROWS PER MATCH SHOW EMPTY MATCHES",
                    Rows::AllOmitEmpty => "\n  ALL ROWS PER MATCH OMIT EMPTY MATCHES",
                    Rows::AllWithUnmatched => "\n  ALL ROWS PER MATCH WITH UNMATCHED ROWS",
                });
                self.skip_clause(&mut sql, "\n  ");
                let _ = write!(sql, "\n  PATTERN ({})", self.pattern_text());
                self.within_clause(&mut sql, "\n  ");
                self.subset_clause(&mut sql, "\n  ");
                self.define_clause(&mut sql, "\n  ");
                sql.push_str(match self.timeouts {
                    Timeouts::No => "",
                    Timeouts::Too => "\n  EMIT MATCHES, TIMEOUTS",
                    Timeouts::Only => "\n  EMIT TIMEOUTS",
                });
                sql.push_str("\n)");
            }
        }
        sql
    }

    fn pattern_text(&self) -> String {
        let mut seen: Vec<String> = Vec::new();
        let mut text = String::new();
        let _ = self.pattern.write(&mut text, &mut |name| {
            let variable = self.variables.get(name)?;
            let mut decoration = String::new();
            if let Some(stream) = variable.stream.and_then(|index| self.streams.get(index)) {
                let _ = write!(decoration, ":{}", stream.name);
            }
            if self.inline && !variable.conjuncts.is_empty() && !seen.contains(&name.to_owned()) {
                seen.push(name.to_owned());
                let _ = write!(decoration, "[{}]", variable.conjuncts.join(" AND "));
            }
            Some(decoration)
        });
        text
    }

    fn clauses(&self, sql: &mut String, indent: &str) {
        match self.partition {
            Partition::None => {}
            Partition::Key | Partition::Keys => {
                let _ = write!(sql, "{indent}PARTITION BY {}", self.keys().join(", "));
            }
            Partition::PerVariable => {
                let mut names = self.pattern.bound();
                names.extend(self.pattern.absent());
                let keys: Vec<String> = names.iter().map(|name| format!("{name}.k")).collect();
                if keys.len() > 1 {
                    let _ = write!(sql, "{indent}PARTITION BY {}", keys.join(" = "));
                }
            }
        }
        self.define_clause(sql, indent);
        self.subset_clause(sql, indent);
        self.within_clause(sql, indent);
        self.skip_clause(sql, indent);
    }

    fn define_clause(&self, sql: &mut String, indent: &str) {
        let inline = self.inline && matches!(self.form, Form::Short { .. });
        let names = [self.pattern.bound(), self.pattern.absent()].concat();
        let definitions: Vec<String> = names
            .iter()
            .filter_map(|name| {
                let variable = self.variables.get(name)?;
                let some = !inline && !variable.conjuncts.is_empty();
                some.then(|| format!("{name} AS {}", variable.conjuncts.join(" AND ")))
            })
            .collect();
        if !definitions.is_empty() {
            let _ = write!(sql, "{indent}DEFINE {}", definitions.join(", "));
        }
    }

    fn subset_clause(&self, sql: &mut String, indent: &str) {
        if let Some((name, members)) = &self.subset {
            let _ = write!(sql, "{indent}SUBSET {name} = ({})", members.join(", "));
        }
    }

    fn within_clause(&self, sql: &mut String, indent: &str) {
        match self.within {
            None => {}
            Some(Within::Seconds(seconds)) => {
                let _ = write!(sql, "{indent}WITHIN {seconds} SECONDS");
            }
            Some(Within::Events(events)) => {
                let _ = write!(sql, "{indent}WITHIN {events} EVENTS");
            }
        }
    }

    fn skip_clause(&self, sql: &mut String, indent: &str) {
        let _ = match &self.skip {
            None => Ok(()),
            Some(Skip::PastLastRow) => write!(sql, "{indent}AFTER MATCH SKIP PAST LAST ROW"),
            Some(Skip::NextRow) => write!(sql, "{indent}AFTER MATCH SKIP TO NEXT ROW"),
            Some(Skip::First(v)) => write!(sql, "{indent}AFTER MATCH SKIP TO FIRST {v}"),
            Some(Skip::Last(v)) => write!(sql, "{indent}AFTER MATCH SKIP TO LAST {v}"),
            Some(Skip::To(v)) => write!(sql, "{indent}AFTER MATCH SKIP TO {v}"),
        };
    }

    /// The statements.
    pub fn statements(&self) -> String {
        let mut text = String::new();
        for stream in &self.streams {
            let _ = writeln!(text, "{};", stream.sql());
        }
        if !self.complete {
            text.push_str("SET end_of_input = 'undecided';\n");
        }
        let _ = writeln!(text, "CREATE QUERY q AS\n{};", self.sql());
        text
    }

    /// Statements and events, as one reads them.
    pub fn text(&self) -> String {
        format!(
            "{}\n{}",
            self.statements(),
            events::csv(&self.streams, &self.events)
        )
    }
}
