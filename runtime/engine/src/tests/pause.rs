//! Queries that see nothing for a while.

use std::sync::Arc;

use portent_planner::automaton::Step;
use portent_planner::compiled::*;

use super::build::*;

/// `a -> b`, the first later one, in class `any` or as preferred matches.
fn pair(mode: Mode) -> CompiledQuery {
    let steps: Vec<Vec<Step>> = vec![vec![then(0, 1)], vec![follow(1, 2)], vec![accept()]];
    let mut plan = Pattern::new(2, steps)
        .define(0, vec![is("a")])
        .define(1, vec![is("b")])
        .plan();
    plan.mode = mode;
    pattern_query(plan)
}

#[test]
fn a_paused_query_sees_nothing_and_begins_afresh() {
    for mode in [Mode::All, Mode::Preferred(Skip::PastLastRow)] {
        let mut run = Run::new(pair(mode));
        run.push("a x b a");
        assert_eq!(run.matches(), ["A1 B3"]);
        assert_eq!(run.engine.pause(run.query), Some(1));
        assert_eq!(run.engine.pause(run.query), None, "it is paused");
        assert!(run.engine.is_paused(run.query));
        let stats = run.engine.stats(run.query).unwrap();
        assert_eq!((stats.events, stats.live), (4, 0));
        run.engine
            .push(INPUT, 100, events("b").remove(0).1)
            .unwrap();
        assert!(run.matches().is_empty());
        assert_eq!(run.engine.stats(run.query).unwrap().events, 4);
        assert!(run.engine.resume(run.query));
        assert!(!run.engine.resume(run.query), "it runs");
        for (time, kind) in [(101, "b"), (102, "a"), (103, "b")] {
            run.engine
                .push(INPUT, time, events(kind).remove(0).1)
                .unwrap();
        }
        assert_eq!(run.matches().len(), 1);
        let stats = run.engine.stats(run.query).unwrap();
        assert_eq!((stats.events, stats.matches), (7, 2));
    }
}

#[test]
fn time_stands_still_for_those_who_read_it_until_the_end() {
    let mut run = Run::new(query(Body::Rows, vec![column(NUMBER), column(VALUE)]));
    let output = run.engine.output_watermark(run.query);
    assert_eq!(output, None);
    let mut reader = query(Body::Rows, vec![column(0)]);
    reader.name = "reader".into();
    reader.inputs[0].stream = query(Body::Rows, vec![]).output_stream;
    reader.output_stream = StreamId(77);
    let reader = run.engine.register(Arc::new(reader), true).unwrap();
    run.push("a b");
    assert_eq!(run.rows().len(), 4, "two rows of each");
    let before = run.engine.output_watermark(reader);
    assert!(run.engine.pause(run.query).is_some());
    run.engine.push(INPUT, 50, events("c").remove(0).1).unwrap();
    assert!(run.rows().is_empty());
    assert_eq!(run.engine.output_watermark(reader), before);
    assert!(run.engine.resume(run.query));
    assert_eq!(run.engine.output_watermark(reader), Some(50));
    assert!(run.engine.pause(run.query).is_some());
    run.engine.finish();
    assert!(run.engine.is_done(reader));
}
