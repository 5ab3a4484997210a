"""Messages, runs and their events."""
