"""Packaging: ``pip install -e .`` adds this plugin to an environment that runs MMPose.

PyTorch, mmcv, MMEngine and MMPose are not among the requirements, on purpose. Whoever has MMPose has them, in builds
that fit each other; pip would replace them (mmcv-lite by mmcv, one CUDA build by another) or stop at MMPose's own
requirement chumpy, which does not build. Who has nothing yet runs ``make install``.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def read_version() -> str:
    """Return ``__version__`` of the package without importing it; ValueError if there is none."""
    text = (HERE / 'shg_xai' / '__init__.py').read_text(encoding='utf-8')
    match = re.search(r"^__version__ = '([^']+)'$", text, re.MULTILINE)
    if match is None:
        raise ValueError('shg_xai/__init__.py: no line __version__ = ...')
    return match.group(1)


def read_readme() -> str:
    """Return the README, or nothing where it was left out."""
    readme = HERE / 'README.md'
    return readme.read_text(encoding='utf-8') if readme.exists() else ''


setup(
    name='shg_xai',
    version=read_version(),
    description='Stacked hourglass pose networks in MMPose, explained: '
    'train them, look inside their bottleneck, improve it',
    long_description=read_readme(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['shg_xai', 'shg_xai.*']),
    package_data={'shg_xai': ['**/*.json', '**/*.html', '**/*.css', '**/*.js']},
    python_requires='>=3.10',
    # No upper bounds but one: an installed version is kept as it is.
    install_requires=[
        'bokeh',
        'jinja2',
        'matplotlib',
        'numpy',
        'pillow',
        'pyarrow<25',  # the last that takes NumPy 1, for which xtcocotools of MMPose is built
        'pycocotools',
        'scikit-learn',
        'scipy',
        'threadpoolctl',
        'tqdm',
    ],
    extras_require={'dask': ['distributed']},
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
    zip_safe=False,
)
