//! Query files (`queries/`) and programs (`examples/`) that show Portent at work. The tests execute all of them.
