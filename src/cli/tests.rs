use super::command;

/// Every command, that nobody forgets one.
fn walk(command: &clap::Command, each: &mut impl FnMut(&clap::Command)) {
    each(command);
    command.get_subcommands().filter(|command| command.get_name() != "help").for_each(|command| walk(command, each));
}

#[test]
fn every_help_fits_eighty_columns_and_ends_with_an_example() {
    let mut root = command();
    root.build();
    walk(&root, &mut |command| {
        let name = command.get_display_name().unwrap_or(command.get_name());
        for help in [command.clone().render_help(), command.clone().render_long_help()] {
            let help = help.to_string();
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "`{name} --help` is too wide:\n{line}");
            }
            let (_, example) =
                help.rsplit_once("Example:\n").unwrap_or_else(|| panic!("`{name} --help` has no example"));
            assert!(
                !example.trim().is_empty() && example.trim_end().lines().all(|line| line.starts_with("  ")),
                "{name}"
            );
        }
    });
}

#[test]
fn every_example_of_a_help_is_a_command_line_that_is_understood() {
    use clap::Parser;
    let mut root = command();
    root.build();
    walk(&root, &mut |command| {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let help = help.replace("\\\n", "");
        let example = help.rsplit_once("Example:\n").map(|(_, example)| example.to_owned()).unwrap_or_default();
        // The parts of a line that run this program, up to a pipe, a redirection or the end.
        for call in example.split("modelforge-credential ").skip(1) {
            let call = call.split(['|', '>', '<', '\n', '&', ';', ')', '#']).next().unwrap_or_default();
            let words = shell_words::split(call).unwrap_or_default();
            let words = std::iter::once("modelforge-credential".to_owned()).chain(words);
            if let Err(problem) = super::Cli::try_parse_from(words) {
                panic!("the example of `{}`, `{call}`: {problem}", command.get_name());
            }
        }
    });
}

#[test]
fn the_first_help_fits_a_small_screen_and_names_every_command() {
    let root = command();
    let help = root.clone().render_long_help().to_string();
    assert!(help.trim_end().lines().count() <= 23, "the prompt needs a line as well:\n{help}");
    let words: Vec<&str> = help.split([' ', ',', ';', '\n']).collect();
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        assert!(words.contains(&command.get_name()), "{} is missing:\n{help}", command.get_name());
    }
}
