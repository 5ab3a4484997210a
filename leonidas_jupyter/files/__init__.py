"""Files of a project, and the frames read from them."""
