//! Tests of the aggregates.

use proptest::prelude::*;

use super::*;
use crate::expr::ExprKind;

fn aggregate(function: AggregateFunction, distinct: bool) -> Aggregate {
    Aggregate {
        function,
        variables: None,
        running: false,
        args: Vec::new(),
        distinct,
        filter: None,
    }
}

fn over(function: AggregateFunction, distinct: bool, values: &[Value]) -> Result<Value, EvalError> {
    let mut accumulator = Accumulator::new(&aggregate(function, distinct));
    for value in values {
        accumulator.add(std::slice::from_ref(value))?;
    }
    accumulator.finish()
}

fn shown(function: AggregateFunction, values: &[Value]) -> String {
    match over(function, false, values) {
        Ok(value) => value.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

fn ints(values: &[i64]) -> Vec<Value> {
    values.iter().copied().map(Value::Int).collect()
}

#[test]
fn over_nothing() {
    use AggregateFunction as A;
    for function in [
        A::Sum,
        A::Avg,
        A::Min,
        A::Max,
        A::StddevSamp,
        A::StddevPop,
        A::VarSamp,
        A::VarPop,
        A::First,
        A::Last,
        A::ArrayAgg,
        A::StringAgg,
        A::BoolAnd,
        A::BoolOr,
    ] {
        assert_eq!(shown(function.clone(), &[]), "NULL", "{function:?}");
    }
    assert_eq!(shown(A::Count, &[]), "0");
    assert_eq!(shown(A::Sum, &[Value::Null]), "NULL");
    assert_eq!(shown(A::VarSamp, &ints(&[5])), "NULL");
    assert_eq!(shown(A::VarPop, &ints(&[5])), "0");
}

#[test]
fn over_some() {
    use AggregateFunction as A;
    let values = [Value::Int(3), Value::Null, Value::Int(1), Value::Int(3)];
    for (function, expected) in [
        (A::Count, "3"),
        (A::Sum, "7"),
        (A::Min, "1"),
        (A::Max, "3"),
        (A::First, "3"),
        (A::Last, "3"),
        (A::ArrayAgg, "{3,NULL,1,3}"),
    ] {
        assert_eq!(shown(function.clone(), &values), expected, "{function:?}");
    }
    assert_eq!(shown(A::Avg, &ints(&[1, 2])), "1.5");
    assert_eq!(
        shown(A::VarSamp, &ints(&[2, 4, 4, 4, 5, 5, 7, 9])),
        "4.571428571428571"
    );
    assert_eq!(shown(A::StddevPop, &ints(&[2, 4, 4, 4, 5, 5, 7, 9])), "2");
    assert_eq!(shown(A::First, &[Value::Null, Value::Int(1)]), "NULL");
    let truths = [Value::Bool(true), Value::Null, Value::Bool(false)];
    assert_eq!(shown(A::BoolAnd, &truths), "false");
    assert_eq!(shown(A::BoolOr, &truths), "true");
    let decimals: Vec<Value> = ["1.10", "2.25"]
        .iter()
        .map(|text| Value::Decimal(text.parse().unwrap()))
        .collect();
    assert_eq!(shown(A::Sum, &decimals), "3.35");
    assert_eq!(shown(A::Avg, &decimals), "1.675");
    let intervals = [
        Value::interval(Interval::from_micros(1)),
        Value::interval(Interval::from_micros(2)),
    ];
    assert_eq!(shown(A::Sum, &intervals), "00:00:00.000003");
}

#[test]
fn rows_and_distinct() {
    let mut count = Accumulator::new(&aggregate(AggregateFunction::Count, false));
    count.add(&[]).unwrap();
    count.add(&[]).unwrap();
    assert_eq!(count.finish().unwrap(), Value::Int(2));
    let values = [Value::Int(1), Value::Float(1.0), Value::Int(2), Value::Null];
    assert_eq!(
        over(AggregateFunction::Count, true, &values).unwrap(),
        Value::Int(2)
    );
    assert_eq!(
        over(AggregateFunction::Sum, true, &ints(&[5, 5, 6])).unwrap(),
        Value::Int(11)
    );
    let mut joined = Accumulator::new(&aggregate(AggregateFunction::StringAgg, true));
    for text in ["a", "b", "a"] {
        joined.add(&[Value::text(text), Value::text("-")]).unwrap();
    }
    assert_eq!(joined.finish().unwrap(), Value::text("a-b"));
}

#[test]
fn overflow_is_an_error_only_if_it_stays() {
    use AggregateFunction as A;
    assert_eq!(
        shown(A::Sum, &ints(&[i64::MAX, 1])),
        "error: the sum 9223372036854775808 is out of range for BIGINT"
    );
    assert_eq!(
        shown(A::Sum, &ints(&[i64::MAX, 1, -5])),
        "9223372036854775803"
    );
    assert_eq!(
        shown(A::Avg, &ints(&[i64::MAX, i64::MAX])),
        "9.223372036854776e+18"
    );
}

#[test]
fn large_means_do_not_drown_small_variances() {
    use AggregateFunction as A;
    let values: Vec<Value> = [4.0, 7.0, 13.0, 16.0]
        .iter()
        .map(|x| Value::Float(1e9 + x))
        .collect();
    assert_eq!(shown(A::VarSamp, &values), "30");
    let tenths = vec![Value::Float(0.1); 10];
    assert_eq!(shown(A::Sum, &tenths), "1");
    let cancel = [Value::Float(1e100), Value::Float(1.0), Value::Float(-1e100)];
    assert_eq!(shown(A::Sum, &cancel), "1");
}

fn column(ty: Type) -> Expr {
    Expr {
        kind: ExprKind::Column(0),
        ty,
        span: Span::default(),
    }
}

#[test]
fn types() {
    use AggregateFunction as A;
    let ty = |function, args: Vec<Type>| {
        let args = args.into_iter().map(column).collect();
        aggregate_type(&function, args, Span::default())
            .map(|(_, ty)| ty.to_string())
            .map_err(|error| error.code)
    };
    assert_eq!(ty(A::Count, vec![]), Ok("BIGINT".into()));
    assert_eq!(ty(A::Count, vec![Type::Text]), Ok("BIGINT".into()));
    assert_eq!(ty(A::Sum, vec![Type::Int]), Ok("BIGINT".into()));
    assert_eq!(
        ty(A::Sum, vec![Type::Decimal(Some((10, 2)))]),
        Ok("DECIMAL".into())
    );
    assert_eq!(ty(A::Avg, vec![Type::Int]), Ok("DOUBLE".into()));
    assert_eq!(ty(A::Avg, vec![Type::Json]), Ok("DOUBLE".into()));
    assert_eq!(ty(A::Min, vec![Type::Timestamp]), Ok("TIMESTAMP".into()));
    assert_eq!(ty(A::ArrayAgg, vec![Type::Int]), Ok("BIGINT[]".into()));
    assert_eq!(
        ty(A::StringAgg, vec![Type::Text, Type::Text]),
        Ok("TEXT".into())
    );
    for (function, args) in [
        (A::Sum, vec![]),
        (A::Sum, vec![Type::Text]),
        (A::Avg, vec![Type::Interval]),
        (A::Min, vec![Type::Int, Type::Int]),
        (A::StringAgg, vec![Type::Text]),
        (A::StringAgg, vec![Type::Int, Type::Text]),
    ] {
        assert_eq!(ty(function, args), Err(codes::AGGREGATE_ARGUMENTS));
    }
    assert_eq!(ty(A::BoolAnd, vec![Type::Int]), Err(codes::NOT_BOOLEAN));
    assert_eq!(aggregate_by_name("Every"), Some(A::BoolAnd));
    assert_eq!(aggregate_by_name("upper"), None);
    assert!(aggregate_not_supported("approx_top_k", Span::default()).is_some());
}

#[test]
fn many_rows_at_once_are_exact_or_have_no_value() {
    use AggregateFunction as A;
    let many = |some, sum| Summary {
        some,
        sum,
        best: Value::Int(7),
    };
    let over = |function, summaries: &[Summary]| {
        let mut accumulator = Accumulator::new(&aggregate(function, false));
        accumulator.add(&[Value::Int(5)]).unwrap();
        for summary in summaries {
            accumulator.add_many(summary);
        }
        accumulator.finish()
    };
    // In between a sum may be as large as 128 bits are.
    let there = many(1 << 63, Some(i128::MAX - 5));
    let back = many(1 << 63, Some(-(i128::MAX - 5)));
    let both = [there.clone(), back];
    assert_eq!(over(A::Sum, &both), Ok(Value::Int(5)));
    assert!(over(A::Sum, &[there.clone(), many(1, Some(1))]).is_err());
    assert!(over(A::Sum, &[many(1, None), many(1, Some(0))]).is_err());
    // Nobody counts beyond 64 bits, but a sum asks for no number.
    let beyond = many(u128::MAX, Some(0));
    assert_eq!(
        over(A::Sum, std::slice::from_ref(&beyond)),
        Ok(Value::Int(5))
    );
    assert!(over(A::Avg, std::slice::from_ref(&beyond)).is_err());
    assert!(over(A::Count, std::slice::from_ref(&there)).is_err());
    assert_eq!(over(A::Max, &[beyond]), Ok(Value::Int(7)));
    let mut counted = Accumulator::new(&aggregate(A::Count, false));
    counted.add_times(&[], u128::from(u64::MAX)).unwrap();
    counted.add_times(&[], 1).unwrap();
    assert!(counted.finish().is_err());
}

proptest! {
    #[test]
    fn variance_is_that_of_the_definition(values in prop::collection::vec(-1e6_f64..1e6, 2..40)) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let expected = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
        let floats: Vec<Value> = values.into_iter().map(Value::Float).collect();
        let found = over(AggregateFunction::VarSamp, false, &floats).unwrap().as_f64().unwrap();
        prop_assert!((found - expected).abs() <= 1e-9 * expected.max(1.0));
    }
}
