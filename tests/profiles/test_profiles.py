"""A profile's endpoint and credential: flag before environment before settings, and no secret to other hosts."""

from pathlib import Path

import pytest

from tests.support.credential_fakes import TOKEN
from tests.support.user_home import NO_WORD, User, shown
from tui.codearts.auth.credentials import AuthHeaders
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind
from tui.profiles.sign_in import SecretKind

TWO = '[profiles.prod]\nregion = "cn-north-4"\n[profiles.test]\nregion = "cn-east-3"\n'
NORTH, EAST, SOUTH = (
    f"https://cloudbuild-ext.{region}.myhuaweicloud.com" for region in ("cn-north-4", "cn-east-3", "cn-south-1")
)


def problem(user: User, *argv: str) -> str:
    with pytest.raises(UserError) as caught:
        user.app(*argv)
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "argv", "environ", "chosen", "why"),
    [
        (TWO, ["--profile", "test"], {"CODEARTS_PROFILE": "prod"}, "test", "--profile"),
        (f'default_profile = "test"\n{TWO}', [], {"CODEARTS_PROFILE": "prod"}, "prod", "CODEARTS_PROFILE"),
        (f'default_profile = "test"\n{TWO}', [], {}, "test", "settings: default_profile"),
        ('[profiles.only]\nregion = "cn-north-4"\n', [], {}, "only", "settings: the only one"),
        (TWO, ["--region", "cn-south-1"], {}, "", "default"),
        ("", ["--region", "cn-south-1"], {}, "", "default"),
    ],
)
def test_the_profile_in_charge(
    user: User, settings: str, argv: list[str], environ: dict[str, str], chosen: str, why: str
) -> None:
    user.settings, user.environ = settings, environ
    planned = user.context(*argv)
    assert (planned.in_charge, planned.why) == (chosen, why)
    parts = user.app(*argv)
    assert parts.names[0] == chosen
    assert set(parts.names) >= set(planned.settings.profiles)


def test_a_profile_that_is_not_there_is_named_with_those_that_are(user: User) -> None:
    user.settings = TWO
    assert problem(user, "--profile", "prd") == (
        "--profile names the profile 'prd', which is not in the settings (prod, test)."
    )
    user.environ = {"CODEARTS_PROFILE": "x"}
    assert "CODEARTS_PROFILE names the profile 'x'" in problem(user)


@pytest.mark.parametrize(
    ("argv", "environ", "where"),
    [
        ([], {}, NORTH),
        ([], {"HW_REGION_NAME": "cn-east-3"}, NORTH),
        ([], {"CODEARTS_REGION": "cn-east-3"}, EAST),
        ([], {"CODEARTS_ENDPOINT": EAST}, EAST),
        (["--region", "cn-south-1"], {"CODEARTS_ENDPOINT": EAST}, SOUTH),
        (["--endpoint", SOUTH], {"CODEARTS_REGION": "cn-east-3"}, SOUTH),
    ],
)
def test_flag_before_environment_before_settings(
    user: User, argv: list[str], environ: dict[str, str], where: str
) -> None:
    user.settings, user.environ = f'default_profile = "prod"\n{TWO}', environ
    parts = user.app(*argv)
    assert parts.profile("prod").endpoint.url == where
    assert parts.profile("test").endpoint.url == EAST


def test_without_a_profile_the_region_of_terraform_counts(user: User) -> None:
    user.environ = {"HW_REGION_NAME": "cn-east-3"}
    assert user.profile().endpoint.url == EAST
    user.environ = {}
    assert "No region or endpoint set" in problem(user)


@pytest.mark.parametrize(
    "wrong",
    [
        'region = "cn-north-44"',
        'endpoint = "https://cloudbuild-ext.cn-north-4.myhuaweicloud.co"',
        'endpoint = "http://cloudbuild-ext.cn-north-4.myhuaweicloud.com"',
        'region = "cn-north-4"\niam_endpoint = "https://iam.example.com"',
        'region = "cn-north-4"\niam_endpoint = "iam"',
        'endpoint = "http://127.0.0.1:1"\n[profiles.bad.iam]\nuser = "a"\naccount = "b"',
        'endpoint = "http://127.0.0.1:1"\niam_endpoint = "http://127.0.0.1:1"\n[profiles.bad.iam]\nuser="a"\naccount="b"',
    ],
)
def test_a_profile_that_can_never_work_stops_the_start(user: User, wrong: str) -> None:
    user.settings = f"{TWO}[profiles.bad]\n{wrong}\n"
    user.environ = {"CODEARTS_TOKEN": TOKEN}
    said = problem(user, "--profile", "prod")
    assert said.startswith("Profile bad: ")
    assert NO_WORD not in said


def test_a_stranger_is_let_in_by_name_only(user: User) -> None:
    stranger = ["--endpoint", "https://build.example.com"]
    said = problem(user, *stranger)
    assert "nothing is sent there" in said
    assert "--allow-host build.example.com" in said
    assert user.profile(*stranger, "--allow-host", "build.example.com").endpoint.url == "https://build.example.com"
    user.settings = '[profiles.own]\nendpoint = "https://build.example.com"\nallow_host = ["build.example.com"]\n'
    assert user.profile().endpoint.url == "https://build.example.com"
    user.settings = user.settings.replace('"]', '.evil"]')
    assert "nothing is sent there" in problem(user)


def test_plain_http_needs_both_words(user: User) -> None:
    plain = ["--endpoint", "http://build.example.com"]
    assert "Over http://" in problem(user, *plain, "--allow-host", "build.example.com")
    assert "nothing is sent there" in problem(user, *plain, "--allow-http")
    assert user.profile(*plain, "--allow-http", "--allow-host", "build.example.com").endpoint.url == plain[1]


ALL = """
[profiles.a]
region = "cn-north-4"
token_file = "token"
token_env = "MY_TOKEN"
token_command = ["printf", "from-command"]
"""


async def source(user: User, *argv: str) -> str:
    auth_headers = await shown(user.profile(*argv))
    assert isinstance(auth_headers, AuthHeaders), auth_headers
    return auth_headers.source


async def test_the_order_of_the_sources(user: User) -> None:
    user.settings = ALL
    file, flagged = user.private("token", "from-file"), user.private("flagged", "from-flag")
    user.environ = {"CODEARTS_TOKEN": "from-variable", "CODEARTS_TOKEN_FILE": str(flagged), "MY_TOKEN": "mine"}
    assert await source(user, "--token-file", str(flagged)) == "file ~/flagged"
    user.environ |= {"CODEARTS_TOKEN": "from-variable", "MY_TOKEN": "mine"}
    assert await source(user) == "CODEARTS_TOKEN"
    assert await source(user) == "file ~/flagged"
    del user.environ["CODEARTS_TOKEN_FILE"]
    assert await source(user) == "file ~/token"
    file.unlink()
    user.environ["MY_TOKEN"] = "mine"
    assert await source(user) == "MY_TOKEN"
    assert await source(user) == "token_command printf"


async def test_a_profile_without_a_source_takes_what_is_there(user: User) -> None:
    user.private(".huaweicloud/credentials", "[basic]\nak = A\nsk = B\n")
    region = ["--region", "cn-north-4"]
    user.environ = {"HW_AUTH_TOKEN": "t", "HW_ACCESS_KEY": "C", "HW_SECRET_KEY": "D"}
    user.environ |= {"HUAWEICLOUD_SDK_AK": "E", "HUAWEICLOUD_SDK_SK": "F"}
    assert await source(user, *region) == "HW_AUTH_TOKEN"
    assert user.environ == {}
    user.environ = {"HW_ACCESS_KEY": "C", "HW_SECRET_KEY": "D", "HUAWEICLOUD_SDK_AK": "E", "HUAWEICLOUD_SDK_SK": "F"}
    assert await source(user, *region) == "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
    user.environ = {"HW_ACCESS_KEY": "C", "HW_SECRET_KEY": "D"}
    assert await source(user, *region) == "HW_ACCESS_KEY and HW_SECRET_KEY"
    user.environ = {}
    assert await source(user, *region) == "file ~/.huaweicloud/credentials"


LAB = '[profiles.lab]\nendpoint = "https://build.lab.example"\nallow_host = ["build.lab.example"]\n'
AMBIENT: tuple[dict[str, str], ...] = (
    {"CODEARTS_TOKEN": TOKEN},
    {"HW_AUTH_TOKEN": TOKEN},
    {"HW_ACCESS_KEY": "C", "HW_SECRET_KEY": "D"},
)


@pytest.mark.parametrize("environ", [*AMBIENT, {}])
async def test_what_the_environment_has_goes_to_the_host_of_the_profile_in_charge_alone(
    user: User, environ: dict[str, str]
) -> None:
    """Also if another user's watchlist names the other profile."""
    user.private(".huaweicloud/credentials", "[basic]\nak = A\nsk = B\n")
    user.settings = f'default_profile = "prod"\n{TWO}{LAB}[profiles.twin]\nregion = "cn-north-4"\n'
    user.environ = dict(environ)
    parts = user.app()
    for name, is_given in (("prod", True), ("twin", True), ("test", False), ("lab", False)):
        auth_headers = await shown(parts.profile(name))
        assert isinstance(auth_headers, AuthHeaders) is is_given, name
        if isinstance(auth_headers, Failure):
            assert auth_headers.summary.startswith(f"Profile {name} has no credential of its own")
            assert auth_headers.kind is FailureKind.NO_CREDENTIAL
    user.environ = dict(environ)
    assert isinstance(await shown(user.app("--profile", "lab").profile("lab")), AuthHeaders)


@pytest.mark.parametrize(
    ("endpoints", "iam"),
    [
        ('region = "cn-north-4"', "https://iam.cn-north-4.myhuaweicloud.com"),
        (f'endpoint = "{NORTH}"', "https://iam.cn-north-4.myhuaweicloud.com"),
        (
            'endpoint = "https://cloudbuild-ext.cn-north-9.myhuaweicloud.com"\nregion = "cn-north-9"',
            "https://iam.cn-north-9.myhuaweicloud.com",
        ),
        (f'endpoint = "{NORTH}"\nregion = "cn-east-3"', "https://iam.cn-north-4.myhuaweicloud.com"),
        ('endpoint = "http://127.0.0.1:1"\nregion = "cn-north-4"', None),
        ('endpoint = "https://build.lab.example"\nallow_host = ["build.lab.example"]\nregion = "cn-north-4"', None),
        (
            (
                'endpoint = "https://x.cn-north-4.lab.example"\nallow_host = ["x.cn-north-4.lab.example"]\n'
                'region = "cn-north-4"'
            ),
            None,
        ),
    ],
)
def test_the_vendors_iam_sees_no_token_of_another_place(user: User, endpoints: str, iam: str | None) -> None:
    user.settings = f"[profiles.a]\n{endpoints}\n"
    known = user.profile().access.endpoints.iam
    assert (known.url if known else None) == iam
    user.environ = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.myhuaweicloud.com"}
    known = user.profile().access.endpoints.iam
    assert (known.url if known else None) == (iam and "https://iam.myhuaweicloud.com")


async def test_a_profile_that_names_its_source_takes_no_other(user: User) -> None:
    user.settings = '[profiles.a]\nregion = "cn-north-4"\ntoken_env = "MY_TOKEN"\n[profiles.b]\nregion = "cn-north-4"\n'
    user.environ = {"HW_AUTH_TOKEN": "t", "CODEARTS_TOKEN": "mine"}
    parts = user.app("--profile", "b")
    missing = await shown(parts.profile("a"))
    assert isinstance(missing, Failure)
    assert missing.summary == "MY_TOKEN: This variable is not set: put the token into it."
    assert missing.kind is FailureKind.NO_CREDENTIAL


@pytest.mark.parametrize(
    ("keys", "source"),
    [
        ('access_env = "AK"\nsecret_env = "SK"', "AK and SK"),
        ('source = "environment"', "HW_ACCESS_KEY and HW_SECRET_KEY"),
        ('source = "file"', "file ~/.huaweicloud/credentials"),
    ],
)
async def test_keys_are_taken_from_where_the_profile_says(user: User, keys: str, source: str) -> None:
    user.private(".huaweicloud/credentials", "[basic]\nak = A\nsk = B\n")
    user.environ = {"AK": "1", "SK": "2", "HW_ACCESS_KEY": "C", "HW_SECRET_KEY": "D"}
    user.settings = f'[profiles.a]\nregion = "cn-north-4"\nproject_id = "our-project"\n[profiles.a.keys]\n{keys}\n'
    auth_headers = await shown(user.profile())
    assert isinstance(auth_headers, AuthHeaders)
    assert (auth_headers.source, auth_headers.headers["X-Project-Id"]) == (source, "our-project")
    user.environ = {}
    (user.home / ".huaweicloud/credentials").unlink()
    missing = await shown(user.profile())
    assert isinstance(missing, Failure)
    assert missing.kind is FailureKind.NO_CREDENTIAL


def test_children_inherit_no_secret_used_or_not(user: User) -> None:
    user.settings = (
        '[profiles.a]\nregion = "cn-north-4"\ntoken_env = "T"\n[profiles.a.keys]\naccess_env = "A"\nsecret_env = "S"\n'
        'security_token_env = "ST"\n[profiles.b]\nregion = "cn-north-4"\ntoken_command = ["vault"]\n'
        '[profiles.b.iam]\nuser = "u"\naccount = "a"\npassword_env = "P"\n'
    )
    unused: tuple[str, ...] = ("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_AUTH_TOKEN", "OS_AUTH_TOKEN")
    unused += ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN")
    user.environ = dict.fromkeys(("T", "A", "S", "ST", "P", "CODEARTS_TOKEN", "PATH", *unused), "x")
    user.app("--profile", "a")
    assert user.environ == {"PATH": "x"}


async def test_a_profile_that_only_the_watchlist_knows_says_so(user: User) -> None:
    user.settings = TWO
    unknown = user.app("--profile", "prod").profile("gone")
    failure = await shown(unknown)
    assert isinstance(failure, Failure)
    assert failure.summary == "The settings have no profile 'gone': add it there, or change the job's profile."
    assert unknown.sign_in.wants is SecretKind.TOKEN


def test_only_the_long_name_turns_verification_off_and_the_screen_warns(user: User) -> None:
    user.settings = TWO
    parts = user.app("--profile", "prod")
    assert (parts.profile("prod").warning, parts.profile("prod").access.options.verify) == ("", True)
    user.settings = '[profiles.a]\nregion = "cn-north-4"\ni_accept_that_anyone_can_read_my_token = true\n'
    profile = user.profile()
    assert "anyone on the way can read the token" in profile.warning
    assert not profile.access.options.verify


def test_how_a_profile_connects(user: User) -> None:
    user.settings = '[profiles.a]\nregion = "cn-north-4"\nca_file = "ca.pem"\nproxy = "none"\n'
    options = user.profile().access.options
    assert (options.ca_file, options.proxy) == (user.home / "ca.pem", "")
    user.settings = '[profiles.a]\nregion = "cn-north-4"\nca_file = "/ca.pem"\nproxy = "http://p:1"\n'
    options = user.profile().access.options
    assert (options.ca_file, options.proxy) == (Path("/ca.pem"), "http://p:1")
