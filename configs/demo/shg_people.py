"""The study's network, narrower, on made people: the demo's plain network.

    tools/make_people.py data/people
    tools/train.py configs/demo/shg_people.py

32 channels, images of 128 x 128, latent 32 x 4 x 4, so that it trains in minutes on a processor.
Besides its size it differs from shg_coco.py in what makes a short training work: unit-peak targets
of sigma 1.5 (3/64 of the heatmap), a last layer that starts ten times smaller, flips, bfloat16, and
a rate that rises to 3e-3 within an epoch and then falls along a cosine. The loss is the study's: an
unlabelled joint is trained towards an empty heatmap.
"""

_base_ = ['../_base_/study.py']

codec = dict(
    type='VisibilityHeatmap',
    input_size=(128, 128),
    heatmap_size=(32, 32),
    sigma_visible=1.5,
    sigma_occluded=1.5,
    unit_peak=True,
)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='PersonSquareCrop', padding=1.1),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='LoadVisibility'),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [step for step in train_pipeline if step['type'] != 'RandomFlip']
test_pipeline = [step for step in val_pipeline if step['type'] not in ('LoadVisibility', 'GenerateTarget')]

data_root = 'data/people/'
train_dataloader = dict(num_workers=1, dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(batch_size=50, num_workers=1, dataset=dict(data_root=data_root, pipeline=val_pipeline))
test_dataloader = dict(
    batch_size=50,
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/person_keypoints_test2017.json',
        data_prefix=dict(img='test2017/'),
        pipeline=test_pipeline,
    ),
)

model = dict(
    backbone=dict(channels=32, depth=3),
    head=dict(
        in_channels=32,
        decoder=codec,
        init_cfg=dict(
            type='Xavier',
            layer='Conv2d',
            distribution='normal',
            override=dict(type='Xavier', name='final_layer', gain=0.1, distribution='normal'),
        ),
    ),
)

train_cfg = dict(max_epochs=5)
optim_wrapper = dict(type='Bfloat16OptimWrapper', optimizer=dict(lr=3e-3, foreach=True))  # the same steps, sooner
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=250, by_epoch=False),
    dict(type='CosineAnnealingLR', T_max=5, end=5, convert_to_iter_based=True),  # end: whatever max_epochs is
]
