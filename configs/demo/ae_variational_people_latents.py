"""A variational autoencoder, trained alone on stored latents of the demo's network.

    tools/train.py configs/demo/ae_variational_people_latents.py --data-root latents/shg_people

For stores of shg_people.py's bottleneck, 32 x 4 x 4; see ../ae_variational_latents.py.
"""

_base_ = ['../ae_variational_latents.py']

model = dict(neck=dict(in_channels=32, hidden_channels=(32, 32, 32)))
optim_wrapper = dict(optimizer=dict(lr=3e-3))
