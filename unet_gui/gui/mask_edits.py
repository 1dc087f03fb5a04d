"""Edits of the whole mask or a region of it that are commands rather than strokes."""
