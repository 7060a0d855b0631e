"""3-D kinematics: factors and joint angles to named points (3,), in body heights: standing upright is 1 tall.

Body frame: x to the person's left, y down, z to its back. Camera frame: x to the right of the image, y down, z away
from the camera; at yaw 0, where the person faces the camera, both agree.
"""

from dataclasses import asdict, dataclass

import numpy as np

from shg_xai.datasets.people.vectors import composed, dot, norm, turned

KEYPOINTS = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder',
    'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip',
    'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
)  # fmt: skip
SIDES = (('left', 1.0), ('right', -1.0))
# The camera always looks down a little: constant, so that no geometry stays an unknown factor.
CAMERA_PITCH_DEG = 8.0
# Face points on the head ellipsoid, in its semi-axes (x left, y down, z back).
FACE_POINTS = {
    'nose': (0.0, 0.16, -1.16),
    'left_eye': (0.36, -0.12, -0.925),
    'right_eye': (-0.36, -0.12, -0.925),
    'left_ear': (1.02, 0.05, 0.10),
    'right_ear': (-1.02, 0.05, 0.10),
}
Points = dict[str, np.ndarray]


@dataclass(frozen=True)
class Proportions:
    """Lengths of one body in body heights; ``girth`` multiplies all limb radii."""

    foot: float = 0.045
    shank: float = 0.24
    thigh: float = 0.24
    torso: float = 0.285
    neck: float = 0.11
    upper_arm: float = 0.165
    forearm: float = 0.15
    hand: float = 0.07
    shoulder: float = 0.112
    hip: float = 0.062
    head_x: float = 0.055
    head_y: float = 0.078
    head_z: float = 0.066
    girth: float = 1.0

    @property
    def standing(self) -> float:
        """Sole to crown when upright."""
        return self.foot + self.shank + self.thigh + self.torso + self.neck + self.head_y


@dataclass(frozen=True)
class Limb:
    """Angles of one arm and one leg in degrees."""

    raised: float  # upper arm from hanging (0) to overhead (180)
    forward: float  # direction of raising: 0 sideways, 90 forwards
    elbow: float
    curl: float  # the forearm bends forwards (0) to upwards (90)
    flex: float  # thigh forwards
    spread: float  # thigh sideways
    knee: float


@dataclass(frozen=True)
class Pose:
    """All joint angles of a body in degrees."""

    left: Limb
    right: Limb
    lean: float
    bend: float
    twist: float
    head_yaw: float
    head_pitch: float
    head_tilt: float


def sample_proportions(rng: np.random.Generator) -> Proportions:
    """Draw a body (lengths within 5 %, breadths within 12 %) whose standing height is 1."""
    leg, arm, wide, girth = rng.uniform((0.95, 0.95, 0.9, 0.88), (1.05, 1.05, 1.1, 1.18))
    factors = dict(shank=leg, thigh=leg, upper_arm=arm, forearm=arm, shoulder=wide, hip=0.5 + 0.5 * girth)
    body = Proportions(**{name: length * factors.get(name, 1) for name, length in asdict(Proportions()).items()})
    scaled = {name: length / body.standing for name, length in asdict(body).items()}
    return Proportions(**scaled | dict(girth=girth))


def sample_pose(rng: np.random.Generator, posture: float, activity: float) -> Pose:
    """Draw joint angles: targets at rest and in motion, blended by posture and activity (0..1)."""
    lead = 1.0 if rng.uniform() < 0.5 else -1.0

    def mix(rest: float, motion: float) -> float:
        return (1 - activity) * rest + activity * motion

    def limb(side: float) -> Limb:
        up, forward, elbow, curl = rng.uniform((45, -15, 0, 0), (165, 95, 110, 90))
        stride, bent, spread, swing = rng.uniform((15, 0, 3, -35), (50, 50, 22, 20))
        calm = rng.uniform(-1, 1, 4)
        flex = stride if side == lead else -0.55 * stride
        raised, forward = mix(9 + 4 * calm[0] + posture * 14, up), mix(15 + 12 * calm[1] + posture * 60, forward)
        flexed = 88 * posture + (1 - posture) * activity * flex
        spread = mix(4 + 2 * calm[3] + 4 * posture, spread)
        knee = 88 * posture + activity * ((1 - posture) * bent + posture * swing)
        return Limb(raised, forward, mix(14 + 8 * calm[2] + posture * 45, elbow), mix(10, curl), flexed, spread, knee)

    left, right = limb(1.0), limb(-1.0)
    lean, bend, twist, turn = activity * rng.uniform((-4, -10, -22, -40), (18, 10, 22, 40))
    yaw, pitch, tilt = rng.normal((0, 3, 0), (8, 6, 4))
    return Pose(left, right, lean * (1 - 0.5 * posture), bend, twist, yaw + turn, pitch, tilt)


def rotation(axis: int, degrees: float) -> np.ndarray:
    """The (3, 3) right-handed rotation about axis 0 (x), 1 (y) or 2 (z)."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    matrix = np.eye(3)
    matrix[i, i], matrix[i, j], matrix[j, i], matrix[j, j] = c, -s, s, c
    return matrix


def _arm(limb: Limb, side: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions (3,) of the upper arm and the forearm in the frame of the chest."""
    raised, forward, curl, elbow = np.radians((limb.raised, limb.forward, limb.curl, limb.elbow))
    upper = np.array((side * np.sin(raised) * np.cos(forward), np.cos(raised), -np.sin(raised) * np.sin(forward)))
    # A little inwards, so the bend never becomes parallel to the arm.
    bend = np.array((-0.35 * side, -np.sin(curl), -np.cos(curl)))
    bend -= upper * dot(bend, upper)
    bend /= max(norm(bend), 1e-6)
    return upper, np.cos(elbow) * upper + np.sin(elbow) * bend


def _leg(limb: Limb, side: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit directions (3,) of thigh, shank and foot in the frame of the pelvis."""

    def direction(forward: float, spread: float) -> np.ndarray:
        f, s = np.radians((forward, spread))
        return np.array((side * np.sin(s), np.cos(s) * np.cos(f), -np.cos(s) * np.sin(f)))

    shank = limb.flex - limb.knee
    return direction(limb.flex, limb.spread), direction(shank, 0.6 * limb.spread), direction(88 + 0.6 * shank, 12.0)


def body_points(pose: Pose, body: Proportions) -> tuple[Points, np.ndarray]:
    """Points in the body frame, the pelvis at the origin, and the rotation (3, 3) of the head in it.

    The 17 keypoints, and pelvis, chest, head, hands, heels, toes and floor.
    """
    chest_turn = composed(rotation(2, pose.bend), rotation(0, pose.lean), rotation(1, -pose.twist))
    chest = turned(chest_turn, np.array((0, -body.torso, 0)))
    points: Points = {'pelvis': np.zeros(3), 'chest': chest}
    for name, side in SIDES:
        limb = pose.left if side > 0 else pose.right
        upper, fore = (turned(chest_turn, d) for d in _arm(limb, side))
        shoulder = chest + turned(chest_turn, np.array((side * body.shoulder, 0.012, 0)))
        elbow = shoulder + body.upper_arm * upper
        wrist = elbow + body.forearm * fore
        thigh, shank, foot = _leg(limb, side)
        hip = np.array((side * body.hip, 0.0, 0.0))
        knee = hip + body.thigh * thigh
        ankle = knee + body.shank * shank
        heel = ankle + 0.5 * body.foot * shank - 0.02 * foot
        points |= {
            f'{name}_shoulder': shoulder, f'{name}_elbow': elbow, f'{name}_wrist': wrist,
            f'{name}_hand': wrist + body.hand * fore, f'{name}_hip': hip, f'{name}_knee': knee,
            f'{name}_ankle': ankle, f'{name}_heel': heel, f'{name}_toe': heel + 0.105 * foot,
        }  # fmt: skip
    nod = composed(rotation(2, pose.head_tilt), rotation(1, -pose.head_yaw), rotation(0, pose.head_pitch))
    head_turn = composed(chest_turn, nod)
    head = chest + turned(chest_turn, np.array((0, -0.45 * body.neck, 0)))
    head += turned(head_turn, np.array((0, -0.55 * body.neck, -0.012)))
    axes = np.array((body.head_x, body.head_y, body.head_z))
    points |= {'head': head} | {name: head + turned(head_turn, axes * np.array(at)) for name, at in FACE_POINTS.items()}
    lowest = max(points[f'{name}_{end}'][1] for name, _ in SIDES for end in ('heel', 'toe'))
    points['floor'] = np.array((0, lowest + 0.5 * body.foot, 0))
    return points, head_turn


def camera_rotation(yaw_deg: float, roll_deg: float) -> np.ndarray:
    """The (3, 3) rotation from body to camera frame: yaw turns a person to its own left, roll the picture clockwise."""
    return composed(rotation(2, roll_deg), rotation(0, CAMERA_PITCH_DEG), rotation(1, -yaw_deg))
