"""`codearts-watch config`: each value, where it came from, and no secret."""

import json
import shlex
from pathlib import Path

import pytest

from tests.support.credential_fakes import TOKEN
from tests.support.user_home import User
from tui.cli import main

SECRETS = {
    "CODEARTS_TOKEN": TOKEN,
    "MY_TOKEN": "token-of-my-own-variable",
    "HW_AUTH_TOKEN": "token-of-terraform-0001",
    "HUAWEICLOUD_SDK_AK": "ACCESSKEYOFTHESDK001",
    "HUAWEICLOUD_SDK_SK": "secret-key-of-the-sdk-0001",
    "MY_AK": "ACCESSKEYOFMYOWN0001",
    "MY_SK": "secret-key-of-my-own-0001",
    "MY_PASSWORD": "password-of-my-own-0001",
}
FILE_TOKEN = "token-in-a-file-0001"
NORTH = 'region = "cn-north-4"\n'


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setenv("HOME", str(tmp_path))
    user = User(tmp_path)
    user.private("token", FILE_TOKEN)
    return user


def rows(
    user: User,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *argv: str,
    names: str = "",
    code: int = 0,
) -> dict[str, tuple[str, str]]:
    """Value and origin by name, with these variables set; the text form says the same."""
    for name in names.split():
        monkeypatch.setenv(name, SECRETS[name])
    files = ["--settings", str(user.home / "settings.toml"), "--watchlist", str(user.home / "watchlist.toml")]
    (user.home / "settings.toml").write_text(user.settings)
    assert main([*files, "config", *argv]) == code
    text = capsys.readouterr()
    assert main([*files, "config", "--json", *argv]) == code
    printed = capsys.readouterr()
    found = {row["name"]: (row["value"], row["origin"]) for row in json.loads(printed.out)}
    for name, (value, origin) in found.items():
        line = next(line for line in text.out.splitlines() if line.split("  ")[0] == name)
        assert (value or "-") in line
        assert line.endswith(origin)
    everything = text.out + text.err + printed.out + printed.err
    for secret in (*SECRETS.values(), FILE_TOKEN):
        assert secret[:10] not in everything
    return found


def test_settings_and_defaults(user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    user.settings = (
        '[polling]\nidle = 15\n[ui]\nmouse = false\n[alerts]\ncommand = ["curl", "-d", "x"]\n[keys]\nleave = "f6"\n'
    )
    found = rows(user, capsys, monkeypatch, "--region", "cn-north-4", "--log", "/tmp/x.log")
    assert found["polling.idle"] == ("15", "settings: polling.idle")
    assert found["polling.running"] == ("5", "default")
    assert found["ui.mouse"] == ("false", "settings: ui.mouse")
    assert found["alerts.command"] == ("curl and 2 arguments", "settings: alerts.command")
    assert found["keys.leave"] == ("f6", "settings: keys.leave")
    assert found["region"] == ("cn-north-4", "--region")
    assert found["endpoint"] == ("https://cloudbuild-ext.cn-north-4.myhuaweicloud.com", "of the region")
    assert found["iam_endpoint"] == ("https://iam.cn-north-4.myhuaweicloud.com", "of the region")
    assert found["log file"] == ("/tmp/x.log", "--log")
    assert found["settings file"] == (str(user.home / "settings.toml"), "--settings")
    assert found["proxy"] == ("as the environment says", "default")


@pytest.mark.parametrize(
    ("settings", "argv", "names", "said", "origin"),
    [
        ("", "--token-file ~/token", "CODEARTS_TOKEN", "file ~/token: ••• (20 characters)", "--token-file"),
        ("", "", "CODEARTS_TOKEN HW_AUTH_TOKEN", "CODEARTS_TOKEN: ••• (56 characters)", "CODEARTS_TOKEN"),
        ("", "", "HW_AUTH_TOKEN", "HW_AUTH_TOKEN: ••• (23 characters)", "HW_AUTH_TOKEN"),
        (
            "",
            "",
            "HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK",
            "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK: ••• (20 characters), ••• (26 characters)",
            "found",
        ),
        ('token_env = "MY_TOKEN"', "", "MY_TOKEN", "MY_TOKEN: ••• (24 characters)", "settings: profiles.a.token_env"),
        ('token_file = "token"', "", "", "file ~/token: ••• (20 characters)", "settings: profiles.a.token_file"),
        (
            'token_command = ["sh", "-c", "echo secret-key-of-my-own-0001"]',
            "",
            "",
            "token_command sh: not asked yet",
            "settings: profiles.a.token_command",
        ),
        (
            '[profiles.a.iam]\nuser = "me"\naccount = "us"\npassword_env = "MY_PASSWORD"',
            "",
            "MY_PASSWORD",
            "IAM user me: ••• (23 characters)",
            "settings: profiles.a.iam",
        ),
        (
            '[profiles.a.iam]\nuser = "me"\naccount = "us"',
            "",
            "",
            "IAM user me: not asked yet",
            "settings: profiles.a.iam",
        ),
        (
            '[profiles.a.keys]\naccess_env = "MY_AK"\nsecret_env = "MY_SK"',
            "",
            "MY_AK MY_SK",
            "MY_AK and MY_SK: ••• (20 characters), ••• (25 characters)",
            "settings: profiles.a.keys",
        ),
        ("", "", "", "No token is given: set CODEARTS_TOKEN", "default"),
    ],
)
def test_each_source_is_shown_without_its_secret(
    user: User,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    argv: str,
    names: str,
    said: str,
    origin: str,
) -> None:
    user.settings = f"[profiles.a]\n{NORTH}{settings}\n"
    asked = shlex.split(argv.replace("~", str(user.home)))
    value, where = rows(user, capsys, monkeypatch, *asked, names=names)["profiles.a.credential 1"]
    assert value.startswith(said)
    assert where == origin


def test_a_profile_that_cannot_be_used_says_why_beside_the_others(
    user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user.settings = f'default_profile = "a"\n[profiles.a]\n{NORTH}[profiles.b]\nendpoint = "https://b.example.com"\n'
    found = rows(user, capsys, monkeypatch, code=2)
    assert found["profile"] == ("a", "settings: default_profile")
    assert found["profiles.a.region"] == ("cn-north-4", "settings: profiles.a.region")
    value, why = found["profiles.b.endpoint"]
    assert value == "not usable"
    assert "nothing is sent there" in why


def test_hosts_and_connection_are_shown(
    user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user.settings = (
        '[profiles.a]\nendpoint = "https://b.example.com"\nallow_host = ["b.example.com"]\nca_file = "ca.pem"\n'
        'proxy = "none"\ni_accept_that_anyone_can_read_my_token = true\nproject = "p"\n'
    )
    found = rows(user, capsys, monkeypatch, "--allow-host", "c.example.com")
    assert found["profiles.a.allow_host"] == (
        "b.example.com, c.example.com",
        "settings: profiles.a.allow_host and --allow-host",
    )
    for name, value in (("ca_file", "ca.pem"), ("proxy", "none"), ("project", "p")):
        assert found[f"profiles.a.{name}"] == (value, f"settings: profiles.a.{name}")
    assert found["profiles.a.i_accept_that_anyone_can_read_my_token"][0] == "true"
