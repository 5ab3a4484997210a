"""Models: what can be asked, by name."""
