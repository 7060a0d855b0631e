"""The study's network trained without its skip connections: the control the study lacked.

    tools/train.py configs/shg_noskip_coco.py --data-root data/coco

Everything else is shg_coco.py. The unused branches keep their place, so that checkpoints of the
two fit each other. The study has no figure to compare with.
"""

_base_ = ['_base_/study.py']

model = dict(backbone=dict(skip_connections=False))

# The branches that are off get no gradient.
find_unused_parameters = True
