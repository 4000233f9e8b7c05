"""Profiles: an endpoint, a credential and a client, made from flags, environment and settings."""
