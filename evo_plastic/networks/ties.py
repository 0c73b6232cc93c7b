"""Which rule each synapse of a tied network uses: integer maps, one per connection."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo_plastic.seeding import STREAM_TIES, fold


@dataclass(frozen=True)
class Ties:
    """Maps by connection, as values that can be compared and hashed.

    A connection without a map of its own has its synapses tied at random, always alike: that
    is a tied network which was not merged from an evolved one.
    """

    maps: tuple[tuple[str, bytes], ...] = ()

    @staticmethod
    def of(maps: Mapping[str, NDArray[np.int64]]) -> "Ties":
        """maps: (post, pre) by connection, entries from 0 to 65535."""
        return Ties(tuple((name, maps[name].astype("<u2").tobytes()) for name in sorted(maps)))

    def map(self, connection: str, shape: tuple[int, int], clusters: int) -> NDArray[np.int64]:
        """Cluster of each synapse, (post, pre).

        ``ValueError`` if the connection's own map has another size or more clusters.
        """
        own = dict(self.maps).get(connection)
        if own is None:
            draws = fold(STREAM_TIES, np.arange(shape[0])[:, None], np.arange(shape[1]))
            return (draws % np.uint64(clusters)).astype(np.int64)
        found = np.frombuffer(own, "<u2").astype(np.int64)
        if found.size != shape[0] * shape[1] or found.max() >= clusters:
            raise ValueError(
                f"the map of {connection} has {found.size} synapses and {found.max() + 1} "
                f"clusters, expected {shape[0]} × {shape[1]} and at most {clusters}"
            )
        return found.reshape(shape)


UNTIED = Ties()
"""No maps of one's own."""
