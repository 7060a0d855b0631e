"""The whole study as one list of commands for ``tools/run_study.py``, each a process that can be repeated by hand."""
