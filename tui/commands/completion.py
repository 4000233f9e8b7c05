"""Completion scripts, from the argument definitions read as data."""

import argparse
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.commands.output import ExitCode, Output
from tui.commands.parser import Parser

if TYPE_CHECKING:
    from tui.context import Context

HELP = "print a completion script for a shell"
DESCRIPTION = "Print a script that completes commands, options, job labels and IDs."
EXAMPLES = [
    "completion bash >> ~/.bash_completion",
    "completion zsh > ~/.zfunc/_codearts-watch",
    "completion fish | source",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    Output.standard().text(SHELLS[arguments.shell](command_specs(arguments.program)))
    return ExitCode.DONE


JOBS = ("jobs", "job")
"""The names of arguments that take jobs, or one."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option: its spellings, and its value."""

    spellings: tuple[str, ...]
    help: str
    takes_value: bool = False
    takes_file: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command: its options and arguments."""

    name: str
    """Empty for the program itself."""
    help: str
    options: tuple[Option, ...]
    takes_jobs: bool
    choices: tuple[str, ...]
    """The values of its argument, if that is not a job."""


def command_specs(program: Parser) -> tuple[CommandSpec, ...]:
    """The program itself first, then its commands."""
    commands = program.commands.items()
    return (_command_spec("", program), *(_command_spec(name, command) for name, command in commands))


def _command_spec(name: str, parser: Parser) -> CommandSpec:
    options = [_option(action) for action in (*parser.common, *parser.shown) if action.option_strings]
    arguments = [action for action in parser.shown if not action.option_strings]
    choices = [str(choice) for action in arguments for choice in action.choices or ()]
    takes_jobs = any(action.dest in JOBS for action in arguments)
    return CommandSpec(name, parser.summary, tuple(options), takes_jobs, tuple(choices))


def _option(action: argparse.Action) -> Option:
    choices = tuple(str(choice) for choice in action.choices or ())
    takes_value = action.nargs != 0
    return Option(tuple(action.option_strings), _plain(action.help), takes_value, action.metavar == "FILE", choices)


def _plain(text: str | None) -> str:
    return (text or "").replace("%%", "%")


PROGRAM = "codearts-watch"
LIST = f"{PROGRAM} list --complete 2>/dev/null"
"""Prints IDs and labels, each with a tab and a description. Needs no credential."""


def bash(specs: Sequence[CommandSpec]) -> str:
    """Works in bash 3.2, too. Labels with spaces are quoted when inserted."""
    main, *commands = specs
    arms = "\n".join(f"        {command.name}) {_bash_words(command)} ;;" for command in commands)
    values = "\n".join(_bash_values(_options(specs)))
    with_value = "|".join(word for option in _options(specs) if option.takes_value for word in option.spellings)
    return f"""# bash completion of {PROGRAM}: put this into a file that ~/.bashrc sources.
_codearts_watch() {{
    local IFS=$'\\n' word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command='' at line quoted
    local words='' jobs='' text=${{COMP_LINE:0:COMP_POINT}} kept=''
    COMPREPLY=()
    if [[ -n $text ]]; then  # bash parts words at : and =, and puts back only what is behind the last of them
        word=''
        while [[ -n $text && ! ( $text == *[[:blank:]] && $text != *\\\\[[:blank:]] ) ]]; do
            word=${{text: -1}}$word text=${{text%?}}
        done
        [[ $word == --*=* ]] && before=${{word%%=*}} word=${{word#*=}}
        kept=${{word%"${{word##*[:=]}}"}}
    fi
    case $before in
{values}
    esac
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${{COMP_WORDS[at-1]}} in {with_value}|=) continue ;; esac
        case ${{COMP_WORDS[at]}} in
            {"|".join(command.name for command in commands)}) command=${{COMP_WORDS[at]}}; break ;;
        esac
    done
    case $command in
{arms}
        *) words={_quoted([command.name for command in commands] + _flags(main))} ;;
    esac
    if [[ -n $jobs && $word != -* ]]; then
        while IFS=$'\\t' read -r line _; do
            printf -v quoted %q "$line"  # no $(…), which would start a process for each job
            [[ $line == "$word"* || $quoted == "$word"* ]] && COMPREPLY+=("$quoted")
        done < <({LIST})
    fi
    while read -r line; do
        [[ $line == -* && $word != -* ]] && continue
        [[ -n $line && $line == "$word"* ]] && COMPREPLY+=("$line")
    done <<< "$words"
    COMPREPLY=("${{COMPREPLY[@]#"$kept"}}")
}}
complete -F _codearts_watch {PROGRAM}
"""


def zsh(specs: Sequence[CommandSpec]) -> str:
    main, *commands = specs
    described = " ".join(shlex.quote(f"{command.name}:{command.help}") for command in commands)
    options = " ".join(_zsh_option(option) for option in main.options)
    arms = "\n".join(f"        {command.name}) _arguments -s {_zsh_arguments(command)} ;;" for command in commands)
    return f"""#compdef {PROGRAM}
# zsh completion: put this as _{PROGRAM} into a folder of $fpath.
_codearts_watch_jobs() {{
    local -a jobs
    local word text
    while IFS=$'\\t' read -r word text; do
        word=${{word//\\\\/\\\\\\\\}}
        jobs+=("${{word//:/\\\\:}}:$text")
    done < <({LIST})
    _describe -t jobs job jobs
}}
_codearts_watch() {{
    local context state state_descr line
    typeset -A opt_args
    _arguments -C -s -A '-*' {options} '1:command:->command' '*::argument:->argument'
    case $state in
    command)
        local -a commands=({described})
        _describe -t commands command commands ;;
    argument)
        case $line[1] in
{arms}
        esac ;;
    esac
}}
if [[ $funcstack[1] == _{PROGRAM} ]]; then
    _codearts_watch "$@"
else
    compdef _codearts_watch {PROGRAM}
fi
"""


def fish(specs: Sequence[CommandSpec]) -> str:
    main, *commands = specs
    names = " ".join(command.name for command in commands)
    lines = [f"# fish completion: put this as {PROGRAM}.fish into ~/.config/fish/completions."]
    lines += [f"complete -c {PROGRAM} -f"]
    nowhere = f"not __fish_seen_subcommand_from {names}"
    lines += [_fish(nowhere, "-a", command.name, "-d", command.help) for command in commands]
    lines += [_fish_option(nowhere, option) for option in main.options]
    for command in commands:
        here = f"__fish_seen_subcommand_from {command.name}"
        lines += [_fish_option(here, option) for option in command.options]
        if command.takes_jobs:
            lines.append(_fish(here, "-a", f"({LIST})"))
        if command.choices:
            lines.append(_fish(here, "-a", " ".join(command.choices)))
    return "\n".join(lines) + "\n"


SHELLS: Mapping[str, Callable[[Sequence[CommandSpec]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


def _options(specs: Iterable[CommandSpec]) -> list[Option]:
    return list(dict.fromkeys(option for command in specs for option in command.options))


def _flags(command: CommandSpec) -> list[str]:
    return [spelling for option in command.options for spelling in option.spellings]


def _quoted(words: Iterable[str]) -> str:
    return "$'" + "\\n".join(words) + "'"


def _bash_words(command: CommandSpec) -> str:
    words = _quoted([*command.choices, *_flags(command)])
    return f"words={words} jobs=yes" if command.takes_jobs else f"words={words}"


def _bash_values(options: Iterable[Option]) -> list[str]:
    arms = []
    for option in options:
        if option.takes_value:
            how = 'COMPREPLY=($(compgen -f -- "$word"))' if option.takes_file else "COMPREPLY=()"
            if option.choices:
                how = f'COMPREPLY=($(compgen -W {_quoted(option.choices)} -- "$word"))'
            arms.append(f"        {'|'.join(option.spellings)}) {how}; return ;;")
    return arms


def _zsh_arguments(command: CommandSpec) -> str:
    parts = [_zsh_option(option) for option in command.options]
    if command.takes_jobs:
        parts.append("'*:job:_codearts_watch_jobs'")
    if command.choices:
        parts.append(shlex.quote(f"1:which:({' '.join(command.choices)})"))
    return " ".join(parts)


def _zsh_option(option: Option) -> str:
    text = option.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    what = f"({' '.join(option.choices)})" if option.choices else "_files" if option.takes_file else " "
    value = f":value:{what}" if option.takes_value else ""
    equals = {spelling: "=" if value and spelling.startswith("--") else "" for spelling in option.spellings}
    return " ".join(shlex.quote(f"*{spelling}{equals[spelling]}[{text}]{value}") for spelling in option.spellings)


def _fish(condition: str, *words: str) -> str:
    return shlex.join(["complete", "-c", PROGRAM, "-n", condition, *words])


def _fish_option(condition: str, option: Option) -> str:
    words = ["-d", option.help]
    for spelling in option.spellings:
        words += ["-l" if spelling.startswith("--") else "-s", spelling.lstrip("-")]
    if option.takes_value:
        words += ["-r", "-F"] if option.takes_file else ["-x"]
    if option.choices:
        words += ["-a", " ".join(option.choices)]
    return _fish(condition, *words)
