"""Signing in on the screen: a token or a password, hidden while it is typed, tried before it is taken."""

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Input, Static

from tui.core.errors import UserError
from tui.core.job import JobId
from tui.ui.dialogs import Dialog
from tui.ui.inputs import LineInput
from tui.ui.screen_deps import SignInForm

LONGEST = 100_000
"""Characters of a token at the most."""


class SecretInput(LineInput):
    """Masked. Joins a paste of several lines without blanks: a terminal or a mail may have wrapped the token."""

    BETWEEN_LINES = ""

    def __init__(self) -> None:
        super().__init__(password=True, max_length=LONGEST)


class SignInDialog(Dialog[bool]):
    """Answers True once the service has accepted what was given."""

    HINT = "enter tries it, esc closes"

    def __init__(self, title: str, sign_in: SignInForm, job: JobId | None) -> None:
        """`job` is one to ask about where nothing else tells whether the token is good."""
        super().__init__(title)
        self._sign_in = sign_in
        self._job = job
        self._is_trying = False

    def body(self) -> ComposeResult:
        what = (
            "the IAM password" if self._sign_in.wants == "password" else "a token with project scope (X-Subject-Token)"
        )
        yield Static(Text(f"Paste or type {what}. It is kept in memory only."))
        yield SecretInput()
        yield Static(id="verdict")

    @on(Input.Submitted)
    @work
    async def try_it(self, event: Input.Submitted) -> None:
        """One at a time: a second enter must not throw away the answer to a log-in that counts."""
        if self._is_trying:
            return
        verdict = self.query_one("#verdict", Static)
        try:
            self._sign_in.put(event.value)
        except UserError as problem:
            verdict.update(Text(str(problem)))
            return
        event.input.value = ""
        verdict.update(Text("Trying it ..."))
        self._is_trying = True
        failure = await self._sign_in.check(self._job)
        self._is_trying = False
        if failure is None:
            self.dismiss(True)
        else:
            verdict.update(Text(failure.summary))
