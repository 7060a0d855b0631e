"""What joints are called, over the data sets that MMPose ships."""

import pytest

from shg_xai.joints import members, plain_name, plain_names

NAMES = {
    'left_shoulder': 'left_shoulder',  # COCO, MPII
    'L_Shoulder': 'left_shoulder',  # AP-10K
    'Shoulder_Right': 'right_shoulder',  # Animal Kingdom
    'left collar': 'left_collar',  # DeepFashion
    'eyeL': 'left_eye',  # locusts
    'L_EarBase': 'left_ear_base',
    'face-3': 'face_3',
    'Root of tail': 'root_of_tail',
    'Nearknee': 'nearknee',  # of a horse, which has no left and right
    'left': 'left',
}


@pytest.mark.parametrize('name, plain', NAMES.items())
def test_one_spelling(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_two_joints_never_become_one() -> None:
    assert plain_names(['L_Hip', 'left_hip', 'Nose']) == ['L_Hip', 'left_hip', 'nose']


@pytest.mark.parametrize(
    'group, inside, outside',
    [
        (
            'limbs',
            ['left_wrist', 'L_F_Paw', 'Elbow_Left', 'forelegL1', 'Nearhindhock'],
            ['wrist', 'left_big_toe', 'hip'],
        ),
        ('torso', ['right_hip', 'L_Shoulder', 'pelvis', 'thorax', 'Midshoulder'], ['upper_neck', 'ship', 'tail']),
        ('face', ['nose', 'Nose tip', 'L_EarBase', 'eyeL', 'face-67', 'Mouth_Front_Top'], ['forearm', 'head', 'kpt-3']),
    ],
)
def test_groups(group: str, inside: list[str], outside: list[str]) -> None:
    assert members([*inside, *outside], group) == [True] * len(inside) + [False] * len(outside)
