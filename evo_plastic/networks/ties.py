"""Which rule each synapse of a tied network uses: integer maps, one per connection."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo_plastic.seeding import STREAM_TIES, fold

_DTYPE = "<u2"


@dataclass(frozen=True)
class Ties:
    """Maps by connection: name, shape (post, pre), bytes; values that compare and hash.

    A connection without a map of its own has its synapses tied at random, always alike: that
    is a tied network which was not merged from an evolved one.
    """

    maps: tuple[tuple[str, tuple[int, ...], bytes], ...] = ()

    @staticmethod
    def of(maps: Mapping[str, NDArray[np.integer]]) -> "Ties":
        """maps: (post, pre) by connection, entries below ``config.MOST_CLUSTERS``."""
        return Ties(
            tuple((name, maps[name].shape, maps[name].astype(_DTYPE).tobytes()) for name in maps)
        )

    def arrays(self) -> dict[str, NDArray[np.uint16]]:
        """Inverse of ``of``."""
        return {name: np.frombuffer(data, _DTYPE).reshape(s) for name, s, data in self.maps}

    def map(self, connection: str, shape: tuple[int, int], clusters: int) -> NDArray[np.int64]:
        """Cluster of each synapse, (post, pre).

        ``ValueError`` if the connection's own map has another shape or more clusters.
        """
        own = self.arrays().get(connection)
        if own is None:
            draws = fold(STREAM_TIES, np.arange(shape[0])[:, None], np.arange(shape[1]))
            return (draws % np.uint64(clusters)).astype(np.int64)
        if own.shape != shape or own.max() >= clusters:
            raise ValueError(
                f"the map of {connection} ties {own.shape} synapses to {own.max() + 1} rules, "
                f"expected {shape} and at most {clusters}"
            )
        return own.astype(np.int64)


UNTIED = Ties()
"""No maps of one's own."""
