"""The models that people may choose, whether they answer, and the one that a person connects."""
