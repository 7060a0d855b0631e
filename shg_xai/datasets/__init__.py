"""Persons, their visibility and their crops; imports nothing, so that ``people`` starts without MMPose."""
