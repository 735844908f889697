"""Whom each face of a photo is, when nobody can be in it twice."""

from __future__ import annotations

import numpy as np


def assign_people(gains: np.ndarray) -> np.ndarray:
    """Give faces to people so that the gains add up to the most, nobody twice; a face may go to nobody, for nothing.

    Args:
        gains: Shape (faces, people); what naming a face so is worth; at or below 0, better not at all.

    Returns:
        Shape (faces,), int64; the index of a person, or -1.

    Source: the Hungarian method with potentials, Kuhn 1955 and Munkres 1957; cubic in the faces, linear in the people.
    """
    n_faces = len(gains)
    named = np.full(n_faces, -1)
    wanted = np.flatnonzero((gains > 0).any(axis=0))  # of hundreds of people, few are ever in question
    if not len(wanted):
        return named
    # A column of zero cost for each face: nobody.
    costs = np.hstack([-gains[:, wanted].astype(np.float64), np.zeros((n_faces, n_faces))])
    n_columns = costs.shape[1]
    row_potential, column_potential = np.zeros(n_faces), np.zeros(n_columns + 1)
    holder = np.full(n_columns + 1, -1)  # the face that holds each column; the last column starts each search
    for face in range(n_faces):
        column, holder[-1] = n_columns, face
        shortest, previous = np.full(n_columns, np.inf), np.full(n_columns, n_columns)
        done = np.zeros(n_columns + 1, bool)
        while holder[column] >= 0:
            done[column] = True
            row, free = holder[column], ~done[:-1]
            reduced = costs[row] - row_potential[row] - column_potential[:-1]
            nearer = free & (reduced < shortest)
            shortest[nearer], previous[nearer] = reduced[nearer], column
            following = int(np.where(free, shortest, np.inf).argmin())
            step = shortest[following]
            row_potential[holder[done]] += step
            column_potential[done] -= step
            shortest[free] -= step
            column = following
        while column != n_columns:
            holder[column] = holder[previous[column]]
            column = int(previous[column])
    held = np.flatnonzero(holder[: len(wanted)] >= 0)
    worth = held[gains[holder[held], wanted[held]] > 0]
    named[holder[worth]] = wanted[worth]
    return named
