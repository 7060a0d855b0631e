"""Train stacked hourglass pose networks with MMPose, look inside their bottleneck, explain it.

Importing this package imports nothing heavy. The components register with MMPose when ``shg_xai.plugin`` is imported,
which a config does with one line::

    custom_imports = dict(imports=['shg_xai.plugin'], allow_failed_imports=False)
"""

__version__ = '0.1.0'
