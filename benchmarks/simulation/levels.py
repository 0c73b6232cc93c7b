"""A pool of pools: the driver gives chunks to nodes, each of which has a driver of its own."""

from dataclasses import replace

from benchmarks.simulation.model import Simulation
from benchmarks.simulation.parameters import Cluster, Costs
from benchmarks.simulation.parts import Batch, Map


class TwoLevels(Simulation):
    """A node is a worker that takes as long as its own workers take for a chunk together.

    pieces: of every candidate, to be lived apart on a node
    """

    def __init__(self, costs: Costs, cluster: Cluster, pieces: int = 1) -> None:
        nodes = max(1, cluster.workers // cluster.workers_per_node)
        super().__init__(costs, replace(cluster, workers=nodes, workers_per_node=1))
        within = Cluster(cluster.workers // nodes, cluster.workers)
        # They only go through maps: the proposal comes with the chunk, and the top driver tells.
        self._nodes = [Simulation(costs, within) for _ in range(nodes)]
        self._pieces = pieces

    def _work(self, number: int, current: Map, chunk: int) -> float:
        part, batch = current.parts[chunk], current.batch
        seconds = batch.seconds[part.start : part.stop]
        pieces = Batch((seconds / self._pieces).repeat(self._pieces), batch.lives // self._pieces)
        node = self._nodes[number]
        begun = node.clock
        node.map(pieces)
        return node.clock - begun
