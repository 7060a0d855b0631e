"""Persons, their visibility and their crops; the synthetic people are in ``people``."""
