//! Functions on places, as latitude and longitude in degrees (WGS 84).

use portent_grammar::Value;

use super::Family::Geo as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};

/// Mean radius of the earth in metres (R1 of the International Union of Geodesy and Geophysics).
const EARTH_RADIUS: f64 = 6_371_008.8;

const POINTS: &[super::Signature] = &[sig(&[P::Float, P::Float, P::Float, P::Float], R::Float)];
const CIRCLE: &[super::Signature] = &[sig(
    &[P::Float, P::Float, P::Float, P::Float, P::Float],
    R::Bool,
)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "GEO_DISTANCE",
        POINTS,
        "GEO_DISTANCE(lat1, lon1, lat2, lon2): metres between two places along the surface.",
        distance,
    ),
    strict(
        F,
        "GEO_WITHIN",
        CIRCLE,
        "GEO_WITHIN(lat1, lon1, lat2, lon2, metres): whether they are that near.",
        within,
    ),
    strict(
        F,
        "GEO_BEARING",
        POINTS,
        "GEO_BEARING(lat1, lon1, lat2, lon2): degrees clockwise from north at which one leaves for the second place.",
        bearing,
    ),
];

/// The four coordinates in radians.
fn points(args: &[&Value]) -> Result<[f64; 4], String> {
    let [
        Value::Float(lat1),
        Value::Float(lon1),
        Value::Float(lat2),
        Value::Float(lon2),
        ..,
    ] = args
    else {
        return Err("wants four numbers".to_owned());
    };
    for latitude in [lat1, lat2] {
        if !(-90.0..=90.0).contains(latitude) {
            return Err(format!(
                "{latitude} is not a latitude; it lies between -90 and 90 degrees"
            ));
        }
    }
    for longitude in [lon1, lon2] {
        if !(-360.0..=360.0).contains(longitude) {
            return Err(format!(
                "{longitude} is not a longitude; it lies between -180 and 180 degrees"
            ));
        }
    }
    Ok([lat1, lon1, lat2, lon2].map(|degrees| degrees.to_radians()))
}

/// The haversine formula (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984): on a sphere, within half a
/// percent of the ellipsoid, and exact for small distances too.
fn metres(args: &[&Value]) -> Result<f64, String> {
    let [lat1, lon1, lat2, lon2] = points(args)?;
    let haversine = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = haversine(lat2 - lat1) + lat1.cos() * lat2.cos() * haversine(lon2 - lon1);
    Ok(2.0 * EARTH_RADIUS * h.clamp(0.0, 1.0).sqrt().asin())
}

fn distance(args: &[&Value]) -> Outcome {
    metres(args).map(Value::Float)
}

fn within(args: &[&Value]) -> Outcome {
    let [.., Value::Float(radius)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(metres(args)? <= *radius))
}

/// The initial course of the great circle.
fn bearing(args: &[&Value]) -> Outcome {
    let [lat1, lon1, lat2, lon2] = points(args)?;
    let east = lon2 - lon1;
    let y = east.sin() * lat2.cos();
    let x = lat1.cos() * lat2.sin() - lat1.sin() * lat2.cos() * east.cos();
    Ok(Value::Float(y.atan2(x).to_degrees().rem_euclid(360.0)))
}
