"""Leading right singular vectors of a sparse matrix by subspace iteration.

Halko, Martinsson and Tropp (2011), with eight directions to spare. A basis is made orthonormal by
Cholesky QR, twice ("CholeskyQR2", Fukaya et al., 2014): products of matrices alone, in a third of
the memory of Householder's QR, which serves where the basis is not of full rank.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import LinAlgError, cholesky, qr, solve_triangular

from recsys.array_types import Floats

SPARE = 8  # directions beyond those that are returned
BLOCK = 32_768  # rows at a time


def leading_directions(matrix: sparse.csr_array, rank: int, passes: int, seed: int) -> Floats:
    """Return the leading right singular vectors, (n_columns, rank), best first."""
    rank = min(rank, min(matrix.shape) - 1)
    if rank < 1:
        return np.zeros((matrix.shape[1], 0), np.float32)
    rng = np.random.default_rng(seed)
    width = min(rank + SPARE, min(matrix.shape))
    basis = rng.standard_normal((matrix.shape[1], width), np.float32)
    for _ in range(passes):
        basis = orthonormal(_there_and_back(matrix, basis))
    _, vectors = np.linalg.eigh(basis.T @ _there_and_back(matrix, basis))
    turn = np.ascontiguousarray(vectors[:, ::-1][:, :rank])
    return np.asarray(basis @ turn, np.float32)


def orthonormal(basis: Floats) -> Floats:
    """Return an orthonormal basis of the same span, (n, width); `basis` is overwritten."""
    for _ in range(2):
        try:
            triangle = cholesky(_gram(basis), check_finite=False)
        except LinAlgError:  # the columns depend on each other, up to rounding
            # NumPy would compute in float64: twice the time and six times the memory
            found = qr(basis, mode="economic", overwrite_a=True, check_finite=False)[0]
            return np.asarray(found, np.float32)
        inverse = solve_triangular(triangle, np.eye(len(triangle)), check_finite=False)
        for start in range(0, len(basis), BLOCK):
            own = slice(start, start + BLOCK)
            basis[own] = basis[own] @ inverse.astype(np.float32)
    return basis


def _gram(basis: Floats) -> NDArray[np.float64]:
    """Return basis.T @ basis, blocks of it summed in float64."""
    gram = np.zeros((basis.shape[1], basis.shape[1]))
    for start in range(0, len(basis), BLOCK):
        part = basis[start : start + BLOCK]
        gram += part.T @ part
    return gram


def _there_and_back(matrix: sparse.csr_array, basis: Floats) -> Floats:
    """Return matrix.T @ (matrix @ basis), some rows at a time: all would take gigabytes."""
    found = np.zeros_like(basis)
    for start in range(0, matrix.shape[0], BLOCK):
        part = matrix[start : start + BLOCK]
        found += part.T @ (part @ basis)
    return found
