"""Numbers and times as the screen shows them. Coarse on purpose: a text that stays the same is not sent again."""

from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size

from tui.core.estimate import rounded


def duration(seconds: float) -> str:
    """A duration in at most six cells: in steps of 15 seconds up to three minutes, of a minute up to an hour, of ten
    minutes up to ten hours, then in hours and days."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole // 15 * 15}s"
    minutes = whole // 60
    if minutes < 3:
        return f"{minutes}m{whole % 60 // 15 * 15:02}s"
    if minutes < 60:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 10:
        return f"{hours}h{minutes % 60 // 10 * 10:02}m"
    return _hours(hours)


def _hours(hours: int) -> str:
    return f"{hours}h" if hours < 48 else f"{hours // 24}d"


def brief(seconds: float) -> str:
    """A duration as exact as a person needs it: `45s`, `2m15s`, `9m`, `1h10m`."""
    whole = rounded(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s" if rest else f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if minutes and hours < 48 else _hours(hours)


def exact(seconds: float) -> str:
    """A duration that the service tells, to the second up to an hour: `45s`, `1m08s`, `1h10m`."""
    whole = round(seconds)
    if whole >= 3600:
        return brief(seconds)
    return f"{whole // 60}m{whole % 60:02}s" if whole >= 60 else f"{whole}s"


def coarse(seconds: float) -> str:
    """A duration in whole minutes, hours or days: `9m`, `26h`, `3d`; at least a minute."""
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))}m"
    return _hours(round(seconds / 3600))


def ago(seconds: float, cells: int = 9) -> str:
    """How long ago something was: `just now`, `45s ago`, `1m30s ago`, `3h ago`; in few cells `now`, `1m ago`."""
    if seconds < 15:
        return "just now" if cells >= 8 else "now"
    return f"{past(seconds, cells - 4)} ago"


def past(seconds: float, cells: int = 5) -> str:
    """A time that has passed: `45s`, `1m30s`, `12m`, `3h`; in fewer than five cells `1m` for `1m30s`."""
    if seconds >= 3600:
        return _hours(int(seconds) // 3600)
    return duration(seconds) if cells >= 5 or seconds < 60 else f"{int(seconds) // 60}m"


_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_AT_LEAST = tuple(
    [(minutes * _MINUTE, f"{minutes}m+") for minutes in (1, 5, 15, 30)]
    + [(hours * _HOUR, f"{hours}h+") for hours in (1, 2, 4, 8, 12)]
    + [(days * _DAY, f"{days}d+") for days in (1, 2, 4, 7, 14, 30)]
)


def at_least(seconds: float) -> str:
    """A lower bound of a duration, `5m+`, in few and wide steps; empty under a minute."""
    return next((text for bound, text in reversed(_AT_LEAST) if seconds >= bound), "")


def wait(seconds: float) -> str:
    """A time to wait, in five-second steps up to a minute, then minutes, hours and days."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole // 5 * 5}s"
    return f"{whole // 60}m" if whole < 3600 else _hours(whole // 3600)


def seconds(value: float) -> str:
    """A number of seconds as a person writes it: `5 s`, `0.7 s`, `2 m`."""
    if value >= 120:
        return f"{value / 60:.0f} m"
    return f"{value:.0f} s" if value >= 10 or value == int(value) else f"{value:.1f} s"


def time_of_day(moment: datetime, today: datetime) -> str:
    """Local wall time; with the date if that is not today's. `today` is any aware time of today."""
    local = moment.astimezone()
    if local.date() == today.astimezone().date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%Y-%m-%d %H:%M:%S")


def clock_time(moment: datetime, today: datetime) -> str:
    """Local wall time in eight cells: `at 14:02`, or the date if that is not today's. `today`: see `time_of_day`."""
    local = moment.astimezone()
    return local.strftime("at %H:%M" if local.date() == today.astimezone().date() else "%d %b")


def clock(at: float, today: datetime) -> str:
    """Local wall time in minutes, with the date if that is not today's, and with the year if it is not this one."""
    when, now = local(at), today.astimezone()
    if when.date() == now.date():
        return f"{when:%H:%M}"
    return f"{when:%m-%d %H:%M}" if when.year == now.year else f"{when:%Y-%m-%d %H:%M}"


def local(at: float) -> datetime:
    """A moment in epoch seconds as local wall time."""
    return datetime.fromtimestamp(at, UTC).astimezone()


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in exactly `width` cells, cut with an ellipsis or filled with blanks."""
    if text.isascii():
        return text.ljust(width) if len(text) <= width else text[: width - 1] + ellipsis if width > 0 else ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + ellipsis if width > 0 else ""
