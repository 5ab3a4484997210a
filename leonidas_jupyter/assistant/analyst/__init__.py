"""The built-in analyst: questions in English, read deterministically, or an honest refusal."""
