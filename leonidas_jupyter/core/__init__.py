"""What every layer stands on: settings, errors, events, ids, HTTP shapes, permissions."""
