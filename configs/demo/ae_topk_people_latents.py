"""A sparse dictionary, 8 of 50 units a person, trained alone on stored latents of the demo's network.

    tools/train.py configs/demo/ae_topk_people_latents.py --data-root latents/shg_people

For stores of shg_people.py's bottleneck, 32 x 4 x 4; see ../ae_topk_latents.py.
"""

_base_ = ['../ae_topk_latents.py']

model = dict(neck=dict(in_channels=32))
optim_wrapper = dict(optimizer=dict(lr=3e-3))
