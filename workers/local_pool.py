"""Pool of threads in this process; kernels release the interpreter lock, so threads suffice."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any

from workers.patience import Patience, never
from workers.pool import POLL_SECONDS, MakeWorker, Pool, Worker


class LocalPool(Pool):
    """``size`` threads, each with a worker of its own, made when its first chunk arrives."""

    call_seconds = 1e-4

    def __init__(
        self, make_worker: MakeWorker, size: int, stopping: Callable[[], bool] = never
    ) -> None:
        self._size = size
        self._patience = Patience(stopping)
        self._make_worker = make_worker
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="worker")
        self._own = threading.local()

    @property
    def size(self) -> int:
        return self._size

    def map(
        self, shared: Any, chunks: Sequence[Any], sizes: Sequence[float] | None = None
    ) -> list[Any]:
        """See ``Pool.map``; after an exception, chunks that have not begun are dropped."""
        futures = [self._threads.submit(self._run, shared, chunk) for chunk in chunks]
        try:
            self._wait(futures)
        finally:
            for future in futures:
                future.cancel()
        return [future.result() for future in futures]

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _wait(self, futures: list[Future[Any]]) -> None:
        """Wait until all are done, or raise the exception of the first that failed."""
        pending = set(futures)
        while pending:
            done, pending = wait(pending, POLL_SECONDS, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            if pending:
                self._patience()

    def _run(self, shared: Any, chunk: Any) -> Any:
        worker: Worker | None = getattr(self._own, "worker", None)
        if worker is None:
            worker = self._own.worker = self._make_worker()
        return worker.run(shared, chunk)
