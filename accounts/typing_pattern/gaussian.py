"""Small pieces of linear algebra that the models share."""

import numpy as np
from numpy.typing import NDArray

from accounts.typing_pattern.samples import Floats


def positive(matrix: Floats, floor: float = 1e-3) -> Floats:
    """The nearest covariance: symmetric, no eigenvalue below `floor` times the greatest."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.maximum(values, floor * values.max())) @ vectors.T)


def log_determinant(matrix: Floats) -> float:
    """Logarithm of the determinant of a covariance."""
    return float(np.linalg.slogdet(matrix)[1])


def class_averages(matrix: Floats, kinds: NDArray[np.int64]) -> Floats:
    """The matrix with each block of two classes replaced by its averages: one for the diagonal, one for the rest."""
    averaged = np.zeros_like(matrix)
    present = np.unique(kinds)
    for first in present:
        rows = np.nonzero(kinds == first)[0]
        for second in present:
            columns = np.nonzero(kinds == second)[0]
            block = matrix[np.ix_(rows, columns)]
            if first == second:
                others = (block.sum() - np.trace(block)) / max(1, len(rows) * (len(rows) - 1))
                filled = np.full(block.shape, others)
                np.fill_diagonal(filled, np.trace(block) / len(rows))
            else:
                filled = np.full(block.shape, block.mean())
            averaged[np.ix_(rows, columns)] = filled
    return averaged


def components(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Covariances between people, between sessions of a person, and within a session, by the method of moments.

    `values` has the axes person, session, repetition, place. The sessions' own means (practice everybody shares) are left out.
    """
    people, sessions, repetitions, places = values.shape
    of_session = values.mean(2)
    of_person = of_session.mean(1)
    within = (values - of_session[:, :, None]).reshape(-1, places)
    within_covariance = within.T @ within / (people * sessions * (repetitions - 1))
    between_people = of_person - of_person.mean(0)
    person_covariance = between_people.T @ between_people / (people - 1)
    if sessions == 1:
        return (
            positive(person_covariance - within_covariance / repetitions),
            np.zeros((places, places)),
            within_covariance,
        )
    of_sessions = of_session - of_person[:, None]
    of_sessions = (of_sessions - of_sessions.mean(0)).reshape(-1, places)
    session_covariance = of_sessions.T @ of_sessions / ((people - 1) * (sessions - 1))
    return (
        positive(person_covariance - session_covariance / sessions),
        positive(session_covariance - within_covariance / repetitions),
        within_covariance,
    )
