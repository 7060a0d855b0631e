"""One photo that nobody has annotated, explained: what is predicted in it, how sure that is, how usual its latent is
among stored ones, and what the prediction stands on.

Only what runs the network (:mod:`~shg_xai.photo.measure`, :mod:`~shg_xai.photo.sample`) needs torch and MMPose.
"""
