"""The demo's network with an autoencoder in its bottleneck.

    tools/train.py configs/demo/shg_ae_people.py

Everything else is shg_people.py; trained from scratch, for as long.
"""

_base_ = ['shg_people.py']

model = dict(
    backbone=dict(
        bottleneck=dict(
            type='AutoencoderNeck',
            in_channels=32,
            in_featuremap_size=(4, 4),
            hidden_channels=(32, 32, 32),
            code_channels=50,
            noise=0.1)))
