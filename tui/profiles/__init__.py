"""Profiles ready for use: where and as whom to ask, made from flags, environment and settings."""
