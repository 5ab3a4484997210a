"""What can go wrong with a recipe, each said in one sentence that a person can act on."""

from leonidas_jupyter.data.errors import DataError


class RecipeRefused(DataError):
    """The recipe does not fit the frame: an unknown column, or one of the wrong type."""


class RecipeFailed(DataError):
    """The recipe ran into an error, a limit or a crash."""
