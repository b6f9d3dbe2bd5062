//! `portent fmt FILE… [--check]`

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use crate::cli::FmtArgs;
use crate::exit::{Failure, Outcome};
use crate::files;
use crate::terminal::Terminal;

pub fn run(args: &FmtArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Fine;
    let mut out = std::io::stdout().lock();
    for path in &args.files {
        let source = files::read(path)?;
        let laid_out = match portent::format_source(&source) {
            Ok(text) => text,
            Err(errors) => {
                // The other files are laid out all the same.
                eprint!("{}", errors.render(terminal.color_err));
                outcome = Outcome::Error;
                continue;
            }
        };
        let changed = laid_out != source.text;
        if args.check {
            if changed {
                outcome = Outcome::Error;
                write!(
                    out,
                    "{}",
                    diff(&source.name, &source.text, &laid_out, terminal.color_out)
                )?;
            }
        } else if path == Path::new("-") {
            out.write_all(laid_out.as_bytes())?;
        } else if changed {
            replace(path, &laid_out)?;
            if std::io::stderr().is_terminal() {
                eprintln!("laid out {}", path.display());
            }
        }
    }
    out.flush()?;
    Ok(outcome)
}

/// Writes beside the file and renames, so that a crash never leaves half a file.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Message {
        text: format!("can't write {}: {error}", path.display()),
        help: None,
        outcome: Outcome::Error,
    };
    // Through a link the file itself is replaced, and it keeps its permissions.
    let target = std::fs::canonicalize(path).map_err(failed)?;
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = target.with_file_name(name);
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::metadata(&target))
        .and_then(|meta| std::fs::set_permissions(&beside, meta.permissions()))
        .and_then(|()| std::fs::rename(&beside, &target));
    written.map_err(|error| {
        // The copy is of no use to anybody; that it can't be removed either changes nothing.
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}

/// What would change, as a unified diff.
fn diff(name: &str, old: &str, new: &str, color: bool) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let steps = steps(&old, &new);
    let mut out = format!("--- {name}\n+++ {name} (laid out)\n");
    let mut at = 0;
    while at < steps.len() {
        let Some(first) = (at..steps.len()).find(|&it| steps[it].0 != ' ') else {
            break;
        };
        let from = first.saturating_sub(CONTEXT).max(at);
        let mut to = first + 1;
        let mut same = 0;
        for (offset, step) in steps[first + 1..].iter().enumerate() {
            same = if step.0 == ' ' { same + 1 } else { 0 };
            if same > 2 * CONTEXT {
                break;
            }
            if step.0 != ' ' {
                to = first + offset + 2;
            }
        }
        let to = (to + CONTEXT).min(steps.len());
        hunk(&mut out, &steps[..from], &steps[from..to], color);
        at = to;
    }
    out
}

const CONTEXT: usize = 3;

fn hunk(out: &mut String, before: &[(char, &str)], lines: &[(char, &str)], color: bool) {
    let old = |steps: &[(char, &str)]| steps.iter().filter(|it| it.0 != '+').count();
    let new = |steps: &[(char, &str)]| steps.iter().filter(|it| it.0 != '-').count();
    let header = format!(
        "@@ -{},{} +{},{} @@\n",
        old(before) + 1,
        old(lines),
        new(before) + 1,
        new(lines)
    );
    out.push_str(&header);
    for (mark, text) in lines {
        let paint = match mark {
            '-' => "\u{1b}[31m",
            '+' => "\u{1b}[32m",
            _ => "",
        };
        if color && !paint.is_empty() {
            out.push_str(&format!("{paint}{mark}{text}\u{1b}[0m\n"));
        } else {
            out.push_str(&format!("{mark}{text}\n"));
        }
    }
}

/// Lines with ` `, `-` or `+`: by a longest common subsequence of what lies between the common head and tail.
fn steps<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old_mid, new_mid) = (
        &old_rest[..old_rest.len() - tail],
        &new_rest[..new_rest.len() - tail],
    );
    let mut steps: Vec<(char, &str)> = old[..head].iter().map(|it| (' ', *it)).collect();
    let stride = new_mid.len() + 1;
    if old_mid.len().saturating_mul(stride) > 4_000_000 {
        steps.extend(old_mid.iter().map(|it| ('-', *it)));
        steps.extend(new_mid.iter().map(|it| ('+', *it)));
    } else {
        let mut length = vec![0_u32; (old_mid.len() + 1) * stride];
        for o in (0..old_mid.len()).rev() {
            for n in (0..new_mid.len()).rev() {
                length[o * stride + n] = if old_mid[o] == new_mid[n] {
                    length[(o + 1) * stride + n + 1] + 1
                } else {
                    length[(o + 1) * stride + n].max(length[o * stride + n + 1])
                };
            }
        }
        let (mut o, mut n) = (0, 0);
        while o < old_mid.len() || n < new_mid.len() {
            if o < old_mid.len() && n < new_mid.len() && old_mid[o] == new_mid[n] {
                steps.push((' ', old_mid[o]));
                (o, n) = (o + 1, n + 1);
            } else if o < old_mid.len()
                && (n == new_mid.len()
                    || length[(o + 1) * stride + n] >= length[o * stride + n + 1])
            {
                steps.push(('-', old_mid[o]));
                o += 1;
            } else {
                steps.push(('+', new_mid[n]));
                n += 1;
            }
        }
    }
    steps.extend(
        old_rest[old_rest.len() - tail..]
            .iter()
            .map(|it| (' ', *it)),
    );
    steps
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn a_diff_shows_what_changes_and_a_little_around_it() {
        let old: Vec<String> = (0..20).map(|n| format!("line {n}")).collect();
        let mut new = old.clone();
        new[10] = "changed".into();
        let text = diff("f.sql", &old.join("\n"), &new.join("\n"), false);
        assert_eq!(
            text,
            "--- f.sql\n+++ f.sql (laid out)\n@@ -8,7 +8,7 @@\n line 7\n line 8\n line 9\n-line 10\n+changed\n line 11\n line 12\n line 13\n"
        );
    }

    #[test]
    fn far_changes_are_hunks_of_their_own() {
        let old: Vec<String> = (0..40).map(|n| format!("line {n}")).collect();
        let mut new = old.clone();
        new[3] = "a".into();
        new[30] = "b".into();
        let text = diff("f.sql", &old.join("\n"), &new.join("\n"), false);
        assert_eq!(text.matches("@@ -").count(), 2, "{text}");
    }
}
