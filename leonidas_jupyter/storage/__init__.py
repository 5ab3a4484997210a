"""Bytes: one interface, several object stores."""
