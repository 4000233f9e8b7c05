"""codearts-watch: a terminal monitor for CodeArts Build jobs.

The map of the program. Imports point down only; the layers are in pyproject.toml, and `lint-imports` checks them.

    __main__    the entry of the program: hardens the process, then calls `cli`
    cli         the parser, the choice of the command, exit codes
    commands    one module for each command; `watch` opens the screen
    context     what the user gave (flags, environment, files), and what is made of it: profiles, pollers
    ui          the screen; the only package that imports Textual
    logs        the log file: formatter, and the filter that hides secrets
    profiles    from settings and environment to an endpoint and a credential for each profile
    codearts    the build service and IAM over HTTP; the only package that imports httpx
    polling     when to read which job: intervals, rate limit, back-off, circuit breaker; lists that say which is next
    storage     files: watchlist, settings, state of the screen, history, what services told (limits, names, refused
                log-ins), and the budget that instances share
    demo        the simulated service
    alerts      the user's alert command
    terminal    the terminal without Textual: capabilities, modes, clipboard, exit on signals
    clock       the two clocks, and the time zone
    processes   runs other programs: bounded in time and output, without terminal and secrets
    threads     work beside the event loop, also where no thread can be had
    startup     before anything else: no core file, no other process that reads our memory; the garbage collector waits;
                which files the program began with
    core        jobs, readings, boards, and rules about them. Pure: no input, no output, no clock

From the service to a cell of the table: `codearts.client` makes a reading, `polling.poller` reports it, `core.board`
records it, `ui.row` turns a job's state into words, `ui.columns` puts them into columns, `ui.job_table` draws them.
From a key to what it does: `ui.keys` names object and method, `ui.actions` has the classes of these objects.
`.github/CONTRIBUTING.md` says which file to change for what, `.github/why/` why some parts are our own.
"""

__version__ = "0.1.0"
