"""Tests of the terminal's handling."""
