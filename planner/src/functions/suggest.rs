//! Names that are no function: what was meant?

use portent_grammar::codes::types as codes;
use portent_grammar::{Diagnostic, Span};

use crate::expr::nearest;

/// What other databases call it, and what is written here.
const FOREIGN: &[(&str, &str)] = &[
    ("ISNULL", "COALESCE(a, b), or `a IS NULL` for a test"),
    ("IFNULL", "COALESCE(a, b)"),
    ("NVL", "COALESCE(a, b)"),
    ("NVL2", "CASE WHEN a IS NOT NULL THEN b ELSE c END"),
    ("ZEROIFNULL", "COALESCE(a, 0)"),
    ("DECODE_CASE", "CASE a WHEN b THEN c END"),
    ("CHOOSE", "CASE n WHEN 1 THEN a WHEN 2 THEN b END"),
    ("LEN", "LENGTH(text)"),
    ("LENB", "OCTET_LENGTH(text)"),
    ("LCASE", "LOWER(text)"),
    ("UCASE", "UPPER(text)"),
    ("MID", "SUBSTRING(text, from, count)"),
    ("INSTR", "STRPOS(text, part)"),
    ("LOCATE", "STRPOS(text, part)"),
    ("CHARINDEX", "STRPOS(text, part)"),
    ("INDEXOF", "STRPOS(text, part)"),
    (
        "SPLIT",
        "STRING_TO_ARRAY(text, separator), or SPLIT_PART(text, separator, n)",
    ),
    ("STRING_SPLIT", "STRING_TO_ARRAY(text, separator)"),
    ("STRJOIN", "CONCAT_WS(separator, a, b, …)"),
    ("RLIKE", "REGEXP_LIKE(text, pattern), or `text ~ pattern`"),
    ("MATCHES", "REGEXP_LIKE(text, pattern), or `text ~ pattern`"),
    ("REGEXP", "REGEXP_LIKE(text, pattern), or `text ~ pattern`"),
    ("TO_NUMBER", "CAST(text AS DECIMAL)"),
    ("TO_NUMERIC", "CAST(text AS DECIMAL)"),
    ("TO_INT", "CAST(text AS BIGINT)"),
    ("TOINTEGER", "CAST(text AS BIGINT)"),
    ("TO_STRING", "CAST(x AS TEXT)"),
    ("TOSTRING", "CAST(x AS TEXT)"),
    ("STR", "CAST(x AS TEXT)"),
    ("CONVERT", "CAST(x AS type)"),
    ("SAFE_CAST", "TRY_CAST(x AS type)"),
    ("TRY_CONVERT", "TRY_CAST(x AS type)"),
    (
        "DATEDIFF",
        "b - a (an INTERVAL), or TIMESTAMP_DIFF('day', a, b) (a number)",
    ),
    ("DATE_DIFF", "TIMESTAMP_DIFF('day', a, b)"),
    ("TIMESTAMPDIFF", "TIMESTAMP_DIFF('minute', a, b)"),
    ("DATEADD", "ts + INTERVAL '1' DAY"),
    ("DATE_ADD", "ts + INTERVAL '1' DAY"),
    ("DATE_SUB", "ts - INTERVAL '1' DAY"),
    ("TIMESTAMPADD", "ts + INTERVAL '1' HOUR"),
    ("ADD_MONTHS", "ts + INTERVAL '1' MONTH"),
    ("UNIX_TIMESTAMP", "EPOCH(ts), or EPOCH_MS(ts)"),
    ("TO_UNIXTIME", "EPOCH(ts)"),
    ("TOUNIXTIMESTAMP", "EPOCH(ts)"),
    ("FROM_UNIXTIME", "TO_TIMESTAMP(seconds)"),
    ("EPOCH_SECONDS", "EPOCH(ts)"),
    ("PARSE_TIMESTAMP", "STRPTIME(text, format)"),
    ("STR_TO_DATE", "STRPTIME(text, format)"),
    (
        "FORMAT_TIMESTAMP",
        "STRFTIME(ts, format), or TO_CHAR(ts, template)",
    ),
    ("DATEPART", "EXTRACT(hour FROM ts)"),
    ("DATENAME", "TO_CHAR(ts, 'Day')"),
    ("DAYNAME", "TO_CHAR(ts, 'FMDay')"),
    ("MONTHNAME", "TO_CHAR(ts, 'FMMonth')"),
    ("YEAR", "EXTRACT(year FROM ts)"),
    ("MONTH", "EXTRACT(month FROM ts)"),
    ("DAY", "EXTRACT(day FROM ts)"),
    ("DAYOFWEEK", "EXTRACT(dow FROM ts)"),
    ("DAYOFYEAR", "EXTRACT(doy FROM ts)"),
    ("WEEK", "EXTRACT(week FROM ts)"),
    ("QUARTER", "EXTRACT(quarter FROM ts)"),
    ("HOUR", "EXTRACT(hour FROM ts)"),
    ("MINUTE", "EXTRACT(minute FROM ts)"),
    ("SECOND", "EXTRACT(second FROM ts)"),
    ("TIME_BUCKET", "DATE_BIN(5 MINUTES, ts)"),
    ("TRUNCATE", "TRUNC(x, digits)"),
    ("LOGN", "LN(x)"),
    ("ATN2", "ATAN2(y, x)"),
    ("SQUARE", "x * x"),
    ("MAX_OF", "GREATEST(a, b)"),
    ("MIN_OF", "LEAST(a, b)"),
    ("ARRAY_SIZE", "CARDINALITY(array)"),
    ("LIST_CONTAINS", "ARRAY_CONTAINS(array, x)"),
    ("ARRAY_JOIN", "ARRAY_TO_STRING(array, separator)"),
    ("ANY_VALUE", "FIRST_VALUE(x), or MIN(x)"),
    ("COLLECT_LIST", "ARRAY_AGG(x)"),
    ("COLLECT", "ARRAY_AGG(x)"),
    ("GROUP_CONCAT", "STRING_AGG(text, separator)"),
    ("LISTAGG", "STRING_AGG(text, separator)"),
    ("COUNT_IF", "COUNT(*) FILTER (WHERE …)"),
    ("COUNTIF", "COUNT(*) FILTER (WHERE …)"),
    ("SUM_IF", "SUM(x) FILTER (WHERE …)"),
    ("LAG", "PREV(x)"),
    ("LEAD", "NEXT(x)"),
    ("ROW_NUMBER", "MATCH_NUMBER() in a pattern"),
    (
        "JSON_EXTRACT_PATH_TEXT",
        "JSON_VALUE(x, '$.a.b'), or `x.a.b`",
    ),
    ("GET_JSON_OBJECT", "JSON_EXTRACT(x, '$.a.b'), or `x.a.b`"),
    ("ST_DISTANCE", "GEO_DISTANCE(lat1, lon1, lat2, lon2)"),
    ("HAVERSINE", "GEO_DISTANCE(lat1, lon1, lat2, lon2)"),
    ("CIDRMATCH", "address <<= '10.0.0.0/8'"),
    ("CIDR_MATCH", "address <<= '10.0.0.0/8'"),
    ("INET_ATON", "CAST(text AS INET)"),
    ("MD5", "XXHASH(text), which is no cryptographic hash"),
    ("SHA1", "XXHASH(text), which is no cryptographic hash"),
    ("SHA256", "XXHASH(text), which is no cryptographic hash"),
];

/// Names that are calls, but no scalar functions: for suggestions and completion.
pub const NOT_SCALAR: &[&str] = &[
    "COUNT",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "STDDEV",
    "STDDEV_SAMP",
    "STDDEV_POP",
    "VARIANCE",
    "VAR_SAMP",
    "VAR_POP",
    "ARRAY_AGG",
    "STRING_AGG",
    "BOOL_AND",
    "BOOL_OR",
    "EVERY",
    "FIRST",
    "LAST",
    "PREV",
    "NEXT",
    "CLASSIFIER",
    "MATCH_NUMBER",
    "MATCH_ID",
    "MATCH_START",
    "MATCH_END",
    "MATCH_DURATION",
    "MATCH_TIME",
    "MATCH_EVENTS",
    "TIMED_OUT",
    "SUPPRESSED",
    "FIRST_VALUE",
    "LAST_VALUE",
    "IF",
    "IIF",
];

/// The error for a function that does not exist.
pub fn unknown<'a>(name: &str, span: Span, own: impl Iterator<Item = &'a str>) -> Diagnostic {
    let message = format!("there is no function {name}");
    let error = Diagnostic::error(codes::UNKNOWN_FUNCTION, span, message);
    let upper = name.to_ascii_uppercase();
    if let Some((_, here)) = FOREIGN.iter().find(|(foreign, _)| *foreign == upper) {
        return error.help(format!("write {here}"));
    }
    let known = super::list()
        .iter()
        .map(|function| function.name)
        .chain(NOT_SCALAR.iter().copied())
        .chain(own);
    match nearest(&upper, known) {
        Some(near) => error.help(format!("did you mean {near}?")).fix(span, near),
        None => error.help("SHOW FUNCTIONS lists them all"),
    }
}

/// The error for a function whose answer would differ on a replay, if the name is one.
pub fn volatile(name: &str, span: Span) -> Option<Diagnostic> {
    let upper = name.to_ascii_uppercase();
    let help = match upper.as_str() {
        "NOW"
        | "CURRENT_TIMESTAMP"
        | "CURRENT_TIME"
        | "LOCALTIMESTAMP"
        | "LOCALTIME"
        | "CLOCK_TIMESTAMP"
        | "STATEMENT_TIMESTAMP"
        | "TRANSACTION_TIMESTAMP"
        | "SYSDATE"
        | "SYSTIMESTAMP"
        | "GETDATE"
        | "GETUTCDATE"
        | "PROCTIME"
        | "CURRENT_DATE"
        | "TODAY"
        | "CURDATE"
        | "UTC_TIMESTAMP" => {
            "time is that of the events: compare two events (b.ts - a.ts), use WITHIN, MATCH_TIME(), or a constant"
        }
        "RANDOM" | "RAND" | "SETSEED" => "take a hash of a column instead: XXHASH(id)",
        "GEN_RANDOM_UUID" | "UUID_GENERATE_V4" | "NEWID" | "UUID_STRING" => {
            "MATCH_ID() is the same on every run"
        }
        _ => return None,
    };
    let message = format!("{upper} would give something else on every run");
    Some(Diagnostic::error(codes::NOT_DETERMINISTIC, span, message).help(help))
}
