"""Many times in few figures."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence


def spread(times: Sequence[float]) -> dict[str, float]:
    """Return count, median, 90th and 95th percentile and largest of times, in the unit they have."""
    if not times:
        return {"count": 0}
    ordered = sorted(times)

    def part(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return round(ordered[low] + (ordered[high] - ordered[low]) * (place - low), 4)

    return {
        "count": len(ordered), "median": round(statistics.median(ordered), 4), "p90": part(0.9), "p95": part(0.95),
        "most": round(ordered[-1], 4),
    }  # fmt: skip


def told_load() -> float:
    """Return the load average of the last minute, 0 where the system has none."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else 0.0
