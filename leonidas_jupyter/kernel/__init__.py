"""What runs in the notebook: client, frames, magics."""
