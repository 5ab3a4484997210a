"""Accounts, tokens and who is calling."""
