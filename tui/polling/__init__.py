"""When to read which job. Knows neither httpx nor Textual."""
