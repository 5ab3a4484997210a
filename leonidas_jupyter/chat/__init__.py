"""Questions to DS Bro: messages, runs, and the events of a run."""
