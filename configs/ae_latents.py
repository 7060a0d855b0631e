"""The study's autoencoder, trained alone on stored latents of shg_coco.py.

    tools/train.py configs/ae_latents.py --data-root latents/shg_coco

The store is made first, and needs no images afterwards:

    tools/dump_latents.py configs/shg_coco.py CHECKPOINT --data-root data/coco --split train \\
        --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco

Reported is the share of the variance of held-out persons' latents that is explained, about their
mean, so that predicting the mean for everybody scores 0; beside it that of PCA with as many
components. The best epoch is kept as best_latent_explained_variance_ratio_epoch_*.pth; its weights
are called neck.* and fit into the bottleneck of shg_ae_coco.py. A step of 16 persons takes 0.018 s
of one core of a processor, so 100 epochs of 135,000 persons would take some four hours there.

The settings are the study's: SGD with momentum, the rate halved every 25 epochs, mean squared
error. They do not suffice. Measured on 3,600 latents of the demo (512 values, hidden channels 32),
100 epochs, held-out persons, PCA 0.927:

    the study's settings                                                       0.023
    the same, loss summed over values (model.loss.loss_weight=512)             0.204
    the same as the first without both ReLUs                                   0.798
    without both ReLUs and with Adam, in 50 epochs (demo/ae_people_latents.py) 0.915

A mean over values makes the steps of the study's rate short. And a latent has negative values,
which a decoder that ends in a ReLU cannot reach: nothing that is never negative explains more than
0.295 of these. ae_norelu_latents.py is the one that does.

Of several layers in a store one is named for every dataset: train_dataloader.dataset.layer=..., and
so for val and test.
"""

_base_ = ['mmpose::_base_/default_runtime.py']

custom_imports = dict(imports=['shg_xai.plugin'], allow_failed_imports=False)

# Data: a latent a person; a tenth of the images is held out, with all persons in them.
data_root = 'latents/shg_coco'
persons = dict(type='LatentDataset', data_root=data_root, layer=None, held_out=0.1, seed=0)
train_dataloader = dict(
    batch_size=16,
    num_workers=0,  # reading a latent takes less time than handing it on
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(part='train', **persons),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(part='held_out', test_mode=True, **persons),
)
test_dataloader = val_dataloader

# Network: the latent, 256 x 4 x 4, through a code of 50.
model = dict(
    type='LatentAutoencoder',
    neck=dict(
        type='AutoencoderNeck',
        in_channels=256,
        in_featuremap_size=(4, 4),
        hidden_channels=(192, 128, 64),
        code_channels=50,
        code_relu=True,
        output_relu=True,
        noise=0.1,
    ),
    loss=dict(type='MSELoss'),
)

# Metric: variance explained on held-out persons, beside PCA's with as many components.
val_evaluator = dict(type='ExplainedVariance')
test_evaluator = val_evaluator

# Schedule.
train_cfg = dict(by_epoch=True, max_epochs=100, val_interval=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=5e-4, momentum=0.9))
param_scheduler = dict(type='StepLR', step_size=25, gamma=0.5)
default_hooks = dict(
    checkpoint=dict(
        type='CheckpointHook',
        interval=1,
        max_keep_ckpts=2,  # MMEngine removes the old one before it writes the new one
        save_best='latent/explained_variance_ratio',
        rule='greater',
    )
)
custom_hooks = [
    dict(type='SyncBuffersHook'),
    dict(type='SeedEpochsHook'),  # a run that was cut and resumed ends with the same weights
    dict(type='ValidateResumedHook'),
    dict(type='PCAReferenceHook'),
]
auto_scale_lr = dict(base_batch_size=16)
randomness = dict(seed=0)
