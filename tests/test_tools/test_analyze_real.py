"""The study's analysis of real persons: few, so the report has to say what they cannot tell."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shg_xai.chapters.concepts.results import Concepts
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.results_file import read_results

pytestmark = [pytest.mark.slow(minutes=1), pytest.mark.real]
LAYER = 'backbone.hourglasses.0.bottleneck_residuals'


def test_the_full_size_network_on_real_persons(tmp_path: Path, coco_sample: Path, fork_tool: Callable) -> None:
    """Weights are random: what is tested is that it works, and that it claims nothing."""
    store, out = tmp_path / 'latents', tmp_path / 'report'
    dumped = fork_tool(
        [
            'dump_latents.py',
            'configs/shg_coco.py',
            'none',
            '--data-root',
            coco_sample,
            '--split',
            'train',
            '--layers',
            LAYER,
            '--out',
            store,
        ]
    )
    assert dumped.returncode == 0, dumped.stderr[-2000:]
    done = fork_tool(['analyze_latent.py', store, '--out', out])
    assert done.returncode == 0, done.stderr[-2000:]

    results = read_results(out / 'results.json')
    (layer,) = results.layers
    persons = layer.persons
    assert 50 < persons < 200 and layer.dimensions == 4096
    few = [text for text in layer.warnings if f'{persons} persons are' in text]
    assert len(few) == 2, layer.warnings  # no more than dimensions; too few for intervals
    assert not [text for text in layer.warnings if 'photos' in text]
    assert all(text in done.stderr for text in few)
    page = (out / 'report.html').read_text()
    assert 'too few for the numbers below to mean much' in page
    names = {concept.name for concept in results.first(Concepts).definitions}
    assert names >= {'standing', 'facing_camera', 'border_sides', 'crowding', 'torso_tilt'}
    assert sum(results.first(Spectrum).eigenvalues[persons - 1 :]) < 1e-6
