"""When to ask. Knows neither httpx nor Textual."""
