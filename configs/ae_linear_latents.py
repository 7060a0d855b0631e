"""A linear autoencoder, trained alone on stored latents of shg_coco.py.

    tools/train.py configs/ae_linear_latents.py --data-root latents/shg_coco

One linear layer to a code of 50 and one back, neither with a ReLU: what it can explain at most, PCA does (Baldi and
Hornik 1989), but its units are no components, as any rotation of them does as well.
"""

_base_ = ['ae_norelu_latents.py']

model = dict(neck=dict(hidden_channels=(), noise=0.0))
