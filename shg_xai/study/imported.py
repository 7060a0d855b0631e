"""Importing this is what takes a command of a study its first seconds; see :mod:`shg_xai.study.processes`."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter('ignore')

    import shg_xai.explain.stores
    import shg_xai.interventions.capture
    import shg_xai.plugin
    import shg_xai.runner.building  # noqa: F401

    import mmpose.visualization  # noqa: F401  # isort: skip  (importable once the plugin is; every Runner asks for it)
