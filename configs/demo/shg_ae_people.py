"""The demo's network with an autoencoder in its bottleneck.

    tools/train.py configs/demo/shg_ae_people.py

Everything else is shg_people.py, trained from scratch and for as long, but for the loss: unlabelled
joints are masked. With the study's loss the short code has not learnt to tell the joints after six
epochs (PCK 0.42).
"""

_base_ = ['shg_people.py']

loss = dict(type='KeypointMSELoss', use_target_weight=True)
model = dict(
    head=dict(loss=dict(_delete_=True, **loss)),
    backbone=dict(
        bottleneck=dict(
            type='AutoencoderNeck',
            in_channels=32,
            in_featuremap_size=(4, 4),
            hidden_channels=(32, 32, 32),
            code_channels=50,
            noise=0.1)))

val_evaluator = [
    dict(type='VisiblePCK', thr=0.05, normaliser='crop'),
    dict(type='HeatmapLoss', loss=loss, prefix='val'),
]
