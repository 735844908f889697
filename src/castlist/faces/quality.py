"""How much of a face there is to recognize."""

from __future__ import annotations

import cv2
import numpy as np

from castlist.faces.records import Quality

EDGE = 0.1  # distances between the eyes, from an eye, the nose or the mouth to the photo's edge


def measure_quality(crop: np.ndarray, landmarks: np.ndarray) -> Quality:
    """Judge a face by its aligned crop and by its landmarks in the photo.

    Args:
        crop: Shape (size, size, 3), uint8, RGB.
        landmarks: Shape (5, 2), x and y in pixels of the photo.
    """
    eye_distance = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    return Quality(eye_distance=eye_distance, sharpness=_sharpness(crop), yaw=_yaw(landmarks))


def is_cut_off(landmarks: np.ndarray, height: int, width: int) -> bool:
    """Whether an eye, the nose or the mouth lies so near to the photo's edge that a part of the face is outside.

    Args:
        landmarks: Shape (5, 2), x and y in pixels; the eyes first.
        height: Of the photo.
        width: Of the photo.
    """
    eyes = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    inside = np.minimum(landmarks, np.array([width, height]) - landmarks)
    return bool(inside.min() < EDGE * eyes)


def _sharpness(crop: np.ndarray) -> float:
    """The share of the crop's contrast that a slight blur takes away, on 0 to 1."""
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    blurred = cv2.GaussianBlur(gray, (0, 0), crop.shape[0] / 75)
    return float((gray - blurred).std() / max(float(gray.std()), 1.0))


def _yaw(landmarks: np.ndarray) -> float:
    """How far the nose has left the middle between eyes and mouth corners, as the angle of a head 0.5 eyes deep."""
    left_eye, right_eye, nose, left_mouth, right_mouth = np.asarray(landmarks, np.float64)
    across = (right_eye + right_mouth - left_eye - left_mouth) / 2
    middle = (left_eye + right_eye + left_mouth + right_mouth) / 4
    offset = float((nose - middle) @ across / max(float(across @ across), 1e-9))
    return float(np.degrees(np.arctan2(offset, 0.5)))
