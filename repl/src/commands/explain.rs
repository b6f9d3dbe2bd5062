//! `portent explain`: plans, and what codes mean.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use portent::{Session, SourceText, codes};

use crate::cli::{ExplainArgs, PlanFormat};
use crate::exit::{Failure, Outcome};
use crate::files;
use crate::terminal::Terminal;

pub fn run(args: &ExplainArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut out = std::io::stdout().lock();
    if args.list {
        for info in codes::all() {
            writeln!(out, "{}  {}", info.code, info.title)?;
        }
        out.flush()?;
        return Ok(Outcome::Fine);
    }
    if args.targets.is_empty() && args.sql.is_empty() {
        return Err(Failure::usage(
            "nothing to explain: name a query file, a code such as P0302, or give a query with -q",
            None,
        ));
    }
    let mut sources: Vec<Arc<SourceText>> = Vec::new();
    let mut explained = false;
    for target in &args.targets {
        match code_like(target) {
            Some(text) => {
                if explained {
                    writeln!(out)?;
                }
                explained = true;
                write!(out, "{}", code(&text)?)?;
            }
            None => sources.push(files::read(target)?),
        }
    }
    sources.extend(files::queries(&args.sql));
    if !sources.is_empty() {
        let format = match args.format {
            PlanFormat::Text => portent::ExplainFormat::Text,
            PlanFormat::Json => portent::ExplainFormat::Json,
            PlanFormat::Dot => portent::ExplainFormat::Dot,
            PlanFormat::Mermaid => portent::ExplainFormat::Mermaid,
        };
        let mut session = Session::builder().standard_input(!terminal.stdin).build();
        let plans = session.explain_sources(&sources, args.query.as_deref(), format)?;
        for (at, (_, plan)) in plans.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            writeln!(out, "{}", plan.trim_end())?;
        }
    }
    out.flush()?;
    Ok(Outcome::Fine)
}

/// `P0302`, `p302`, `0302`, and not a file of that name.
fn code_like(target: &Path) -> Option<String> {
    let text = target.to_str()?;
    let digits = text.strip_prefix(['P', 'p']).unwrap_or(text);
    let all_digits =
        !digits.is_empty() && digits.len() <= 5 && digits.chars().all(|it| it.is_ascii_digit());
    (all_digits && !target.exists()).then(|| text.to_owned())
}

fn code(text: &str) -> Result<String, Failure> {
    let Some(info) = codes::find(text) else {
        return Err(Failure::usage(
            format!("there is no code {text}"),
            Some("`portent explain --list` lists them".into()),
        ));
    };
    Ok(format!(
        "{}: {}\n\n{}\n",
        info.code,
        info.title,
        info.explanation.trim()
    ))
}
