"""Credentials: where they come from, how they are renewed, and how a request is signed with them."""
