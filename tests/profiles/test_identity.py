"""Whose budget a profile uses: the same for instances with the same credential at the same place, and no secret."""

from pathlib import Path

import pytest

from tests.support.user_home import User
from tui.core.budget import Identity

TOKEN, OTHER = "MIIC" + "a" * 60, "MIIC" + "b" * 60
IAM = (
    '[profiles.prod]\nregion = "cn-north-4"\n[profiles.prod.iam]\nuser = "{}"\naccount = "acme"\npassword_env = "PW"\n'
)
COMMAND = '[profiles.prod]\nregion = "cn-north-4"\ntoken_command = ["{}"]\n'
KEYS = {"HUAWEICLOUD_SDK_AK": "AKIDAKIDAKIDAKIDAKID", "HUAWEICLOUD_SDK_SK": "s" * 40}


def identity(folder: Path, environ: dict[str, str], settings: str = "", region: str = "cn-north-4") -> Identity | None:
    user = User(folder)
    user.settings = settings
    user.environ = {"CODEARTS_REGION": region, **environ} if not settings else environ
    return user.profile().identity()


@pytest.mark.parametrize(
    ("environ", "settings", "other_environ", "other_settings"),
    [
        ({"CODEARTS_TOKEN": TOKEN}, "", {"CODEARTS_TOKEN": OTHER}, ""),
        (KEYS, "", {**KEYS, "HUAWEICLOUD_SDK_AK": "B" * 20}, ""),
        ({"PW": "pa55"}, IAM.format("ann"), {"PW": "pa55"}, IAM.format("ben")),
        ({}, COMMAND.format("one"), {}, COMMAND.format("two")),
    ],
    ids=["token", "keys", "iam", "command"],
)
def test_it_is_the_credentials_own_and_reveals_nothing(
    tmp_path: Path, environ: dict[str, str], settings: str, other_environ: dict[str, str], other_settings: str
) -> None:
    mine = identity(tmp_path, environ, settings)
    assert mine
    assert mine == identity(tmp_path, environ, settings)
    assert mine != identity(tmp_path, other_environ, other_settings)
    assert not [value for value in environ.values() if value in "".join(mine)]


def test_another_secret_key_or_place_of_the_token_makes_no_difference_and_another_region_does(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    mine = identity(tmp_path, {"CODEARTS_TOKEN": TOKEN})
    assert mine == identity(tmp_path, {"CODEARTS_TOKEN_FILE": str(tmp_path / "token")})
    assert mine != identity(tmp_path, {"CODEARTS_TOKEN": TOKEN}, region="cn-east-3")
    assert identity(tmp_path, KEYS) == identity(tmp_path, {**KEYS, "HUAWEICLOUD_SDK_SK": "t" * 40})


def test_a_limit_is_remembered_for_all_tokens_of_a_place(tmp_path: Path) -> None:
    mine, renewed = (identity(tmp_path, {"CODEARTS_TOKEN": token}) for token in (TOKEN, OTHER))
    assert mine
    assert renewed
    assert mine.remembered == renewed.remembered


def test_without_a_credential_there_is_none(tmp_path: Path) -> None:
    assert identity(tmp_path, {}) is None
