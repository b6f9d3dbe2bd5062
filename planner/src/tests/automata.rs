//! The automaton of each operator, checked by hand against docs/semantics.md.

use super::automaton;

macro_rules! snapshot {
    ($name:ident, $pattern:expr, $rest:expr, @$table:literal) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(automaton($pattern, $rest), @$table);
        }
    };
}

snapshot!(sequence, "a b -> c ->> d", "", @r"
    0 start    a → 1
    1 after a  b → 2
    2 after b  -> c → 3
    3 after c  ->> d → 4
    4 after d  match
");
snapshot!(bounds, "a -[5 MINUTES]-> b -[10 SECONDS TO 1 MINUTE]->> c", "", @r"
    0 start    a → 1
    1 after a  -[5 minutes]-> b → 2
    2 after b  -[10 seconds TO 1 minute]->> c → 3
    3 after c  match
");
snapshot!(alternation, "a | b c | d", "", @r"
    0 start    a → 1
               b → 2
               d → 3
    1 after a  match
    2 after b  c → 4
    3 after d  match
    4 after c  match
");
snapshot!(star, "a b* c", "", @r"
    0 start    a → 1
    1 after a  b → 2
               c → 3
    2 after b  b → 2
               c → 3
    3 after c  match
");
snapshot!(star_reluctant, "a b*? c", "", @r"
    0 start    a → 1
    1 after a  c → 2
               b → 3
    2 after c  match
    3 after b  c → 2
               b → 3
");
snapshot!(plus_relaxed, "a -> b+ -> c", "", @r"
    0 start    a → 1
    1 after a  -> b → 2
    2 after b  -> b → 2
               -> c → 3
    3 after c  match
");
snapshot!(first_takes_what_follows, "f{3,} -> s", "", @r"
    0 start    f → 1
    1 after f  -> f → 2
    2 after f  -> f → 3
    3 after f  -> f → 3
               -> s → 4
    4 after s  match
");
snapshot!(counted, "a{2,4}", "", @r"
    0 start    a → 1
    1 after a  a → 2
    2 after a  a → 3
               match
    3 after a  a → 4
               match
    4 after a  match
");
snapshot!(counted_reluctant, "a{2,4}?", "", @r"
    0 start    a → 1
    1 after a  a → 2
    2 after a  match
               a → 3
    3 after a  match
               a → 4
    4 after a  match
");
snapshot!(skipped_takes_the_loosest, "a -> b? c", "", @r"
    0 start    a → 1
    1 after a  -> b → 2
               -> c → 3
    2 after b  c → 3
    3 after c  match
");
snapshot!(skipped_takes_the_nearest, "a -[1 MINUTE]-> b? -[2 MINUTES]-> c", "", @r"
    0 start    a → 1
    1 after a  -[1 minute]-> b → 2
               -[2 minutes]-> c → 3
    2 after b  -[2 minutes]-> c → 3
    3 after c  match
");
snapshot!(lone_group, "(a -> b){2}", "", @r"
    0 start    a → 1
    1 after a  -> b → 2
    2 after b  -> a → 3
    3 after a  -> b → 4
    4 after b  match
");
snapshot!(lone_group_in_group, "x -> (b+)", "", @r"
    0 start    x → 1
    1 after x  -> b → 2
    2 after b  -> b → 2
               match
");
snapshot!(leading_arrow, "(-[10 SECONDS]-> f){2,}", "", @r"
    0 start    f → 1
    1 after f  -[10 seconds]-> f → 2
    2 after f  -[10 seconds]-> f → 2
               match
");
snapshot!(any_repetition, "a ->> b+", "", @r"
    0 start    a → 1
    1 after a  ->> b → 2
    2 after b  ->> b → 2
               match
");
snapshot!(conjunction, "a & b", "", @r"
    0 start    a, race 0 → 1
               b, race 0 → 2
    1 after a  -> b → 3
    2 after b  -> a → 4
    3 after b  match
    4 after a  match
");
snapshot!(conjunction_of_three, "x -> (a & b & c)", "", @r"
    0 start     x → 1
    1 after x   -> a, race 0 → 2
                -> b, race 0 → 3
                -> c, race 0 → 4
    2 after a   -> b, race 0 → 5
                -> c, race 0 → 6
    3 after b   -> a, race 0 → 7
                -> c, race 0 → 8
    4 after c   -> a, race 0 → 9
                -> b, race 0 → 10
    5 after b   -> c → 11
    6 after c   -> b → 12
    7 after a   -> c → 11
    8 after c   -> a → 13
    9 after a   -> b → 12
    10 after b  -> a → 13
    11 after c  match
    12 after b  match
    13 after a  match
");
snapshot!(conjunction_of_groups, "(a -> b) & c+", "", @r"
    0 start    a, race 0 → 1
               c, race 0 → 2
    1 after a  -> b → 3
    2 after c  -> c → 2
               -> a → 4
    3 after b  -> c → 5
    4 after a  -> b → 6
    5 after c  -> c → 5
               match
    6 after b  match
");
snapshot!(permute, "PERMUTE(a, b, c)", "", @r"
    0 start     a → 1
                b → 2
                c → 3
    1 after a   b → 4
                c → 5
    2 after b   a → 6
                c → 7
    3 after c   a → 8
                b → 9
    4 after b   c → 10
    5 after c   b → 11
    6 after a   c → 10
    7 after c   a → 12
    8 after a   b → 11
    9 after b   a → 12
    10 after c  match
    11 after b  match
    12 after a  match
");
snapshot!(permute_of_groups, "PERMUTE(a+, b)", "", @r"
    0 start    a → 1
               b → 2
    1 after a  a → 1
               b → 3
    2 after b  a → 4
    3 after b  match
    4 after a  a → 4
               match
");
snapshot!(exclusion, "a {- b+ -} c", "", @r"
    0 start    a → 1
    1 after a  b, excluded → 2
    2 after b  b, excluded → 2
               c → 3
    3 after c  match
");
snapshot!(anchors, "^ a* $", "", @r"
    0 start    a, first row → 1
    1 after a  a → 1
               match, at the end
");
snapshot!(empty, "a? | ()", "", @r"
    0 start    a → 1
               match
    1 after a  match
");
snapshot!(empty_iterations_end, "(a?)* b", "", @r"
    0 start    a → 1
               b → 2
    1 after a  a → 1
               b → 2
    2 after b  match
");
snapshot!(empty_iterations_of_a_counted_loop, "(a? b?){2,}", "", @r"
    0 start    a → 1
               b → 2
               match
    1 after a  b → 2
               a → 1
               match
    2 after b  a → 1
               b → 2
               match
");
snapshot!(absence_between, "a -> !n -> b", "", @r"
    0 start    a → 1
    1 after a  -> b, without n → 2
    2 after b  match
");
snapshot!(absence_between_bounded, "a -[5 MINUTES]-> !n -> b", "", @r"
    0 start    a → 1
    1 after a  -> b, without n for 5 minutes → 2
    2 after b  match
");
snapshot!(absence_first, "!n -> a", "WITHIN 1 HOUR", @r"
    0 start    a, without n for 1 hour → 1
    1 after a  match
");
snapshot!(absence_first_bounded, "!n -[5 MINUTES]-> !m -[3 MINUTES]-> a", "", @r"
    0 start    a, without n for 5 minutes, without m for 3 minutes → 1
    1 after a  match
");
snapshot!(absence_last, "a -[24 HOURS]-> !n", "", @r"
    0 start    a → 1
    1 after a  match, without n for 1 day
");
snapshot!(absence_last_within, "a -> b -> !n", "WITHIN 1 HOUR", @r"
    0 start    a → 1
    1 after a  -> b → 2
    2 after b  match, without n
");
snapshot!(absences_in_a_row, "a -[1 MINUTE]-> !n -[2 MINUTES]-> !m -> b", "", @r"
    0 start    a → 1
    1 after a  -> b, without n for 1 minute, without m for 2 minutes → 2
    2 after b  match
");
snapshot!(absence_in_a_loop, "f (-> !s -> f){1,} -> s2", "WITHIN 1 HOUR", @r"
    0 start     f → 1
    1 after f   -> f, without s → 2
    2 after f   -> f, without s → 2
                -> s2 → 3
    3 after s2  match
");
snapshot!(absence_after_a_skipped_element, "a -> b? !n -> c", "", @r"
    0 start    a → 1
    1 after a  -> b → 2
               -> c, without n → 3
    2 after b  -> c, without n → 3
    3 after c  match
");
snapshot!(same_variable_twice, "a b a", "", @r"
    0 start    a → 1
    1 after a  b → 2
    2 after b  a → 3
    3 after a  match
");
snapshot!(nested_loops_of_nothing, "((a*)*)* b", "", @r"
    0 start    a → 1
               b → 2
    1 after a  a → 1
               b → 2
    2 after b  match
");
snapshot!(dead_ends_go, "a (b $ c | d)", "", @r"
    0 start    a → 1
    1 after a  d → 2
    2 after d  match
");
snapshot!(equal_ends_are_one, "(a b | c b) d", "", @r"
    0 start    a → 1
               c → 2
    1 after a  b → 3
    2 after c  b → 3
    3 after b  d → 4
    4 after d  match
");

/// Large patterns are built or refused, and neither takes long.
#[test]
fn large_patterns() {
    let codes = |pattern: &str| {
        super::run(&format!(
            "SELECT 1 AS one FROM bticks MATCH ({pattern}) PARTITION BY symbol;"
        ))
        .codes()
        .into_iter()
        .filter(|code| *code < 900)
        .collect::<Vec<u16>>()
    };
    assert_eq!(codes("a{20000} b"), [316]);
    assert_eq!(codes("a{19000} b"), [] as [u16; 0]);
    assert_eq!(codes("(a?){20000} b"), [316]);
    assert_eq!(codes("(a?){400} b"), [] as [u16; 0]);
    assert_eq!(codes("(((((a{9}){9}){9}){9}){9}){9}"), [316]);
    assert_eq!(codes("((((a?){2,})*){3,})* b"), [] as [u16; 0]);
    assert_eq!(codes("((a | ()) (b | ())){40} c"), [] as [u16; 0]);
    assert_eq!(
        codes("PERMUTE(a, b, c, d, e, f, g, h, i, j)"),
        [] as [u16; 0]
    );
    let absences: Vec<String> = (0..30).map(|n| format!("(!a{n} | !b{n})")).collect();
    assert_eq!(
        codes(&format!("x -> {} -> y", absences.join(" -> "))),
        [316]
    );
}
