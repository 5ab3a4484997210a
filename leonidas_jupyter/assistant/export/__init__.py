"""A conversation taken away: as a notebook that runs, as Markdown, or as JSON. Byte-stable."""
