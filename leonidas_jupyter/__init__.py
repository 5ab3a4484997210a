"""Leonidas: DS Bro, an AI data scientist inside Jupyter."""

from leonidas_jupyter._version import __version__

__all__ = ["__version__"]
