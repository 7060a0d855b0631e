"""Procedural people in COCO's format, with the factors that made each of them written down."""
