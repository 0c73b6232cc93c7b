"""The driver's loop and its workers, one event after the other: seconds, not lifetimes.

How work is cut, handed out, repeated and given up is not modelled: the pool's own code decides it
(``workers.cutting``, ``workers.handout``). Modelled is what takes time. The driver does one thing
at a time: while a worker is idle and a chunk waits, it hands it out; then it takes the message
that came first. All else follows when a chunk is handed out, since a worker has one at a time:
when it arrives, how long the worker takes, whether it stalls or dies, and when the driver hears
of it. So the only queue is that of messages to the driver.
"""

import heapq
import itertools
import math

import numpy as np

from benchmarks.simulation.parameters import Cluster, Costs, Faults
from benchmarks.simulation.parts import Batch, Call, Generation, Map, Message, Worker
from workers.cutting import cut
from workers.handout import HOPELESS_SECONDS, Handout, Pace
from workers.pool import POLL_SECONDS
from workers.ray_pool import RayPool


class Simulation:
    """A pool that lives through one generation after the other; equal seeds give equal times.

    call_seconds: what the pool thinks a call costs, when it cuts chunks
    """

    def __init__(
        self,
        costs: Costs,
        cluster: Cluster,
        faults: Faults | None = None,
        seed: int = 0,
        call_seconds: float = RayPool.call_seconds,
    ) -> None:
        self._costs, self._cluster, self._faults = costs, cluster, faults or Faults()
        self._call_seconds = call_seconds
        self.deaths = self.stalls = self.second_copies = self.given_up = 0
        self._random = np.random.default_rng(seed)
        self._workers = self._hire()
        self._idle = list(range(cluster.workers))
        self._messages: list[tuple[float, int, Message, Call]] = []
        self._number = itertools.count()  # messages of the same moment stay in order
        self._pace = Pace()
        self._life_seconds: float | None = None
        self._fetched: dict[int, float] = {}  # when the proposal arrives, by node
        self._out = self._generation = self._chunks = self._sent = 0
        self.clock = self._busy = self._link_free = 0.0

    def generation(self, *batches: Batch) -> Generation:
        """Go through maps, one after the other; the first has all candidates.

        ``ClusterLost`` where the pool would raise it.
        """
        begun = self.clock
        self._busy, self._chunks, self._sent = 0.0, 0, 0
        self._generation += 1
        self._fetched.clear()
        after = self._costs.alone(len(batches[0].seconds))
        self._spend(self._costs.prepare)
        for batch in batches:
            self.map(batch)
        self._spend(after)
        alone = self._costs.prepare + after
        return Generation(self.clock - begun, self._busy, alone, self._chunks, self._sent)

    def map(self, batch: Batch) -> Handout:
        """Hand out all chunks and take their answers; the answers are the workers' numbers."""
        life = self._life_seconds
        item_seconds = None if life is None else life * batch.lives
        count = len(batch.seconds)
        current = Map(batch, cut(count, self._cluster.workers, self._call_seconds, item_seconds))
        self._spend(self._costs.pack * len(current.parts))
        while not current.handout.done:
            while self._idle and (chunk := current.handout.take()) is not None:
                self._hand_out(current, chunk)
            self._collect(current)
        self._life_seconds = current.worked / (batch.lives * len(batch.seconds))
        return current.handout

    def _hire(self) -> list[Worker]:
        count, faults = self._cluster.workers, self._faults
        slow = np.arange(count) < round(faults.slow_share * count)
        return [
            Worker(
                number // self._cluster.workers_per_node,
                faults.slowness if slow_one else 1.0,
                self._draw(faults.stall_every),
                self._draw(faults.death_every),
            )
            for number, slow_one in enumerate(self._random.permutation(slow))
        ]

    def _draw(self, mean: float) -> float:
        return mean if math.isinf(mean) else float(self._random.exponential(mean))

    def _spend(self, seconds: float) -> None:
        self.clock += seconds
        self._busy += seconds

    def _push(self, time: float, message: Message, call: Call) -> None:
        heapq.heappush(self._messages, (time, next(self._number), message, call))

    def _hand_out(self, current: Map, chunk: int) -> None:
        self._spend(self._costs.send)
        self._chunks += 1
        self._out += 1
        number = self._idle.pop()
        worker = self._workers[number]
        work = worker.slowness * self._work(number, current, chunk)
        losses = current.handout.losses(chunk)
        call = Call(number, current.handout, chunk, losses, self.clock, work)
        begun = self._arrival(worker, len(current.parts[chunk]))
        ended = begun + work + self._stalled(worker, work)
        if worker.until_death <= work:
            died = begun + worker.until_death
            self._push(died + self._faults.detection, Message.DEATH, call)
        else:
            worker.until_death -= work
            back = self._cluster.latency + self._costs.result_bytes / self._cluster.bandwidth
            self._push(ended + self._costs.transit / 2 + back, Message.RESULT, call)
        size = current.handout.sizes[chunk]
        self._push(self.clock + self._pace.overdue(size), Message.ALARM, call)
        self._push(self.clock + HOPELESS_SECONDS, Message.LAST_ALARM, call)

    def _work(self, number: int, current: Map, chunk: int) -> float:
        """Seconds of a chunk on a worker, if it is not slow."""
        return current.seconds(chunk)

    def _arrival(self, worker: Worker, candidates: int) -> float:
        """When the worker has a chunk and the generation's proposal, which a node fetches once."""
        costs = self._costs
        size = costs.chunk_bytes + costs.candidate_bytes * candidates
        arrived = self._send(self.clock, size) + costs.transit / 2
        if worker.generation == self._generation:
            return arrived
        worker.generation = self._generation
        if worker.node not in self._fetched:
            asked = arrived + self._cluster.latency
            self._fetched[worker.node] = self._send(asked, costs.proposal_bytes)
        return max(arrived, self._fetched[worker.node]) + costs.open

    def _send(self, time: float, size: int) -> float:
        """When ``size`` bytes arrive; the driver's link carries one message at a time."""
        self._sent += size
        self._link_free = max(self._link_free, time) + size / self._cluster.bandwidth
        return self._link_free + self._cluster.latency

    def _stalled(self, worker: Worker, work: float) -> float:
        """Seconds that the worker stands still while it works for ``work`` seconds."""
        stalled = 0.0
        while worker.until_stall <= work:
            work -= worker.until_stall
            stalled += self._faults.stall
            self.stalls += 1
            worker.until_stall = self._draw(self._faults.stall_every)
        worker.until_stall -= work
        return stalled

    def _collect(self, current: Map) -> None:
        """Take the message that comes first."""
        time, _, message, call = heapq.heappop(self._messages)
        if call.over:
            return
        if message is Message.ALARM:
            self._repeat(max(self.clock, time), current, call)
            return
        if message is Message.LAST_ALARM and not self._hopeless(max(self.clock, time), call):
            return
        self.clock = max(self.clock, time)
        call.over = True
        if message is not Message.LAST_ALARM:
            looks = self._costs.waiting + (self._costs.overdue if self._idle else 0.0)
            self._spend(self._costs.receive + looks * self._out)
        self._out -= 1
        if message in (Message.RESULT, Message.READY):
            self._idle.append(call.worker)
            if call.handout is current.handout:
                self._answer(current, call)
            return
        self._lose(current, call, message)

    def _hopeless(self, moment: float, call: Call) -> bool:
        """Whether a call's worker is given up; if not, when to look again depends on the pace."""
        assert call.handout is not None
        size = call.handout.sizes[call.chunk]
        deadline = call.sent + self._pace.hopeless(size, call.losses)
        if moment < deadline:
            again = min(deadline, moment + HOPELESS_SECONDS)
            self._push(again, Message.LAST_ALARM, call)
        return moment >= deadline

    def _answer(self, current: Map, call: Call) -> None:
        self._pace.note(self.clock - call.sent, current.handout.sizes[call.chunk])
        if call.chunk not in current.handout.results:
            current.worked += call.work
        current.handout.answer(call.chunk, call.worker)

    def _repeat(self, moment: float, current: Map, call: Call) -> None:
        """Give a chunk that is overdue to a second worker, if one is idle: then no other waits."""
        if call.handout is not current.handout:
            return
        overdue = call.sent + self._pace.overdue(current.handout.sizes[call.chunk])
        if moment < overdue:
            self._push(overdue, Message.ALARM, call)
        elif not self._idle:
            self._push(moment + POLL_SECONDS, Message.ALARM, call)
        elif current.handout.take_again(call.chunk):
            self.clock = moment
            self.second_copies += 1
            self._hand_out(current, call.chunk)

    def _lose(self, current: Map, call: Call, message: Message) -> None:
        """Another worker starts in the place of one that died or was given up."""
        worker = self._workers[call.worker]
        worker.until_stall = self._draw(self._faults.stall_every)
        worker.until_death = self._draw(self._faults.death_every)
        worker.generation = 0
        self._ask(call.worker, self._faults.restart)
        if message is Message.DEATH:
            self.deaths += 1
            while self._idle:  # may have died with it
                self._spend(self._costs.send)
                self._ask(self._idle.pop(), self._costs.transit)
        else:
            self.given_up += 1
        if call.handout is current.handout:
            current.handout.lose(call.chunk, "simulated")

    def _ask(self, worker: int, seconds: float) -> None:
        """A call without a chunk, whose answer says that the worker is there."""
        self._out += 1
        answered = self.clock + seconds + 2 * self._cluster.latency
        self._push(answered, Message.READY, Call(worker))
