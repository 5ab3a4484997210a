"""Ordinary ways of asking, put into words that the grammar reads, with a note of each change."""
