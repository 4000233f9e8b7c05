"""The settings: what counts, and what is said about what does not."""

import grp
import os
import pwd
import sys
from collections.abc import Iterator
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.other_users import ALICE, EVE, TEAM, as_user, give, needs_root, public_folder
from tests.support.user_home import settings_problem
from tui.core.alert_policy import AlertOn, Rules
from tui.core.errors import UserError
from tui.storage.files import default_locations, is_private
from tui.storage.settings import LIMIT, AlertSettings, PollingSettings, Settings, UiSettings, load_settings

MORE_SECRETS = ("password", "secret", "keys.secret_access_key", "security_token", "profiles.a.iam.PASSWORD")
PAGE = "https://console.example.com/{region}/{job_id}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_no_file_and_an_empty_file_are_the_defaults(path: Path) -> None:
    assert load_settings(path) == Settings()
    path.touch()
    assert load_settings(path) == Settings()
    assert Settings().polling == PollingSettings(running=5, idle=15, requests_per_second=5, concurrency=8)


def test_settings_are_read(path: Path) -> None:
    path.write_text(
        "\ufeff[polling]\r\nrunning = 2\r\nidle = 30.5\r\nrequests_per_second = 0.5\r\nconcurrency = 4\r\n"
        f'[ui]\r\ntheme = "nord"\r\nmouse = false\r\naddress = "{PAGE}"\r\n[keys]\r\nrefresh = "f5"\r\n'
    )
    assert load_settings(path)._replace(given=frozenset()) == Settings(
        PollingSettings(2.0, 30.5, 0.5, 4), UiSettings("nord", False, PAGE), {"refresh": "f5"}
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[polling]\nruning = 5\n", "there is no setting polling.runing; did you mean polling.running?"),
        ("runing = 5\n", "there is no setting runing; did you mean polling.running?"),
        ("[poling]\nidle = 5\n", "there is no setting poling; did you mean polling?"),
        ('[polling]\ntheme = "x"\n', "there is no setting polling.theme; did you mean ui.theme?"),
        ("[ui]\nzzzz = 1\n", "there is no setting ui.zzzz; known here: ui.theme, ui.mouse, ui.address, ui.columns"),
        ("[melody]\nbell = true\n", "there is no setting melody; known here: polling, ui, alerts, service, keys"),
        ("[alerts]\ncommand = 'notify'\n", "alerts.command must be a list of texts"),
        (
            "[alerts]\non = ['faild']\n",
            'alerts.on must be a list of "failed", "stopped", "started", "no answer", "longer',
        ),
        ("[alerts]\nbell = 'yes'\n", "alerts.bell must be true or false"),
        ("[alerts]\nquiet = '22-7'\n", 'alerts.quiet must be two times of day like "22:00-07:00"'),
        ("[alerts]\ndesktop = 'kitty'\n", 'alerts.desktop must be "auto" or "osc9" or "osc99" or "osc777" or "none"'),
        ('default_profil = "prod"\n', "there is no setting default_profil; did you mean default_profile?"),
        ('region = "cn-north-4"\n', "there is no setting region; did you mean profiles.NAME.region?"),
        ('[profiles.a]\nregio = "x"\n', "there is no setting profiles.a.regio; did you mean profiles.a.region?"),
        ('[profiles.a.iam]\nusr = "x"\n', "there is no setting profiles.a.iam.usr; did you mean profiles.a.iam.user?"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(path: Path, text: str, said: str) -> None:
    assert said in settings_problem(path, text)


@pytest.mark.parametrize("value", ["true", '"5"', "nan", "inf", "-inf", "-1", "0.99", "3600.5", "[5]", "huge"])
def test_an_interval_is_a_number_of_seconds(path: Path, value: str) -> None:
    said = "polling.idle must be a number from 1 to 3600 seconds"
    value = value.replace("huge", "0x" + "f" * 5000)  # too long to be written in decimal
    assert settings_problem(path, f"[polling]\nidle = {value}\n").endswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[polling]\nconcurrency = 65\n", "polling.concurrency must be a whole number from 1 to 64"),
        ("[polling]\nconcurrency = 1.0\n", "polling.concurrency must be a whole number from 1 to 64"),
        ("[polling]\nconcurrency = true\n", "polling.concurrency must be a whole number"),
        ("[polling]\nrequests_per_second = 0\n", "polling.requests_per_second must be a number from 0.01 to 100"),
        ("[ui]\nmouse = 1\n", "ui.mouse must be true or false"),
        ("[ui]\ntheme = 1\n", "ui.theme must be a text"),
        ('[ui]\ncolumns = "job"\n', 'ui.columns must be a list of texts, like ["state", "time"]'),
        ('[ui]\ncolumns = ["job", "stat"]\n', "ui.columns names 'stat', which does not exist: did you mean state?"),
        ('[ui]\ncolumns = ["job", "job"]\n', "ui.columns names 'job' twice"),
        ("[keys]\nrefresh = 5\n", "keys.refresh must be a text"),
        (
            '[ui]\ncolumns = ["zzzz"]\n',
            "ui.columns names 'zzzz', which does not exist: there are state, time, age, job",
        ),
        ("polling = 5\n", "polling must be a table"),
        ("[[keys]]\na = 'b'\n", "keys must be a table"),
    ],
)
def test_a_wrong_value_is_named(path: Path, text: str, said: str) -> None:
    assert said in settings_problem(path, text)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("running", "1", "3600"),
        ("idle", "1", "3600"),
        ("requests_per_second", "0.01", "100"),
        ("concurrency", "1", "64"),
    ],
)
def test_both_ends_of_a_range_are_in_it_and_no_more(path: Path, name: str, least: str, most: str) -> None:
    for value in (least, most):
        path.write_text(f"[polling]\n{name} = {value}\n")
        assert getattr(load_settings(path).polling, name) == float(value)
    for value in (f"{float(least) * 0.99}", "0", f"{float(most) * 1.01}"):
        assert f"from {least} to {most}" in settings_problem(path, f"[polling]\n{name} = {value}\n")


def test_a_setting_that_may_be_empty_is_as_if_it_were_not_there(path: Path) -> None:
    path.write_text("[ui]\ntheme = ''\naddress = ''\ncolumns = []\n[alerts]\nquiet = '  '\ncommand = []\non = []\n")
    known = load_settings(path)
    assert known.ui == UiSettings()
    assert known.alerts == AlertSettings(on=frozenset())


def test_a_long_wrong_name_is_cut(path: Path) -> None:
    for text in (f"[ui]\n{'z' * 5000} = 1\n", f"[ui]\ncolumns = ['{'z' * 5000}']\n"):
        assert len(settings_problem(path, text)) < 400 + len(str(path))


def test_texts_of_the_settings_are_plain(path: Path) -> None:
    path.write_text('[profiles.a]\nregion = "cn\\u001b[2J"\nallow_host = ["a\\u202eb"]\n')
    profile = load_settings(path).profiles["a"]
    assert (profile.region, profile.allow_host) == ("cn\ufffd[2J", ("a\ufffdb",))


@pytest.mark.parametrize("parts", ['""', '"", "x"', '"a\\u0000"', '"a", "\\u0000"', "1"])
def test_a_command_that_cannot_be_run_is_refused(path: Path, parts: str) -> None:
    said = settings_problem(path, f"[alerts]\ncommand = [{parts}]\n")
    assert "alerts.command must be a list of texts: a program and its arguments" in said


@pytest.mark.parametrize(
    "template",
    [
        "{job_id}",
        "https://x/{region}",
        "https://x/{job_id",
        "https://x/{job_id.x}",
        "https://x/{job_id:99}",
        "https://x/{job_id!r}",
        "https:x/{job_id}",
        "https://x/{job_id}{}",
    ],
)
def test_an_address_has_the_job_in_it_and_nothing_unknown(path: Path, template: str) -> None:
    assert "ui.address must be an address like" in settings_problem(path, f'[ui]\naddress = "{template}"\n')


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_is_one_of_the_web(path: Path, scheme: str) -> None:
    path.write_text(f"[ui]\naddress = '{scheme}://x/{{region}}/{{job_id}}'\n")
    assert load_settings(path).ui.address == f"{scheme}://x/{{region}}/{{job_id}}"


@pytest.mark.parametrize(
    "key", ["token", "profiles.prod.token", "ui.Password", "sk", "list = [{sk", "keys.secret_key", *MORE_SECRETS]
)
def test_a_secret_is_refused_and_not_repeated(path: Path, key: str) -> None:
    message = settings_problem(path, f'{key} = "hunter2"' + "}]\n" * ("[" in key))
    assert "a secret does not belong in this file" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[polling]\nidle = \n", "at line 2, column 8: Invalid value"),
        (b"[polling]\n# caf\xe9\n", "at line 2, column 6: it is not UTF-8"),
        (b"a = " + b"[" * 100_000, "it nests too deep"),
        (b"#" * (LIMIT + 1), "larger than 1 MiB"),
    ],
    ids=["wrong", "Latin-1", "deep", "large"],
)
def test_a_file_that_cannot_be_read_says_why(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_settings(path)
    assert said in str(caught.value)


@given(st.binary() | st.text().map(lambda text: text.encode(errors="replace")))
def test_any_file_is_settings_or_a_problem(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "settings.toml"
    path.write_bytes(content)
    try:
        assert isinstance(load_settings(path), Settings)
    except UserError as found:
        assert str(found).isprintable()


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG variables count on Linux")
def test_the_variables_of_the_user_decide_where_files_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    locations = default_locations()
    assert locations.watchlist == tmp_path / "config" / "codearts-watch" / "watchlist.toml"
    assert locations.settings == tmp_path / "config" / "codearts-watch" / "settings.toml"
    assert locations.themes == tmp_path / "config" / "codearts-watch" / "themes"
    assert locations.state == tmp_path / "state" / "codearts-watch" / "screen.toml"
    assert not (tmp_path / "config").exists()


@pytest.fixture
def public() -> Iterator[Path]:
    with public_folder() as folder:
        yield folder


def as_read_by(user: int, path: Path, *groups: int) -> str:
    return as_user(user, lambda: load_settings(path).profiles["mine"].token_command, *groups)


@needs_root
@pytest.mark.parametrize(
    ("owner", "group", "bits", "said"),
    [
        (ALICE, ALICE, 0o600, ""),
        (ALICE, ALICE, 0o664, ""),  # umask 002, and a group of her own
        (ALICE, TEAM, 0o640, ""),
        (ALICE, TEAM, 0o664, "others may write it"),
        (ALICE, ALICE, 0o666, "others may write it"),
        (0, 0, 0o644, ""),
        (0, TEAM, 0o664, "others may write it"),
        (EVE, ALICE, 0o666, "it belongs to another user"),
        (EVE, ALICE, 0o644, "it belongs to another user"),
    ],
)
def test_settings_that_another_user_could_have_written_are_not_used(
    public: Path, owner: int, group: int, bits: int, said: str
) -> None:
    path, link = public / "settings.toml", public / "link.toml"
    path.write_text('[profiles.mine]\nregion = "cn-north-4"\ntoken_command = ["false"]\n')
    give(path, owner, group, bits)
    link.symlink_to(path)
    for named in (path, link):
        if said:
            told = as_read_by(ALICE, named, TEAM)
            assert told.startswith(f"UserError: {named} cannot be used: {said}")
            assert "run any command as you" in told
            assert "run ch" in told
        else:
            assert as_read_by(ALICE, named, TEAM) == "('false',)"


def test_a_group_is_private_only_where_nobody_else_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the lists of users and groups say."""
    users = [("root", 0, 0), ("me", 1000, 1000), ("you", 1001, 1001), ("guest", 1002, 100)]
    groups = {0: ("root", []), 1000: ("me", []), 1001: ("you", []), 100: ("users", []), 1005: ("me", ["me", "root"])}
    groups[1006] = ("team", [])  # on a host that cannot list its users
    listed = [pwd.struct_passwd((name, "x", uid, gid, "", "/", "/bin/sh")) for name, uid, gid in users]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(pwd, "getpwall", lambda: listed)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: next(one for one in listed if one.pw_uid == uid))
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group((groups[gid][0], "x", gid, groups[gid][1])))
    assert [gid for gid in groups if is_private(gid)] == [0, 1000, 1005]
    groups[1000] = ("me", ["you"])
    assert not is_private(1000)
    listed.append(pwd.struct_passwd(("twin", "x", 1003, 1005, "", "/", "/bin/sh")))
    assert not is_private(1005)


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "echo {label}"],
        ["bash", "-lc", "echo '{label}'"],
        ["sh", "-c", "-e", "echo {change}"],
        ["timeout", "5", "sh", "-c", "x {profile}"],
        ["sh", "-cecho {label}"],
        ["perl", "-e", "print {label}"],
        ["su", "me", "--command", "echo {label}"],
        ["su", "me", "--command=echo {label}"],
        ["/usr/bin/ssh", "host", "notify-send", "{label}"],
        ["tmux", "display-message", "{label}"],  # which runs what stands in #(...)
        ["timeout", "5", "tmux", "display-message", "{label}"],
        ["sudo", "-u", "me", "/usr/bin/ssh", "host", "log {label}"],
        ["xterm", "-T", "log", "watch", "echo {label}"],
        ["sh", "-c", "-x", "echo {label}"],  # the code comes behind all options
        ["bash", "-lcecho {label}"],
        ["julia", "--eval=print({label})"],
        ["julia", "--eval", "print({label})"],
        ["su", "me", "--execute=x {label}"],
        ["rsh", "host", "log {label}"],
        ["parallel", "echo {label}"],
        ["env", "eval", "echo {label}"],
    ],
)
def test_no_field_of_a_job_becomes_code_of_a_shell(path: Path, command: list[str]) -> None:
    said = settings_problem(path, f"[alerts]\ncommand = {command}\n")
    assert "alerts.command has {" in said
    assert "$CODEARTS_" in said


@pytest.mark.parametrize("program", ["{label}", "/opt/{label}/log", "{change}"])
def test_no_field_of_a_job_chooses_the_program(path: Path, program: str) -> None:
    assert "alerts.command begins with {" in settings_problem(path, f"[alerts]\ncommand = ['{program}', 'x']\n")


@pytest.mark.parametrize(
    "command",
    [
        ["notify-send", "--", "{label}", "{change}"],
        ["sh", "-c", 'notify-send -- "$CODEARTS_LABEL"'],
        ["sh", "-c", 'notify-send -- "$1"', "sh", "{label}"],
        ["notify-send", "-c", "build", "{label}"],
    ],
)
def test_a_field_as_an_argument_is_fine(path: Path, command: list[str]) -> None:
    path.write_text(f"[alerts]\ncommand = {command}\n")
    assert load_settings(path).alerts.command == tuple(command)


def test_a_tilde_in_front_of_a_program_is_a_home(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    path.write_text('[alerts]\ncommand = ["~/bin/notify", "~"]\n')
    assert load_settings(path).alerts.command == ("/home/me/bin/notify", "~")
    path.write_text('[alerts]\ncommand = ["~nobody-of-this-name/notify"]\n')
    with pytest.raises(UserError, match="the home folder that ~ stands for is unknown"):
        load_settings(path)


def test_extras_can_be_switched_off(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    assert load_settings(path).service.extras
    path.write_text("[service]\nextras = false\n")
    assert not load_settings(path).service.extras


def test_the_alerts_are_read(path: Path) -> None:
    path.write_text('[alerts]\nbell = true\non = ["failed", "no answer"]\ndesktop = "osc9"\nquiet = "22:00-07:00"\n')
    found = load_settings(path).alerts
    assert found == AlertSettings(True, frozenset({AlertOn.FAILED, AlertOn.NO_ANSWER}), "osc9", quiet="22:00-07:00")
    assert found.rules == Rules(True, found.on, (time(22), time(7)))
    path.write_text("[alerts]\non = []\n")
    assert load_settings(path).alerts.rules == Rules(on=frozenset())
