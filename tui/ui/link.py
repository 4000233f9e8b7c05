"""An address as a link that the terminal may open on the user's own machine."""

from urllib.parse import quote, urlsplit

from rich.style import Style
from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static


def link_content(address: str) -> list[Widget]:
    """The address as text and, where it is http or https, as a terminal link (OSC 8)."""
    try:
        is_web = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        is_web = False
    safe = quote(address, safe=":/#?&=%+@,;~-._")
    style = Style(link=safe, underline=True) if is_web else Style()
    return [
        Static(Text(address, style)),
        Static(Text("\nMany terminals open it with ctrl and a click, on your own machine.", "dim")),
    ]
