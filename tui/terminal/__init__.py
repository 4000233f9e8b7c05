"""The terminal itself: what it can do, its modes, its clipboard, and leaving it as it was. No Textual."""
