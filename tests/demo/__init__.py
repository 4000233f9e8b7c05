"""Tests of the simulated service."""
