//! Functions on text. Positions count characters, from 1.

use portent_grammar::Value;

use super::Family::Text as F;
use super::{
    Outcome, Param as P, Returns as R, ScalarFunction, mismatch, nullable, sig, sig_rest, strict,
};

/// The longest text that a function may make.
pub(super) const MAX_TEXT: usize = 16 << 20;

const TEXT_TO_TEXT: &[super::Signature] = &[sig(&[P::Text], R::Text)];
const TEXT_TO_INT: &[super::Signature] = &[sig(&[P::Text], R::Int)];
const TEST: &[super::Signature] = &[sig(&[P::Text, P::Text], R::Bool)];
const TRIM: &[super::Signature] = &[sig(&[P::Text], R::Text), sig(&[P::Text, P::Text], R::Text)];
const PART: &[super::Signature] = &[
    sig(&[P::Text, P::Int], R::Text),
    sig(&[P::Text, P::Int, P::Int], R::Text),
];
const TAKE: &[super::Signature] = &[sig(&[P::Text, P::Int], R::Text)];
const PAD: &[super::Signature] = &[
    sig(&[P::Text, P::Int], R::Text),
    sig(&[P::Text, P::Int, P::Text], R::Text),
];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "LENGTH",
        LENGTH,
        "Number of characters of a text, or of bytes of a BYTEA.",
        length,
    ),
    strict(
        F,
        "CHAR_LENGTH",
        TEXT_TO_INT,
        "Number of characters.",
        length,
    ),
    strict(
        F,
        "CHARACTER_LENGTH",
        TEXT_TO_INT,
        "Number of characters.",
        length,
    ),
    strict(
        F,
        "OCTET_LENGTH",
        LENGTH,
        "Number of bytes (of UTF-8).",
        octet_length,
    ),
    strict(
        F,
        "BIT_LENGTH",
        LENGTH,
        "Number of bits (of UTF-8).",
        bit_length,
    ),
    strict(F, "LOWER", TEXT_TO_TEXT, "In lower case.", lower),
    strict(F, "UPPER", TEXT_TO_TEXT, "In upper case.", upper),
    strict(
        F,
        "INITCAP",
        TEXT_TO_TEXT,
        "Each word with a capital: 'hi there' gives 'Hi There'.",
        initcap,
    ),
    strict(
        F,
        "TRIM",
        TRIM,
        "Without blanks (or any of the given characters) at both ends.",
        trim,
    ),
    strict(
        F,
        "BTRIM",
        TRIM,
        "Without blanks (or any of the given characters) at both ends.",
        trim,
    ),
    strict(
        F,
        "LTRIM",
        TRIM,
        "Without blanks (or any of the given characters) at the beginning.",
        ltrim,
    ),
    strict(
        F,
        "RTRIM",
        TRIM,
        "Without blanks (or any of the given characters) at the end.",
        rtrim,
    ),
    strict(
        F,
        "SUBSTRING",
        PART,
        "From a position on, so many characters: ('abcdef', 2, 3) gives 'bcd'.",
        substring,
    ),
    strict(
        F,
        "SUBSTR",
        PART,
        "From a position on, so many characters: ('abcdef', 2, 3) gives 'bcd'.",
        substring,
    ),
    strict(
        F,
        "LEFT",
        TAKE,
        "The first n characters; all but the last |n| if n is negative.",
        left,
    ),
    strict(
        F,
        "RIGHT",
        TAKE,
        "The last n characters; all but the first |n| if n is negative.",
        right,
    ),
    strict(
        F,
        "REPLACE",
        THREE,
        "With every occurrence of the second text replaced by the third.",
        replace,
    ),
    strict(F, "REVERSE", TEXT_TO_TEXT, "Backwards.", reverse),
    strict(F, "REPEAT", TAKE, "So many times over.", repeat),
    strict(
        F,
        "SPLIT_PART",
        SPLIT,
        "The n-th part between separators; from the end if n is negative.",
        split_part,
    ),
    strict(
        F,
        "STRPOS",
        FIND,
        "Position of the second text in the first; 0 if it is not there.",
        strpos,
    ),
    strict(
        F,
        "POSITION",
        FIND,
        "POSITION(part IN text): its position; 0 if it is not there.",
        position,
    ),
    strict(
        F,
        "STARTS_WITH",
        TEST,
        "Whether the first text begins with the second.",
        starts_with,
    ),
    strict(
        F,
        "ENDS_WITH",
        TEST,
        "Whether the first text ends with the second.",
        ends_with,
    ),
    strict(
        F,
        "CONTAINS",
        TEST,
        "Whether the second text is in the first.",
        contains,
    ),
    nullable(
        F,
        "CONCAT",
        &[sig_rest(&[], P::Any, R::Text)],
        "All of them as one text; NULLs are left out.",
        concat,
    ),
    nullable(
        F,
        "CONCAT_WS",
        WS,
        "All but the first, with the first between them; NULLs are left out.",
        concat_ws,
    ),
    strict(
        F,
        "LPAD",
        PAD,
        "Filled with blanks (or a text) on the left, or cut, to a length.",
        lpad,
    ),
    strict(
        F,
        "RPAD",
        PAD,
        "Filled with blanks (or a text) on the right, or cut, to a length.",
        rpad,
    ),
    strict(
        F,
        "TRANSLATE",
        THREE,
        "Each character of the second text replaced by that of the third, or left out.",
        translate,
    ),
    strict(
        F,
        "ASCII",
        TEXT_TO_INT,
        "The code point of the first character; 0 for an empty text.",
        ascii,
    ),
    strict(
        F,
        "CHR",
        &[sig(&[P::Int], R::Text)],
        "The character of a code point.",
        chr,
    ),
    nullable(
        F,
        "FORMAT",
        FORMAT,
        "FORMAT('%s: %s', a, b): each %s replaced; %% is a percent sign.",
        format_text,
    ),
    strict(
        F,
        "QUOTE_LITERAL",
        TEXT_TO_TEXT,
        "As a text literal: it's becomes 'it''s'.",
        quote_literal,
    ),
    strict(
        F,
        "LEVENSHTEIN",
        FIND,
        "Number of characters to change to get from one text to the other.",
        levenshtein,
    ),
];

const LENGTH: &[super::Signature] = &[sig(&[P::Text], R::Int), sig(&[P::Bytes], R::Int)];
const THREE: &[super::Signature] = &[sig(&[P::Text, P::Text, P::Text], R::Text)];
const SPLIT: &[super::Signature] = &[sig(&[P::Text, P::Text, P::Int], R::Text)];
const FIND: &[super::Signature] = &[sig(&[P::Text, P::Text], R::Int)];
const WS: &[super::Signature] = &[sig_rest(&[P::Text], P::Any, R::Text)];
const FORMAT: &[super::Signature] = &[sig_rest(&[P::Text], P::Any, R::Text)];

fn int(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn too_long() -> String {
    format!("the text would be longer than {} MiB", MAX_TEXT >> 20)
}

fn length(args: &[&Value]) -> Outcome {
    match args {
        [Value::Text(text)] => Ok(int(text.chars().count())),
        [Value::Bytes(bytes)] => Ok(int(bytes.len())),
        _ => mismatch(args),
    }
}

fn octet_length(args: &[&Value]) -> Outcome {
    match args {
        [Value::Text(text)] => Ok(int(text.len())),
        [Value::Bytes(bytes)] => Ok(int(bytes.len())),
        _ => mismatch(args),
    }
}

fn bit_length(args: &[&Value]) -> Outcome {
    match octet_length(args)? {
        Value::Int(bytes) => Ok(Value::Int(bytes.saturating_mul(8))),
        other => Ok(other),
    }
}

fn lower(args: &[&Value]) -> Outcome {
    match args {
        [Value::Text(text)] => Ok(Value::text(text.to_lowercase())),
        _ => mismatch(args),
    }
}

fn upper(args: &[&Value]) -> Outcome {
    match args {
        [Value::Text(text)] => Ok(Value::text(text.to_uppercase())),
        _ => mismatch(args),
    }
}

fn initcap(args: &[&Value]) -> Outcome {
    let [Value::Text(text)] = args else {
        return mismatch(args);
    };
    let mut result = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        if inside {
            result.extend(character.to_lowercase());
        } else {
            result.extend(character.to_uppercase());
        }
        inside = character.is_alphanumeric();
    }
    Ok(Value::text(result))
}

/// The text, and which characters are cut off.
fn trim_args<'a>(args: &[&'a Value]) -> Option<(&'a str, &'a str)> {
    match args {
        [Value::Text(text)] => Some((text, " ")),
        [Value::Text(text), Value::Text(characters)] => Some((text, characters)),
        _ => None,
    }
}

fn trim(args: &[&Value]) -> Outcome {
    let Some((text, cut)) = trim_args(args) else {
        return mismatch(args);
    };
    Ok(Value::text(text.trim_matches(|c| cut.contains(c))))
}

fn ltrim(args: &[&Value]) -> Outcome {
    let Some((text, cut)) = trim_args(args) else {
        return mismatch(args);
    };
    Ok(Value::text(text.trim_start_matches(|c| cut.contains(c))))
}

fn rtrim(args: &[&Value]) -> Outcome {
    let Some((text, cut)) = trim_args(args) else {
        return mismatch(args);
    };
    Ok(Value::text(text.trim_end_matches(|c| cut.contains(c))))
}

/// Positions before the first count: ('abc', 0, 2) gives 'a', as in SQL.
fn substring(args: &[&Value]) -> Outcome {
    let (text, from, count) = match args {
        [Value::Text(text), Value::Int(from)] => (text, *from, None),
        [Value::Text(text), Value::Int(from), Value::Int(count)] => (text, *from, Some(*count)),
        _ => return mismatch(args),
    };
    if count.is_some_and(|count| count < 0) {
        return Err("the length can't be negative".to_owned());
    }
    let end = count.map(|count| from.saturating_add(count));
    let start = from.max(1);
    let length = end.map_or(i64::MAX, |end| (end - start).max(0));
    let skip = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let take = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(Value::text(slice(text, skip, take)))
}

/// Characters `skip..skip + take`.
fn slice(text: &str, skip: usize, take: usize) -> &str {
    let offset = |characters: &str, at: usize| {
        characters
            .char_indices()
            .nth(at)
            .map_or(characters.len(), |(at, _)| at)
    };
    let rest = text.get(offset(text, skip)..).unwrap_or_default();
    rest.get(..offset(rest, take)).unwrap_or_default()
}

fn left(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Int(count)] = args else {
        return mismatch(args);
    };
    let take = match usize::try_from(*count) {
        Ok(take) => take,
        Err(_) => text.chars().count().saturating_sub(magnitude(*count)),
    };
    Ok(Value::text(slice(text, 0, take)))
}

fn right(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Int(count)] = args else {
        return mismatch(args);
    };
    let skip = match usize::try_from(*count) {
        Ok(take) => text.chars().count().saturating_sub(take),
        Err(_) => magnitude(*count),
    };
    Ok(Value::text(slice(text, skip, usize::MAX)))
}

fn magnitude(number: i64) -> usize {
    usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX)
}

fn replace(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Text(from), Value::Text(to)] = args else {
        return mismatch(args);
    };
    if from.is_empty() {
        return Ok(Value::Text(text.clone()));
    }
    let count = text.matches(from.as_str()).count();
    if count.saturating_mul(to.len()).saturating_add(text.len()) > MAX_TEXT.max(text.len()) {
        return Err(too_long());
    }
    Ok(Value::text(text.replace(from.as_str(), to)))
}

fn reverse(args: &[&Value]) -> Outcome {
    let [Value::Text(text)] = args else {
        return mismatch(args);
    };
    Ok(Value::text(text.chars().rev().collect::<String>()))
}

fn repeat(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Int(times)] = args else {
        return mismatch(args);
    };
    if text.is_empty() {
        // However many times: nothing, and no loop over them.
        return Ok(Value::text(""));
    }
    let times = usize::try_from(*times).unwrap_or(0);
    if text.len().saturating_mul(times) > MAX_TEXT {
        return Err(too_long());
    }
    Ok(Value::text(text.repeat(times)))
}

fn split_part(args: &[&Value]) -> Outcome {
    let [
        Value::Text(text),
        Value::Text(separator),
        Value::Int(number),
    ] = args
    else {
        return mismatch(args);
    };
    if *number == 0 {
        return Err("parts count from 1".to_owned());
    }
    if separator.is_empty() {
        return Ok(if matches!(number, 1 | -1) {
            Value::Text(text.clone())
        } else {
            Value::text("")
        });
    }
    let index = magnitude(*number) - 1;
    let part = if *number > 0 {
        text.split(separator.as_str()).nth(index)
    } else {
        text.rsplit(separator.as_str()).nth(index)
    };
    Ok(Value::text(part.unwrap_or_default()))
}

fn find(text: &str, part: &str) -> Value {
    match text.find(part) {
        Some(at) => int(text.get(..at).unwrap_or_default().chars().count() + 1),
        None => Value::Int(0),
    }
}

fn strpos(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Text(part)] = args else {
        return mismatch(args);
    };
    Ok(find(text, part))
}

fn position(args: &[&Value]) -> Outcome {
    let [Value::Text(part), Value::Text(text)] = args else {
        return mismatch(args);
    };
    Ok(find(text, part))
}

fn starts_with(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Text(part)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(text.starts_with(part.as_str())))
}

fn ends_with(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Text(part)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(text.ends_with(part.as_str())))
}

fn contains(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Text(part)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(
        memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some(),
    ))
}

fn concat(args: &[&Value]) -> Outcome {
    let texts = args
        .iter()
        .filter(|arg| !arg.is_null())
        .map(|arg| arg.to_string());
    Ok(Value::text(texts.collect::<String>()))
}

fn concat_ws(args: &[&Value]) -> Outcome {
    let Some((separator, rest)) = args.split_first() else {
        return mismatch(args);
    };
    let Some(separator) = separator.as_str() else {
        return Ok(Value::Null);
    };
    let texts: Vec<String> = rest
        .iter()
        .filter(|arg| !arg.is_null())
        .map(|arg| arg.to_string())
        .collect();
    Ok(Value::text(texts.join(separator)))
}

/// The text, how many characters it is to have, and the filling as long as needed.
fn pad_args(args: &[&Value]) -> Result<Option<(String, String)>, String> {
    let (text, length, fill) = match args {
        [Value::Text(text), Value::Int(length)] => (text, *length, " "),
        [Value::Text(text), Value::Int(length), Value::Text(fill)] => {
            (text, *length, fill.as_str())
        }
        _ => return Ok(None),
    };
    let length = usize::try_from(length).unwrap_or(0);
    if length > MAX_TEXT {
        return Err(too_long());
    }
    let text = slice(text, 0, length);
    let missing = length - text.chars().count();
    let filling = if fill.is_empty() {
        String::new()
    } else {
        fill.chars().cycle().take(missing).collect()
    };
    Ok(Some((text.to_owned(), filling)))
}

fn lpad(args: &[&Value]) -> Outcome {
    match pad_args(args)? {
        Some((text, filling)) => Ok(Value::text(filling + &text)),
        None => mismatch(args),
    }
}

fn rpad(args: &[&Value]) -> Outcome {
    match pad_args(args)? {
        Some((text, filling)) => Ok(Value::text(text + &filling)),
        None => mismatch(args),
    }
}

fn translate(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Text(from), Value::Text(to)] = args else {
        return mismatch(args);
    };
    let translated =
        text.chars().filter_map(
            |character| match from.chars().position(|c| c == character) {
                Some(at) => to.chars().nth(at),
                None => Some(character),
            },
        );
    Ok(Value::text(translated.collect::<String>()))
}

fn ascii(args: &[&Value]) -> Outcome {
    let [Value::Text(text)] = args else {
        return mismatch(args);
    };
    Ok(Value::Int(
        text.chars().next().map_or(0, |c| i64::from(u32::from(c))),
    ))
}

fn chr(args: &[&Value]) -> Outcome {
    let [Value::Int(code)] = args else {
        return mismatch(args);
    };
    let character = u32::try_from(*code)
        .ok()
        .filter(|code| *code != 0)
        .and_then(char::from_u32);
    match character {
        Some(character) => Ok(Value::text(character.to_string())),
        None => Err(format!("{code} is no character's code point")),
    }
}

fn format_text(args: &[&Value]) -> Outcome {
    let Some((template, rest)) = args.split_first() else {
        return mismatch(args);
    };
    let Some(template) = template.as_str() else {
        return Ok(Value::Null);
    };
    let mut values = rest.iter();
    let mut text = String::with_capacity(template.len());
    let mut characters = template.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('%') => text.push('%'),
            Some(kind @ ('s' | 'L' | 'I')) => {
                let value = values.next().ok_or("there are more %s than values")?;
                match (kind, value) {
                    ('L', Value::Null) => text.push_str("NULL"),
                    (_, Value::Null) => {}
                    ('L', value) => {
                        text.push_str(&format!("'{}'", value.to_string().replace('\'', "''")))
                    }
                    ('I', value) => {
                        text.push_str(&format!("\"{}\"", value.to_string().replace('"', "\"\"")))
                    }
                    (_, value) => text.push_str(&value.to_string()),
                }
            }
            other => {
                let other = other.map(String::from).unwrap_or_default();
                return Err(format!(
                    "%{other} is not known; there are %s, %I, %L and %%"
                ));
            }
        }
    }
    Ok(Value::text(text))
}

fn quote_literal(args: &[&Value]) -> Outcome {
    let [Value::Text(text)] = args else {
        return mismatch(args);
    };
    Ok(Value::text(format!("'{}'", text.replace("'", "''"))))
}

fn levenshtein(args: &[&Value]) -> Outcome {
    let [Value::Text(one), Value::Text(other)] = args else {
        return mismatch(args);
    };
    // The work is the product of the lengths.
    if one.len().saturating_mul(other.len()) > 1 << 20 {
        return Err("the texts are too long to compare letter by letter".to_owned());
    }
    Ok(int(strsim::levenshtein(one, other)))
}
