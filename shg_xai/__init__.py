"""Train stacked hourglass pose networks with MMPose, look inside their bottleneck, explain it.

Importing it imports nothing heavy. The components register with MMPose when a config imports ``shg_xai.plugin``::

    custom_imports = dict(imports=['shg_xai.plugin'], allow_failed_imports=False)
"""

__version__ = '0.1.0'
