"""Statistics of a run's times, with what was never seen to happen taken into account."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import CensoredData, ecdf


def censored_quantile(
    seen_s: Sequence[float], unseen_s: Sequence[float], share: float
) -> float | None:
    """Return the time by which a share of cases had happened, by Kaplan and Meier.

    Parameters
    ----------
    seen_s
        Time of each case that happened [s].
    unseen_s
        Time each other case was watched for without its happening [s].
    share
        Of all cases, above 0 and below 1.

    Returns
    -------
    float | None
        None when fewer than that share are known to have happened.

    References
    ----------
    Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452.
    """
    if not seen_s:
        return None
    sample = CensoredData(
        uncensored=np.asarray(seen_s, dtype=float), right=np.asarray(unseen_s, dtype=float)
    )
    happened = ecdf(sample).cdf
    # The estimate is a product of fractions: half of the cases may come out as 0.49999….
    reached = np.flatnonzero(happened.probabilities >= share - 1e-9)
    return float(happened.quantiles[reached[0]]) if len(reached) else None
