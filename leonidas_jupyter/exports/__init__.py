"""Conversations taken away: as notebooks that run, as Markdown, as JSON."""
