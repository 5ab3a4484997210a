"""Recipes: statistics over a frame as typed steps, compiled to pandas and scipy code."""
