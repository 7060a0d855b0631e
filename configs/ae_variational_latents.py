"""A variational autoencoder, trained alone on stored latents of shg_coco.py.

    tools/train.py configs/ae_variational_latents.py --data-root latents/shg_coco

The autoencoder of ae_norelu_latents.py whose code of 50 is drawn in training (Kingma and Welling 2014); in tests it is
the mean. It fits into the bottleneck of shg_ae_variational_coco.py.
"""

_base_ = ['ae_norelu_latents.py']

model = dict(
    neck=dict(
        _delete_=True,
        type='VariationalNeck',
        in_channels=256,
        in_featuremap_size=(4, 4),
        hidden_channels=(192, 128, 64),
        code_channels=50,
    )
)
