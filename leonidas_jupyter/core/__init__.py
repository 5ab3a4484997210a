"""What every layer stands on: settings, errors, events, ids, the HTTP shapes and who may do what."""
