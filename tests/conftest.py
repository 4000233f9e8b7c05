"""The programs under test obey signals, also where the tests run in the background or under nohup. Hypothesis tries
fewer examples every day, and no test fails because the machine is busy."""

import signal

import textual._wait
from hypothesis import HealthCheck, settings

from tests.support.long_run import by_length

for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

settings.register_profile(
    "codearts-watch",
    max_examples=by_length(40, 100, 2000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("codearts-watch")

# The pilot waits after each key until the process was idle for this long; a fiftieth of a second is its own choice.
textual._wait.SLEEP_GRANULARITY = 1 / 250
textual._wait.SLEEP_IDLE = textual._wait.SLEEP_GRANULARITY / 10
