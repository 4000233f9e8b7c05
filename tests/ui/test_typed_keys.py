"""Keys that come faster than fingers are text, not commands."""

from textual.events import Key

from tui.ui.typed_keys import PasteDetector

MOVING = frozenset({"j", "k", "down"})


def key(name: str, at: float) -> Key:
    event = Key(name, name if len(name) == 1 else None)
    event.time = at
    return event


def test_a_single_command_is_held_and_then_acts() -> None:
    guard = PasteDetector(MOVING)
    assert guard.take(key("x", 1.0))
    assert guard.left(1.02) > 0
    assert guard.left(1.06) <= 0
    text, keys = guard.release()
    assert text == ""
    assert [event.key for event in keys] == ["x"]


def test_movement_acts_at_once() -> None:
    guard = PasteDetector(MOVING)
    assert not guard.take(key("j", 1.0))
    assert not guard.take(key("down", 1.01))


def test_keys_behind_a_held_one_keep_their_order() -> None:
    guard = PasteDetector(MOVING)
    guard.take(key("x", 1.0))
    assert guard.take(key("j", 1.01))
    assert [event.key for event in guard.release()[1]] == ["x", "j"]


def test_a_burst_is_a_paste_from_its_first_key_on_with_its_line_ends() -> None:
    guard = PasteDetector(MOVING)
    at = 1.0
    taken = []
    for character in "jxpq 901878212b":
        name = "space" if character == " " else character
        event = Key(name, character)
        event.time = at
        taken.append(guard.take(event))
        at += 0.001
    guard.take(key("enter", at))
    assert taken[0] is False
    assert all(taken[1:])
    assert guard.release() == ("jxpq 901878212b\n", [])


def test_fast_fingers_are_no_paste() -> None:
    guard = PasteDetector(MOVING)
    for number in range(20):
        guard.take(key("u", 1 + number * 0.03))
    assert guard.pasting is False


def test_line_ends_and_blanks_alone_are_a_key_held_down_on_a_slow_line() -> None:
    guard = PasteDetector(MOVING)
    for _ in range(30):
        guard.take(key("enter", 1.0))
    guard.take(key("q", 1.2))
    assert [event.key for event in guard.release()[1]] == ["enter"] * 30 + ["q"]


def test_keys_behind_a_moving_key_held_down_on_a_slow_line_are_no_paste() -> None:
    guard = PasteDetector(MOVING)
    assert not any(guard.take(key("k", 1.0)) for _ in range(40))
    assert guard.take(key("x", 1.0))
    assert guard.take(key("k", 1.0))
    text, keys = guard.release()
    assert (text, [event.key for event in keys]) == ("", ["x", "k"])


def test_a_paste_that_begins_like_a_key_held_down_keeps_its_beginning() -> None:
    guard = PasteDetector(MOVING)
    for at, character in enumerate("kkk0123456789"):
        guard.take(key(character, 1.0 + at / 1000))
    assert guard.release() == ("kkk0123456789", [])


def pasted(guard: PasteDetector, text: str, at: float) -> str:
    for character in text:
        name = {"\n": "enter", " ": "space"}.get(character, character)
        event = Key(name, character)
        event.time = at
        guard.take(event)
    return guard.release()[0]


def test_the_late_rest_of_a_paste_is_a_paste_whatever_it_begins_with() -> None:
    guard = PasteDetector(MOVING)
    assert pasted(guard, "a line of a paste\n", 1.0) == "a line of a paste\n"
    assert pasted(guard, "\nj", 1.9) == "\nj"
    assert pasted(guard, "jj\n", 2.8) == "jj\n"


def test_enter_soon_after_a_paste_is_a_key() -> None:
    guard = PasteDetector(MOVING)
    pasted(guard, "a line of a paste", 1.0)
    assert guard.take(key("enter", 1.3))
    assert guard.left(1.46) <= 0
    text, keys = guard.release()
    assert (text, [event.key for event in keys]) == ("", ["enter"])


def test_after_escape_nothing_is_the_rest_of_a_paste() -> None:
    guard = PasteDetector(MOVING)
    pasted(guard, "a line of a paste\n", 1.0)
    assert not guard.take(key("escape", 1.3))
    assert not guard.take(key("j", 1.4))
    guard.take(key("x", 1.5))
    assert [event.key for event in guard.release()[1]] == ["x"]
