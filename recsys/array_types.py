"""Type aliases of arrays in public signatures; shapes are given in docstrings."""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]  # row numbers of items or users; -1 means unknown
Floats = NDArray[np.float32]  # scores, weights, vectors
Times = NDArray[np.float64]  # Unix seconds; NaN means unknown
Mask = NDArray[np.bool_]
