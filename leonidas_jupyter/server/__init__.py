"""The route table on Jupyter Server."""
