"""Copies of everything, metadata and files, between any two engines: moving, backup, restore."""
