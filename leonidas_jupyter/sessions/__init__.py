"""Conversations in a project."""
