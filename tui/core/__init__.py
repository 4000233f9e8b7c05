"""What a job is and what we know of it. No I/O, no clock of its own."""
