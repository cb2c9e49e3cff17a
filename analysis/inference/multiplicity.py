"""Which of many questions may be answered "yes" when all were asked of the same minutes.

The e-BH procedure of Wang and Ramdas, "False discovery rate control with e-values" (JRSS B 84,
2022, 822-852, arXiv 2009.02824): of m e-values, sorted from the largest, take the largest j for
which the j-th is at least m / (j alpha), and accept those j. Of what is accepted, at most the share
alpha is wrong on average, whatever the e-values have to do with each other (endpoints share their
causes).
"""

import math

import numpy as np
import numpy.typing as npt


def e_bh(log_e: npt.ArrayLike, alpha: float) -> npt.NDArray[np.bool_]:
    """Which of m findings hold, by the logarithms of their e-values: shape (m,) in, (m,) out.

    Raises ValueError for an e-value that is not a number, and unless 0 < alpha < 1.
    """
    values = np.asarray(log_e, dtype=np.float64)
    if values.ndim != 1 or np.isnan(values).any():
        raise ValueError(f"e-values must be numbers of shape (m,), seen: {values.shape}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, seen: {alpha}")
    order = np.argsort(-values, kind="stable")
    ranks = np.arange(1, values.size + 1)
    enough = values[order] >= math.log(max(values.size, 1) / alpha) - np.log(ranks)
    accepted = np.zeros(values.size, dtype=np.bool_)
    if enough.any():
        accepted[order[: int(np.flatnonzero(enough)[-1]) + 1]] = True
    return accepted
