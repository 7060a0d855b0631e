"""The study's experiment; every other config inherits it and names what it changes.

"2D Articulated Human Pose Estimation using Explainable Artificial Intelligence", University of
Copenhagen, 2021: one hourglass on COCO, targets by visibility, unmasked MSE, RMSprop, batch 16, the
rate dropped by 5 when the validation PCK stands still, the best epoch by PCK kept.

Two things differ until `tools/split_coco.py` has run on your copy of COCO and `--held-out` is
given: the test set is COCO's validation set instead of 5,064 persons held out from the training
set, and the mean RGB is ImageNet's, as in MMPose's configs, instead of the training set's.
"""

_base_ = ['mmpose::_base_/default_runtime.py']

custom_imports = dict(imports=['shg_xai.plugin'], allow_failed_imports=False)

# Data: one sample a person, cropped as in the study, no augmentation. MMPose's inferencers read data_mode and
# dataset_type: a detector is used only where one is named.
data_mode = 'topdown'
dataset_type = 'CheckedCocoDataset'
codec = dict(
    type='VisibilityHeatmap', input_size=(256, 256), heatmap_size=(64, 64), sigma_visible=0.5, sigma_occluded=1.0
)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='PersonSquareCrop', padding=1.1),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='LoadVisibility'),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = train_pipeline  # targets too: the validation loss needs them
# Nothing that needs an annotation: MMPose's inferencers run it on new photos.
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='PersonSquareCrop', padding=1.1),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]

data_root = 'data/coco/'
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=False,  # SeedEpochsHook seeds the workers of every epoch anew
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/person_keypoints_train2017.json',
        data_prefix=dict(img='train2017/'),
        pipeline=train_pipeline,
    ),
)
val_set = dict(
    type=dataset_type,
    data_root=data_root,
    ann_file='annotations/person_keypoints_val2017.json',
    data_prefix=dict(img='val2017/'),
    test_mode=True,
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(pipeline=val_pipeline, **val_set),
)
test_dataloader = dict(val_dataloader, dataset=dict(pipeline=test_pipeline, **val_set))

# Network: the study's, 14.5 million parameters with one stack.
# Unmasked: an unlabelled joint is trained towards an empty heatmap. KeypointMSELoss would mask it
# even with use_target_weight=False (MMPose 1.3.2).
loss = dict(type='MSELoss')
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[255.0, 255.0, 255.0], bgr_to_rgb=True
    ),
    backbone=dict(
        type='StackedHourglass',
        num_stacks=1,
        channels=256,
        out_channels=17,
        depth=4,
        num_bottleneck_residuals=3,
        shortcut='conv3x3',
        skip_connections=True,
    ),
    head=dict(
        type='StackedHeatmapHead',
        in_channels=256,
        out_channels=17,
        deconv_out_channels=None,
        conv_out_channels=(17,),
        conv_kernel_sizes=(1,),
        loss=loss,
        decoder=codec,
        init_cfg=dict(type='Xavier', layer='Conv2d', distribution='normal'),
    ),
    test_cfg=dict(flip_test=False, output_heatmaps=True),
)

# Metric: PCK at 0.05 of the crop's side, and the loss on held-out persons.
val_evaluator = [
    dict(type='VisiblePCK', thr=0.05, normaliser='crop'),
    dict(type='HeatmapLoss', loss=loss, prefix='val'),
]
test_evaluator = dict(type='VisiblePCK', thr=0.05, normaliser='crop')

# Schedule.
train_cfg = dict(by_epoch=True, max_epochs=100, val_interval=1)
optim_wrapper = dict(optimizer=dict(type='RMSprop', lr=2.5e-4, alpha=0.99))
param_scheduler = dict(
    type='ReduceOnPlateauLR',
    monitor='pck/labelled',
    rule='greater',
    factor=0.2,
    patience=5,
    threshold=0.0,
    min_value=5e-5,
)
default_hooks = dict(
    checkpoint=dict(
        type='CheckpointHook',
        interval=1,
        max_keep_ckpts=2,  # MMEngine removes the old one before it writes the new one
        save_best='pck/labelled',
        rule='greater',
    )
)
custom_hooks = [
    dict(type='SyncBuffersHook'),
    dict(type='SeedEpochsHook'),  # a run that was cut and resumed ends with the same weights
    dict(type='ValidateResumedHook'),
    dict(type='EmptyHeatmapHook'),  # says in the log while nothing is learned
    dict(type='FoldNormHook'),  # testing: the same numbers, sooner
]
auto_scale_lr = dict(base_batch_size=16)
randomness = dict(seed=0)
