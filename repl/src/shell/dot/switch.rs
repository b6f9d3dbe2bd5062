//! `.mode`, `.timer`, `.pager`, `\x`: how things are shown.

use clap::ValueEnum as _;
use portent::suggest;

use super::on_off;
use crate::output::Mode;
use crate::shell::door::Trouble;
use crate::shell::screen::lock;
use crate::shell::{Flow, Shell};

pub fn mode(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let mut screen = lock(&shell.screen);
    if argument.is_empty() {
        screen.say(&format!("mode: {}", name(screen.mode)))?;
        return Ok(Flow::Stay);
    }
    match Mode::from_str(argument, true) {
        Ok(mode) => {
            screen.mode = mode;
            screen.before_line = None;
            Ok(Flow::Stay)
        }
        Err(_) => {
            let names: Vec<String> = Mode::value_variants().iter().map(|it| name(*it)).collect();
            let near = suggest::nearest(argument, names.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the modes are {}", names.join(", ")),
            };
            Err(Trouble::helped(
                format!("there is no mode {argument}"),
                help,
            ))
        }
    }
}

/// As it is written on the command line.
fn name(mode: Mode) -> String {
    let value = mode.to_possible_value();
    value.map_or_else(String::new, |it| it.get_name().to_owned())
}

/// psql's expanded mode.
pub fn expanded(shell: &mut Shell, _: &str) -> Result<Flow, Trouble> {
    let mut screen = lock(&shell.screen);
    let mode = match screen.before_line.take() {
        Some(before) => before,
        None if screen.mode == Mode::Line => Mode::Table,
        None => {
            screen.before_line = Some(screen.mode);
            Mode::Line
        }
    };
    screen.mode = mode;
    screen.say(&format!("mode: {}", name(mode)))?;
    Ok(Flow::Stay)
}

pub fn timer(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let mut screen = lock(&shell.screen);
    screen.timer = on_off("timer", argument, screen.timer)?;
    screen.say(if screen.timer {
        "timer: on"
    } else {
        "timer: off"
    })?;
    Ok(Flow::Stay)
}

pub fn pager(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let mut screen = lock(&shell.screen);
    screen.pager = on_off("pager", argument, screen.pager)?;
    screen.say(if screen.pager {
        "pager: on"
    } else {
        "pager: off"
    })?;
    Ok(Flow::Stay)
}
