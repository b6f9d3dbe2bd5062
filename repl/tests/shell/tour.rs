//! The tour, to its end.

use crate::terminal::{Folder, start_with};

#[test]
fn the_tour_comes_to_its_end_and_leaves_nothing() {
    let folder = Folder::new();
    let mut shell = start_with(&folder, &[], (80, 100), &[]);
    shell.wait_for_prompt();
    shell.types(".tour");
    shell.press("\r");
    for step in 1..7 {
        shell.wait(&format!("{step} of 7: "));
        shell.wait_until("the question", |screen| {
            screen
                .trim_end()
                .ends_with("Enter goes on, q leaves the tour >")
                && screen.contains(&format!("{step} of 7: "))
        });
        if step == 6 {
            insta::assert_snapshot!(last_step(&shell.picture()));
        }
        shell.press("\r");
    }
    shell.wait("docs/semantics.md");
    shell.wait_for_prompt();
    shell.enter(".tables", "nothing yet");
}

#[test]
fn one_may_leave_the_tour() {
    let folder = Folder::new();
    let mut shell = start_with(&folder, &[], (60, 100), &[]);
    shell.wait_for_prompt();
    shell.types(".tour");
    shell.press("\r");
    shell.wait("Enter goes on, q leaves the tour >");
    shell.press("q\r");
    shell.wait("The tour ends here");
    shell.wait_for_prompt();
}

fn last_step(screen: &str) -> &str {
    &screen[screen.find("6 of 7").expect("the step")..]
}
