//! The keyword table: one list for the grammar, the highlighter, the completer and the spelling suggestions.

use crate::syntax::Rule;

/// A word with a meaning of its own somewhere in the grammar.
#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    /// In upper case.
    pub text: &'static str,
    /// Whether it can't be a name unless quoted. Only the few words that SQL could not be read without.
    pub reserved: bool,
    /// Its rule in the grammar.
    pub rule: Rule,
}

macro_rules! keywords {
    ($($kind:ident $text:literal $rule:ident,)*) => {
        /// Every keyword, in alphabetical order.
        pub const KEYWORDS: &[Keyword] = &[
            $(Keyword { text: $text, reserved: is_reserved_kind(stringify!($kind)), rule: Rule::$rule },)*
        ];

        /// Whether a node is only a keyword, and carries nothing else.
        pub fn is_keyword_rule(rule: Rule) -> bool {
            matches!(rule, $(Rule::$rule)|*)
        }
    };
}

const fn is_reserved_kind(kind: &str) -> bool {
    kind.len() == "reserved".len()
}

keywords! {
    free "AFTER" k_after,
    free "ALL" k_all,
    free "ANALYZE" k_analyze,
    reserved "AND" k_and,
    free "ARRAY" k_array,
    reserved "AS" k_as,
    free "ASC" k_asc,
    free "AT" k_at,
    reserved "BETWEEN" k_between,
    free "BOTH" k_both,
    free "BY" k_by,
    free "BYTEA" k_bytea,
    reserved "CASE" k_case,
    free "CAST" k_cast,
    free "CHANGES" k_changes,
    free "CHARACTER" k_character,
    reserved "CREATE" k_create,
    free "CROSS" k_cross,
    free "DATE" k_date,
    free "DEFINE" k_define,
    free "DESC" k_desc,
    free "DESCRIBE" k_describe,
    free "DESCRIPTOR" k_descriptor,
    reserved "DISTINCT" k_distinct,
    free "DOUBLE" k_double,
    free "DROP" k_drop,
    free "EARLIEST" k_earliest,
    reserved "ELSE" k_else,
    free "EMIT" k_emit,
    free "EMPTY" k_empty,
    free "END" k_end,
    free "ENFORCED" k_enforced,
    free "ESCAPE" k_escape,
    free "EVENT" k_event,
    free "EVENTS" k_events,
    reserved "EXCEPT" k_except,
    free "EXISTS" k_exists,
    free "EXPLAIN" k_explain,
    free "EXTRACT" k_extract,
    reserved "FALSE" k_false,
    free "FILTER" k_filter,
    free "FINAL" k_final,
    free "FIRST" k_first,
    free "FOR" k_for,
    free "FORMAT" k_format,
    reserved "FROM" k_from,
    free "FULL" k_full,
    reserved "GROUP" k_group,
    reserved "HAVING" k_having,
    free "IF" k_if,
    reserved "ILIKE" k_ilike,
    reserved "IN" k_in,
    free "INET" k_inet,
    free "INNER" k_inner,
    free "INSERT" k_insert,
    reserved "INTERSECT" k_intersect,
    free "INTERVAL" k_interval,
    reserved "INTO" k_into,
    reserved "IS" k_is,
    reserved "JOIN" k_join,
    free "JSON" k_json,
    free "KEY" k_key,
    free "LAST" k_last,
    free "LATERAL" k_lateral,
    free "LEADING" k_leading,
    free "LEFT" k_left,
    reserved "LIKE" k_like,
    reserved "LIMIT" k_limit,
    free "LOCAL" k_local,
    free "MATCH" k_match,
    free "MATCHES" k_matches,
    reserved "MATCH_RECOGNIZE" k_match_recognize,
    free "MATERIALIZED" k_materialized,
    free "MEASURES" k_measures,
    free "METADATA" k_metadata,
    free "NATURAL" k_natural,
    free "NEXT" k_next,
    reserved "NOT" k_not,
    free "NOW" k_now,
    reserved "NULL" k_null,
    free "NULLS" k_nulls,
    free "OFFSET" k_offset,
    free "OMIT" k_omit,
    reserved "ON" k_on,
    free "ONE" k_one,
    reserved "OR" k_or,
    reserved "ORDER" k_order,
    free "OUTER" k_outer,
    free "OVER" k_over,
    free "PARTITION" k_partition,
    free "PAST" k_past,
    free "PATTERN" k_pattern,
    free "PAUSE" k_pause,
    free "PER" k_per,
    free "PERMUTE" k_permute,
    free "POSITION" k_position,
    free "PRECISION" k_precision,
    free "PRIMARY" k_primary,
    free "QUERY" k_query,
    free "REPLACE" k_replace,
    free "REPLAY" k_replay,
    free "RESUME" k_resume,
    free "RIGHT" k_right,
    free "ROW" k_row,
    free "ROWS" k_rows,
    free "RUNNING" k_running,
    reserved "SELECT" k_select,
    free "SET" k_set,
    free "SHOW" k_show,
    free "SIMILAR" k_similar,
    free "SINK" k_sink,
    free "SKIP" k_skip,
    free "STREAM" k_stream,
    free "SUBSET" k_subset,
    free "SUBSTRING" k_substring,
    free "SYMMETRIC" k_symmetric,
    free "TABLE" k_table,
    reserved "THEN" k_then,
    free "TIME" k_time,
    free "TIMEOUTS" k_timeouts,
    free "TIMESTAMP" k_timestamp,
    free "TIMESTAMPTZ" k_timestamptz,
    free "TO" k_to,
    free "TRAILING" k_trailing,
    free "TRIM" k_trim,
    reserved "TRUE" k_true,
    free "TRY_CAST" k_try_cast,
    reserved "UNION" k_union,
    free "UNKNOWN" k_unknown,
    free "UNMATCHED" k_unmatched,
    free "USING" k_using,
    free "UUID" k_uuid,
    free "VALUES" k_values,
    free "VARYING" k_varying,
    free "VIEW" k_view,
    free "VIEWS" k_views,
    free "VIRTUAL" k_virtual,
    free "WATERMARK" k_watermark,
    reserved "WHEN" k_when,
    reserved "WHERE" k_where,
    free "WHY" k_why,
    reserved "WITH" k_with,
    free "WITHIN" k_within,
    free "WITHOUT" k_without,
    free "ZONE" k_zone,
}

/// Words that begin a statement.
pub const STATEMENTS: &[&str] = &[
    "CREATE", "DESC", "DESCRIBE", "DROP", "EXPLAIN", "INSERT", "PAUSE", "REPLAY", "RESUME",
    "SELECT", "SET", "SHOW",
];

/// Units of time as they may be written out.
pub const UNITS: &[&str] = &[
    "MICROSECONDS",
    "MILLISECONDS",
    "SECONDS",
    "MINUTES",
    "HOURS",
    "DAYS",
    "WEEKS",
    "MONTHS",
    "QUARTERS",
    "YEARS",
];

/// The keyword that a word is, whatever its case.
pub fn find(word: &str) -> Option<&'static Keyword> {
    // The longest has 15 letters: no need to copy a longer word.
    if word.len() > 16 {
        return None;
    }
    let upper = word.to_ascii_uppercase();
    let at = KEYWORDS
        .binary_search_by(|keyword| keyword.text.cmp(upper.as_str()))
        .ok()?;
    KEYWORDS.get(at)
}

/// Whether a word can't be a name unless quoted.
pub fn is_reserved(word: &str) -> bool {
    find(word).is_some_and(|keyword| keyword.reserved)
}

/// The keyword of a rule.
pub fn of_rule(rule: Rule) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.rule == rule)
}

/// The nearest of `candidates` to a misspelt word, if one is near enough to have been meant.
///
/// One slip per three letters is allowed, two neighbours swapped counting as one slip (Damerau–Levenshtein).
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let upper = word.to_uppercase();
    let length = upper.chars().count();
    let allowed = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&upper, &candidate.to_uppercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance > 0 && *distance <= allowed && candidate.len() > 2 * distance
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: &str = include_str!("portent.pest");

    #[test]
    fn the_table_is_sorted_and_is_the_grammars() {
        assert!(KEYWORDS.is_sorted_by(|a, b| a.text < b.text));
        let rules: Vec<&str> = GRAMMAR
            .lines()
            .filter(|line| line.starts_with("k_"))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let table: Vec<String> = KEYWORDS
            .iter()
            .map(|keyword| format!("{:?}", keyword.rule))
            .collect();
        assert_eq!(rules, table);
        for keyword in KEYWORDS {
            assert_eq!(
                format!("{:?}", keyword.rule),
                format!("k_{}", keyword.text.to_lowercase())
            );
        }
    }

    #[test]
    fn reserved_words_are_the_grammars() {
        let start = GRAMMAR.find("\nreserved = _{").expect("the rule");
        let body = &GRAMMAR[start..];
        let body = &body[..body.find('}').expect("its end")];
        let mut rules: Vec<String> = body
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| word.starts_with("k_"))
            .map(String::from)
            .collect();
        rules.sort();
        let mut table: Vec<String> = KEYWORDS
            .iter()
            .filter(|keyword| keyword.reserved)
            .map(|keyword| format!("{:?}", keyword.rule))
            .collect();
        table.sort();
        assert_eq!(rules, table);
    }

    #[test]
    fn words_people_use_as_names_are_free() {
        for word in [
            "user",
            "type",
            "time",
            "timestamp",
            "date",
            "value",
            "key",
            "first",
            "last",
            "end",
            "start",
            "match",
            "stream",
            "line",
            "file",
            "events",
            "all",
            "count",
            "id",
            "offset",
            "partition",
            "left",
            "right",
            "query",
            "format",
            "interval",
            "row",
        ] {
            assert!(!is_reserved(word), "{word}");
        }
        assert!(is_reserved("order") && is_reserved("Group"));
    }

    #[test]
    fn near_misses() {
        assert_eq!(nearest("SELCT", STATEMENTS.iter().copied()), Some("SELECT"));
        assert_eq!(nearest("macth", ["MATCH"]), Some("MATCH"));
        assert_eq!(nearest("xyz", ["MATCH", "SET"]), None);
    }
}
