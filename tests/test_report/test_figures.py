"""Figures of the page: none is blank, and nothing of them is cut."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

HALF = re.compile(r'-\d+-(one|other)$')  # of two pictures that lie over each other


def test_figures_are_whole_and_not_blank(reported: Path) -> None:
    files = sorted((reported / 'figures').glob('*.png'))
    assert len(files) > 25
    for file in files:
        image = np.asarray(Image.open(file).convert('RGB'))
        height, width = image.shape[:2]
        least = 150 if HALF.search(file.stem) else 400
        assert least <= width <= 1300 and 250 <= height <= 2500, file
        assert (image.reshape(-1, 3) != 255).any(1).mean() > 0.01, file
        # Nothing is cut: the outermost pixels are paper.
        edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        assert (edge == 255).all(1).mean() > 0.97 or HALF.search(file.stem), file
        svg = ElementTree.parse(file.with_suffix('.svg')).getroot()
        assert svg.tag == '{http://www.w3.org/2000/svg}svg', file
