"""A service that allows so many calls in a window, and instances that share a budget: for virtual time."""

from collections import deque
from collections.abc import Callable

from tui.core.budget import Limit, Spending, Told
from tui.core.reading import Failure, FailureKind


class Quota:
    """Counts calls in a sliding or a fixed window, and refuses those beyond the limit in the gateway's words."""

    def __init__(self, clock: Callable[[], float], *, is_fixed: bool = False) -> None:
        self._clock, self._is_fixed = clock, is_fixed
        self.limit = (200.0, 300.0)
        self.refused: list[float] = []
        self.served: list[float] = []
        self._window: deque[float] = deque()

    def refusal(self) -> Failure | None:
        """Counts a call. Returns why it is refused."""
        now, (calls, seconds) = self._clock(), self.limit
        begin = now // seconds * seconds if self._is_fixed else now - seconds
        while self._window and self._window[0] <= begin:
            self._window.popleft()
        if len(self._window) < calls:
            self._window.append(now)
            self.served.append(now)
            return None
        self.refused.append(now)
        summary = "The gateway's request limit is reached (HTTP 429, APIGW.0308)."
        return Failure(FailureKind.THROTTLED, summary, "APIGW.0308", limit=self.limit)


class Room:
    """Where instances of one host tell each other what they spend; each hears it `late` seconds late at most."""

    def __init__(self, clock: Callable[[], float], late: float = 0.25) -> None:
        self.clock, self.late = clock, late
        self.told: dict[int, Spending] = {}
        self.remembered: Limit | None = None

    def refuse(self, seconds: float) -> None:
        """Another instance is told now to wait so long."""
        now = self.clock()
        self.told[len(self.told)] = Spending(now, 1.0, (), 5.0, now, now + seconds, None)

    def peers(self) -> "RoomPeers":
        return RoomPeers(self, len(self.told))


class RoomPeers:
    """One instance in the room."""

    def __init__(self, room: Room, number: int) -> None:
        self._room, self._number = room, number
        self._heard_at = -1e9
        self._heard = Told()
        room.told[number] = Spending(-1e9, 0.0, (), 1e9, -1e9, -1e9, None, is_there=False)

    def exchange(self, spending: Spending) -> Told:
        room = self._room
        room.told[self._number] = spending
        if spending.limit and spending.limit.is_named:
            room.remembered = spending.limit
        if room.clock() >= self._heard_at + room.late:
            self._heard_at = room.clock()
            others = tuple(told for number, told in room.told.items() if number != self._number)
            self._heard = Told(others, room.remembered)
        return self._heard

    def when_told(self, ready: Callable[[], object]) -> None:
        """Something is told at once."""

    def end(self) -> None:
        self._room.told[self._number] = self._room.told[self._number]._replace(is_there=False)
