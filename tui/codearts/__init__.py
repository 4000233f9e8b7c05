"""The service: the only package that knows httpx and the rules of CodeArts Build."""
