"""The demo's plain network trained without its skip connections.

    tools/train.py configs/demo/shg_noskip_people.py

Everything else is shg_people.py; see ../shg_noskip_coco.py.
"""

_base_ = ['shg_people.py']

model = dict(backbone=dict(skip_connections=False))

# The branches that are off get no gradient.
find_unused_parameters = True
