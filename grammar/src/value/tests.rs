//! Tests of order, text, JSON and casts.
