"""The shells' completion: made from the argument definitions, so that nothing is missing from it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.shell import Shell
from tests.support.terminal import Terminal
from tui.cli import commands, parser
from tui.commands.completion import SHELLS, command_specs

SPOKEN = command_specs(parser())


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, "http://127.0.0.1:9", "")


def test_the_grammar_has_every_command_and_what_it_takes() -> None:
    main, *specs = SPOKEN
    by_name = {command.name: command for command in specs}
    assert by_name.keys() == commands().keys()
    assert all(command.help for command in specs)
    named = {name for name, command in by_name.items() if command.takes_jobs}
    assert named == {"status", "wait", "remove", "history", "why", "log"}
    until = next(option for option in by_name["wait"].options if "--until" in option.spellings)
    assert until.choices == ("idle", "started", "cycle")
    settings = next(option for option in main.options if "--settings" in option.spellings)
    assert settings.takes_file
    assert not any("--complete" in option.spellings for option in by_name["list"].options)


@pytest.mark.parametrize("name", SHELLS)
def test_a_script_has_every_command_and_option_and_is_one(name: str, tmp_path: Path) -> None:
    script = SHELLS[name](SPOKEN)
    for command in SPOKEN:
        assert command.name in script
        assert all(spelling.lstrip("-") in script for option in command.options for spelling in option.spellings)
    if program := shutil.which(name):
        path = tmp_path / "script"
        path.write_text(script)
        subprocess.run([program, "-n", str(path)], check=True, timeout=20)


def completed(shell: Shell, *words: str, line: str = "", before: str = "") -> list[str]:
    """What bash offers for the last word; `line` where it is not just the words with blanks between."""
    script = before + SHELLS["bash"](SPOKEN) + "COMP_LINE=$LINE COMP_POINT=${#COMP_LINE}\n"
    script += 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _codearts_watch\n'
    script += 'for word in "${COMPREPLY[@]}"; do echo "$word"; done'
    done = subprocess.run(
        ["bash", "-c", script, "bash", "codearts-watch", *words],
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, **shell.env, "LINE": f"codearts-watch {line or ' '.join(words)}"},
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not here")
def test_bash_completes_commands_options_labels_and_ids(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "config/codearts-watch/watchlist.toml").write_text(
        f'[[jobs]]\nid = "{job_id(1)}"\nlabel = "web \\"$x\\" front"\n[[jobs]]\nid = "{job_id(2)}"\n'
    )
    quoted = 'web\\ \\"\\$x\\"\\ front'
    assert completed(shell, "st") == ["status"]
    assert {"status", "wait", "completion"} <= set(completed(shell, ""))
    assert completed(shell, "list", "--j") == ["--json"]
    assert completed(shell, "wait", "--until", "") == ["idle", "started", "cycle"]
    assert completed(shell, "completion", "") == ["bash", "zsh", "fish"]
    assert completed(shell, "wait", "w") == [quoted]
    assert completed(shell, "remove", "web\\ ") == [quoted]
    assert completed(shell, "log", "w") == [quoted]
    assert completed(shell, "--watchlist", str(tmp_path / "conf")) == [str(tmp_path / "config")]
    assert set(completed(shell, "status", "")) == {quoted, job_id(1), job_id(2)}
    assert completed(shell, "add", "w") == []
    assert completed(shell, "--profile", "wait", "list", "--j") == ["--json"]
    assert completed(shell, "--profile", "=", "wait", "st", line="--profile=wait st") == ["status"]
    assert set(completed(shell, "--allow-http", "status", "--profile", "x", "")) == {quoted, job_id(1), job_id(2)}


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not here")
def test_bash_puts_back_only_what_is_behind_a_colon_or_an_equals_sign(shell: Shell, tmp_path: Path) -> None:
    labels = ["web:front end", "web:back", "a=b"]
    entries = (f'[[jobs]]\nid = "{job_id(n)}"\nlabel = "{label}"\n' for n, label in enumerate(labels))
    (tmp_path / "config/codearts-watch/watchlist.toml").write_text("".join(entries))
    assert completed(shell, "status", "web", ":", "f", line="status web:f") == ["front\\ end"]
    assert completed(shell, "status", "web", ":", line="status web:") == ["front\\ end", "back"]
    assert completed(shell, "status", "a", "=", line="status a=") == ["b"]
    assert completed(shell, "wait", "--until", "=", "c", line="wait --until=c") == ["cycle"]


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not here")
def test_bash_starts_no_process_for_each_job(shell: Shell) -> None:
    shell.watch({job_id(n): f"job {n}" for n in range(1, 31)})
    noted = 'printf() { ((BASH_SUBSHELL)) && echo "started for $*" >&2; builtin printf "$@"; }\n'
    assert len(completed(shell, "status", "", before=noted)) == 60
    assert len(completed(shell, "status", "job\\ 2", before=noted)) == 11


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not here")
def test_zsh_offers_a_label_as_it_is(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "config/codearts-watch/watchlist.toml").write_text(f"[[jobs]]\nid = '{job_id(1)}'\nlabel = 'a\\b:c'\n")
    script = SHELLS["zsh"](SPOKEN).replace("_describe -t jobs job jobs", 'print -r -- "$jobs[1]"')
    done = subprocess.run(
        ["zsh", "-f", "-c", f"compdef() {{ }}\n{script}\n_codearts_watch_jobs"],
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, **shell.env},
        check=True,
    )
    assert done.stdout == f"a\\\\b\\:c:{job_id(1)}\n"


READY = {
    "zsh": "PS1='re''ady> '; fpath=($HOME/scripts $fpath); autoload -Uz compinit; compinit -u -D",
    "fish": "function fish_prompt; echo -n re''ady'> '; end; source $HOME/scripts/_codearts-watch",
    "bash": "PS1='re''ady> '; source $HOME/scripts/_codearts-watch; bind 'set show-all-if-ambiguous on'",
}
STARTS = {"zsh": ["-f"], "fish": ["--no-config"], "bash": ["--norc", "--noprofile"]}


OFFERED = {
    "--profile x sta": "status",
    "--profile x status --js": "--json",
    "status --profile x --js": "--json",
    "--allow-http status --profile=x web-": "web-checkout",
    "status --profile x web-": "web-checkout",
    "wait --watchlist y --until cy": "cycle",
    "completion --log z zs": "zsh",
}


@pytest.mark.parametrize("name", READY)
def test_a_real_shell_completes_behind_an_option(shell: Shell, tmp_path: Path, name: str) -> None:
    if not shutil.which(name):
        pytest.skip(f"{name} is not here")
    (tmp_path / "config/codearts-watch/watchlist.toml").write_text(
        f'[[jobs]]\nid = "{job_id(1)}"\nlabel = "web-checkout"\n'
    )
    script = tmp_path / "scripts" / "_codearts-watch"
    script.parent.mkdir()
    script.write_text(SHELLS[name](SPOKEN))
    with Terminal([name, *STARTS[name]], shell.env, rows=40, columns=100) as terminal:
        terminal.send(READY[name] + "\r")
        terminal.wait_for("^ready>")
        for line, word in OFFERED.items():
            terminal.send(f"codearts-watch {line}\t")
            terminal.wait_for(f"codearts-watch {line.rpartition(' ')[0]} {word}(?![a-z])")
            terminal.send("\x15")


def test_the_words_need_neither_credential_nor_endpoint(shell: Shell) -> None:
    shell.watch({job_id(1): "web", job_id(2): "--all"})
    for name in ("CODEARTS_ENDPOINT", "CODEARTS_TOKEN"):
        del shell.env[name]
    assert shell.run("codearts-watch list --complete") == (
        0,
        f"web\t{job_id(1)}\n{job_id(1)}\tweb\n{job_id(2)}\t--all\n",
        "",
    )
