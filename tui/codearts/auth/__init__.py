"""Credentials: their sources, how they are refreshed, and how a request is signed with them."""
