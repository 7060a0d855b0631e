"""MMPose's KeypointConverter, without a fault of MMPose 1.3.2."""

from mmpose.datasets.transforms import KeypointConverter as Converter
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module(force=True)
class KeypointConverter(Converter):
    """Takes the place of MMPose's, which fails on COCO-WholeBody: that has ``keypoints_3d``, and has None there."""

    def transform(self, results: dict) -> dict:
        """Reorder the joints of one sample."""
        if results.get('keypoints_3d', ()) is None:
            del results['keypoints_3d']
        converted: dict = super().transform(results)
        return converted
