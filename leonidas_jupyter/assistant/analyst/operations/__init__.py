"""The table of operations: what the analyst can do.

A new operation is one entry and its golden pairs.
"""
