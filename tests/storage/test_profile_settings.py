"""`[profiles.NAME]` of settings.toml: what is read, and what is said about what does not fit."""

from pathlib import Path

import pytest

from tests.support.user_home import settings_problem
from tui.storage.profile_settings import IamSettings, KeySettings, ProfileSettings
from tui.storage.settings import load_settings

EVERYTHING = """
default_profile = "prod"

[profiles.prod]
region = "cn-north-4"
endpoint = "https://build.example.com"
iam_endpoint = "https://iam.example.com/v3"
allow_http = true
allow_host = ["build.example.com", "iam.example.com"]
project = "cn-north-4"
project_id = "0123"
token_file = "~/.token"
token_env = "BUILD_TOKEN"
token_command = ["pass", "show", "a b"]
ca_file = "ca.pem"
proxy = "socks5://proxy:1080"
i_accept_that_anyone_can_read_my_token = true

[profiles.prod.iam]
user = "me"
account = "us"
password_command = ["pass"]

[profiles.prod.keys]
access_env = "AK"
secret_env = "SK"
security_token_env = "ST"

[profiles.other]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_a_profile_is_read(path: Path) -> None:
    path.write_text(EVERYTHING)
    settings = load_settings(path)
    assert settings.default_profile == "prod"
    assert settings.profiles == {
        "prod": ProfileSettings(
            region="cn-north-4",
            endpoint="https://build.example.com",
            iam_endpoint="https://iam.example.com/v3",
            allow_http=True,
            allow_host=("build.example.com", "iam.example.com"),
            project="cn-north-4",
            project_id="0123",
            token_file="~/.token",
            token_env="BUILD_TOKEN",
            token_command=("pass", "show", "a b"),
            iam=IamSettings("me", "us", "", ("pass",)),
            keys=KeySettings("AK", "SK", "ST"),
            ca_file="ca.pem",
            proxy="socks5://proxy:1080",
            unverified=True,
        ),
        "other": ProfileSettings(),
    }
    assert {"default_profile", "profiles.prod.region", "profiles.prod.iam.user"} <= settings.given
    assert "polling.idle" not in settings.given


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profiles = 5", "profiles must be a table"),
        ("[profiles]\nprod = 5", "profiles.prod must be a table"),
        ('[profiles.""]', "is no name for a profile"),
        ('[profiles." "]', "is no name for a profile"),
        (f"[profiles.{'p' * 61}]", "is no name for a profile: take up to 60 letters"),
        ('default_profile = "prod"', "default_profile names 'prod', and there is no such profile (known: none yet"),
        ('default_profile = "prod"\n[profiles.test]', "(known: test)"),
        ('[profiles.a]\ntoken_command = "pass"', "profiles.a.token_command must be a list of texts"),
        ("[profiles.a]\ntoken_command = []", "profiles.a.token_command must be a list of texts"),
        ('[profiles.a]\ntoken_env = "A=B"', "profiles.a.token_env must be the name of an environment variable"),
        ('[profiles.a]\ntoken_env = "A B"', "profiles.a.token_env must be the name of an environment variable"),
        ('[profiles.a]\ntoken_env = ""', "profiles.a.token_env must be the name of an environment variable"),
        ('[profiles.a]\nallow_host = "x"', "profiles.a.allow_host must be a list of texts"),
        ('[profiles.a]\nallow_http = "yes"', "profiles.a.allow_http must be true or false"),
        ('[profiles.a]\ni_accept_that_anyone_can_read_my_token = "yes"', "must be true or false"),
        ('[profiles.a]\nverify = false\nregion = "x"', "there is no setting profiles.a.verify"),
        ('[profiles.a]\nproxy = "proxy"', 'profiles.a.proxy must be like "http://HOST:PORT"'),
        ('[profiles.a]\nproxy = "socks4://proxy:1"', 'profiles.a.proxy must be like "http://HOST:PORT"'),
        ('[profiles.a]\nproxy = "http://proxy:99999"', 'profiles.a.proxy must be like "http://HOST:PORT"'),
        ('[profiles.a]\nproxy = "http://:8080"', 'profiles.a.proxy must be like "http://HOST:PORT"'),
        ('[profiles.a]\nproxy = "http://proxy:1/path"', 'profiles.a.proxy must be like "http://HOST:PORT"'),
        ('[profiles.a]\nproxy = "http://proxy:1/#hunter2"', 'profiles.a.proxy must be like "http://HOST:PORT"'),
        ('[profiles.a]\nproxy = "http://proxy:1/?key=hunter2"', 'profiles.a.proxy must be like "http://HOST:PORT"'),
        ('[profiles.a.iam]\nuser = "me"', "profiles.a.iam needs account"),
        ('[profiles.a.iam]\naccount = "us"', "profiles.a.iam needs user"),
        (
            '[profiles.a.iam]\nuser = "me"\naccount = "us"\npassword_env = "P"\npassword_command = ["p"]',
            "has both password_env and password_command",
        ),
        ("[profiles.a.keys]", "profiles.a.keys needs access_env and secret_env, or source"),
        ('[profiles.a.keys]\naccess_env = "A"', "profiles.a.keys needs access_env and secret_env, or source"),
        ('[profiles.a.keys]\nsecurity_token_env = "T"', "profiles.a.keys needs access_env and secret_env, or source"),
        (
            '[profiles.a.keys]\nsource = "file"\nsecurity_token_env = "T"',
            "profiles.a.keys needs access_env and secret_env, or source",
        ),
        ('[profiles.a.keys]\nsource = "vault"', 'profiles.a.keys.source must be "environment" or "file"'),
        ('[profiles.a.keys]\nsource = "file"\naccess_env = "A"\nsecret_env = "B"', "instead of them"),
    ],
)
def test_what_does_not_fit_is_named(path: Path, text: str, said: str) -> None:
    assert said in settings_problem(path, f"{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        '[profiles.a]\ntoken = "hunter2"',
        '[profiles.a.iam]\nuser = "me"\naccount = "us"\npassword = "hunter2"',
        '[profiles.a.keys]\nsk = "hunter2"',
        '[profiles.a.keys]\nsecurity_token = "hunter2"',
        '[profiles.a]\nproxy = "http://me:hunter2@proxy:8080"',
    ],
)
def test_a_secret_is_refused_and_not_repeated(path: Path, text: str) -> None:
    said = settings_problem(path, f"{text}\n")
    assert "does not belong in this file" in said or "user name or password" in said
    assert "hunter2" not in said


def test_a_profile_may_be_called_as_it_pleases(path: Path) -> None:
    path.write_text('[profiles.token]\nregion = "cn-north-4"\n')
    assert load_settings(path).profiles["token"].region == "cn-north-4"


@pytest.mark.parametrize(
    "proxy", ["", "none", "http://proxy:1/", "https://proxy:1", "socks5://proxy:1", "socks5h://[::1]:1"]
)
def test_these_are_proxies_or_none(path: Path, proxy: str) -> None:
    path.write_text(f"[profiles.{'p' * 60}]\nproxy = '{proxy}'\n")
    assert load_settings(path).profiles["p" * 60].proxy == proxy
