"""The dialog to sign in with a token or a password, which is masked, and tried before it is accepted."""

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
    """Masked. Joins the lines of a paste without spaces: a terminal or a mail may have wrapped the token."""

    BETWEEN_LINES = ""

    def __init__(self) -> None:
        super().__init__(password=True, max_length=LONGEST)


class SignInDialog(Dialog[bool]):
    """Its result is True once the service has accepted the token or password."""

    HINT = "enter: try it, esc: close"

    def __init__(self, title: str, sign_in: SignInForm, job: JobId | None) -> None:
        """`job` is polled once to test a token that cannot be tested otherwise."""
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
        """Ignores further submits while one is tried: failed log-ins are counted by the service."""
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
