"""Tests of what talks to the service."""
