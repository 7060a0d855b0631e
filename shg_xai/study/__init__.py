"""The whole study as one list of commands: what runs, in which order, from what, at what cost.

``tools/run_study.py`` is the command for it. Every stage is a tool of this project, run as a process of its own, so
that it can be repeated by hand.
"""
