"""The study's improvement: an autoencoder with a code of 50 in the bottleneck.

    tools/train.py configs/shg_ae_coco.py --data-root data/coco
    tools/test.py configs/shg_ae_coco.py work_dirs/shg_ae_coco/best_pck_labelled_epoch_47.pth

After the third bottleneck residual the latent, 256 x 4 x 4, passes a code of 50 numbers. Trained
from scratch here, at the cost of shg_coco.py. The study trained autoencoder and network apart
first; it reported a validation PCK of 0.467 (labelled joints) and a test PCK of 0.474, against a
plain network that had trained for fewer epochs.
"""

_base_ = ['_base_/study.py']

model = dict(
    backbone=dict(
        bottleneck=dict(
            type='AutoencoderNeck',
            in_channels=256,
            in_featuremap_size=(4, 4),
            hidden_channels=(192, 128, 64),
            code_channels=50,
            noise=0.1)))
