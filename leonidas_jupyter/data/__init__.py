"""From a CSV to a typed, profiled frame, and SQL over frames."""
