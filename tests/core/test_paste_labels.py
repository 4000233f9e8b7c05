"""What stands beside an ID in a paste is the job's label, where it looks like one."""

import json

import pytest
from textual import events

from tests.support.builders import DAY
from tests.support.command_stage import Stage
from tests.support.hostile_texts import control_characters
from tests.support.screen_harness import screen
from tui.commands.add import add
from tui.core.job import Job, JobId
from tui.core.paste import parse_paste, preview

JOB = "901878212b1a49be9c1a1054c272762a"
OTHER = "0123456789abcdef0123456789abcdef"
PAGE = f"https://devcloud.cn-north-4.huaweicloud.com/codeci/project/{OTHER}/codeci/detail/history/{JOB}?v=1"
TABLE = f"| Status | ID | Name |\n| --- | --- | --- |\n| green | {JOB} | payments |\n| red | `{OTHER}` | web-frontend |"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (f"{JOB}\tpayments nightly", "payments nightly"),
        (f"{JOB}\tpayments (prod)", "payments (prod)"),
        (f"(prod) payments\t{JOB}", "(prod) payments"),
        (f"{JOB}  payments [prod]", "payments [prod]"),
        (f"{JOB}  (payments (prod))", "payments (prod)"),
        (f"{JOB} (payments)", "payments"),
        (f"{JOB}\tpayments nightly\tpayments,web\tprod", "payments nightly"),
        (f"payments nightly\t{JOB}\trunning", "payments nightly"),
        (f"7\tpayments nightly\t{JOB}", "payments nightly"),
        (f"{PAGE} payments-api", "payments-api"),
        (f"[payments nightly]({PAGE})", "payments nightly"),
        (f"- {JOB}: the nightly build", "the nightly build"),
        (f"1. {JOB} - payments", "payments"),
        (f"{JOB}  # payments", "payments"),
        (f"{JOB}  payments-api nightly   payments", "payments-api nightly"),
        (f"{JOB}                        payments", ""),
        (f"payments-api: {JOB}", "payments-api"),
        (f'"payments, nightly",{JOB},x', "payments, nightly"),
        (f"支付 夜间\t{JOB}", "支付 夜间"),
        (f"\u0645\u06cc\u200c\u0634\u0648\u062f\t{JOB}", "\u0645\u06cc\u200c\u0634\u0648\u062f"),
        (json.dumps({"id": JOB, "label": 'say "hi" é', "tags": []}), 'say "hi" é'),
        (json.dumps([{"name": "payments", "status": None, "id": JOB}]), "payments"),
        (json.dumps([{"id": JOB, "label": "payments"}], indent=2), "payments"),
        (f'[[jobs]]\nid = "{JOB}"\nlabel = "payments nightly"\n', "payments nightly"),
        (JOB, ""),
        (PAGE, ""),
        (f"It failed again: {JOB}.", ""),
        (f"please look at {JOB} now", ""),
        (f"{JOB} is stuck, can you look?", ""),
        (f"job id: {JOB}", ""),
        (f"2026-11-26 12:00:01 INFO job_id={JOB} started", ""),
        (f"{JOB}\trunning\t2026-11-26", ""),
        (f"{JOB}\thttps://example.com/x", ""),
        (f"{JOB}\ttoken: MIIDkgYJKoZIhvcNAQcCoIIDgzCCA38", ""),
        (f"{JOB}\t{'x' * 5000}", ""),
    ],
)
def test_what_stands_beside_an_id_is_its_label(text: str, label: str) -> None:
    (found,) = preview(parse_paste(text), ()).new
    assert found.label == label


def test_a_table_names_the_column_of_names() -> None:
    assert [found.label for found in parse_paste(TABLE).found] == ["payments", "web-frontend"]


def test_each_line_and_each_object_has_its_own_label() -> None:
    lines = f"{JOB}\tpayments\n{OTHER}\tweb\n"
    objects = json.dumps([{"id": JOB, "label": "payments"}, {"id": OTHER, "label": "web"}])
    for text in (lines, objects, json.dumps(json.loads(objects), indent=1)):
        assert [found.label for found in parse_paste(text).found] == ["payments", "web"]
    assert [found.label for found in parse_paste(f"{JOB} {OTHER} payments").found] == ["", ""]


def test_a_label_may_stand_beside_the_repeat() -> None:
    (found,) = preview(parse_paste(f"{JOB}\n{JOB}\tpayments"), ()).new
    assert found.label == "payments"


@pytest.mark.parametrize("hostile", ["pay\x1b[31m\u202ements", "a\x9b31mb", "x\u2066y", "p\x00q", "a\ud800b"])
def test_a_hostile_label_is_plain(hostile: str) -> None:
    for text in (f"{JOB}\t{hostile}", json.dumps({"id": JOB, "label": hostile}), f"{hostile}: {JOB}"):
        (found,) = parse_paste(text).found
        assert not control_characters(found.label)
        assert len(found.label) <= 100


async def test_the_preview_shows_the_labels_and_the_jobs_have_them() -> None:
    async with screen(1) as shown:
        shown.app.post_message(events.Paste(f"{JOB}\tpayments nightly\n{OTHER}\tweb\n"))
        await shown.until(lambda: "2 new" in shown.text)
        assert f"{JOB}  payments nightly" in shown.text
        await shown.press("enter")
        assert [job.label for job in shown.store.load().jobs][1:] == ["payments nightly", "web"]


async def test_the_label_of_one_job_stands_in_its_field_to_be_changed() -> None:
    async with screen(1) as shown:
        shown.app.post_message(events.Paste(f"{JOB}\tpayments"))
        await shown.until(lambda: "1 new" in shown.text)
        await shown.press("tab", "end", *" api", "enter")
        assert shown.store.load().jobs[1].label == "payments api"


def test_add_takes_labels_from_standard_input() -> None:
    stage = Stage()
    output = stage.session().output
    text = f"{JOB}\tpayments nightly\n{PAGE.replace(JOB, OTHER)} web\n"
    add(stage.store, output, ["-"], Job(JobId("0" * 32)), lambda: text, DAY)
    assert [job.label for job in stage.store.load().jobs] == ["payments nightly", "web"]
    assert "payments nightly" in stage.data.getvalue()
