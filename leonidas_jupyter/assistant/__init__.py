"""DS Bro: the agent loop, its tools, its policy and its models."""
