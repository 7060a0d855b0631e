"""The autoencoder without ReLUs at code and output, trained alone on stored latents.

    tools/train.py configs/ae_norelu_latents.py --data-root latents/shg_coco

Half of a latent's values are negative; the study's autoencoder, which ends in a ReLU, cannot reach
them. This one is what tools/run_study.py splices in, in the width it found. Adam, a short warm-up
and a rate that falls to nothing take the place of the study's SGD, which is slow under a loss that
is a mean over all values, see ae_latents.py. Everything else is as there.
"""

_base_ = ['ae_latents.py']

model = dict(neck=dict(code_relu=False, output_relu=False))

train_cfg = dict(max_epochs=50, val_interval=5)
train_dataloader = dict(batch_size=32)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='Adam', lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.1, end=500),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
