"""Metadata: one interface, several engines."""
