"""What administrators may do to other people's accounts: give out all of it, or erase it."""
