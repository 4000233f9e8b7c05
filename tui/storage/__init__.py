"""What is on disk: where files live, the settings, the watchlist."""
