"""An autoencoder alone, on the stored latents of shg_small_coco.py: 64 x 4 x 4 numbers.

    tools/train.py configs/ae_small_latents.py --data-root latents/shg_small_coco

What tools/run_study.py takes as --autoencoder beside --config configs/shg_small_coco.py.
"""

_base_ = ['ae_norelu_latents.py']

model = dict(neck=dict(in_channels=64, hidden_channels=(48, 32, 24), code_channels=32))
