"""Persons, their visibility and their crops; the synthetic people are in ``people``.

Nothing is imported here, so that the generator of people starts without MMPose.
"""
