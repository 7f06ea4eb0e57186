"""Where tasks are computed: in this process, in several on this machine, or on a Dask cluster. The results are the same."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any, Literal, TypeVar

from analytics.engine.compute import compute, compute_training
from analytics.engine.task import Computed, Task, Trained, TrainingTask
from store.database import Database
from telemetry.errors import ConfigError

EngineName = Literal["processes", "dask"]
Work = Task | TrainingTask
Done = Computed | list[Trained]
Run = Callable[[Iterable[Work]], Iterator[tuple[Work, Done]]]
"""Takes tasks, and gives each with its result as soon as it is there, in any order."""
_AHEAD = 2
"""Tasks that wait for each process: enough to keep it busy, few enough to stop soon."""
T = TypeVar("T")

_database: Database | None = None
"""Of a process: its own connections to the address that it was told last."""
_address = ""


@contextmanager
def engine(name: EngineName, address: str, *, processes: int = 2, scheduler: str = "") -> Iterator[Run]:
    """Start an engine; the block's end stops it.

    Parameters
    ----------
    address : str
        Of the database; every process opens its own connections.
    scheduler : str
        Address of a Dask scheduler; a cluster on this machine is started where it is empty.

    Raises
    ------
    ConfigError
        If Dask is not installed, or its scheduler does not answer.
    """
    if name == "dask":
        with _dask(address, processes, scheduler) as run:
            yield run
    elif processes == 1:
        yield lambda tasks: ((task, do(address, task)) for task in tasks)
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin) as pool:
            yield lambda tasks: _in_pool(pool, address, tasks, ahead=_AHEAD * processes)
            pool.shutdown(cancel_futures=True)


def do(address: str, work: Work) -> Done:
    """Compute one task in this process."""
    global _database, _address  # connections live as long as the process
    if _database is None or _address != address:
        _database, _address = Database(address, max_connections=2), address
        _database.__enter__()
    return compute(work, _database) if isinstance(work, Task) else compute_training(work, _database)


def _begin() -> None:
    """Let Ctrl-C be for the one that started this process, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def end_with_parent() -> None:
        parent = parent_process()
        assert parent is not None
        parent.join()
        signal.raise_signal(signal.SIGKILL)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _in_pool(pool: ProcessPoolExecutor, address: str, tasks: Iterable[Work], *, ahead: int) -> Iterator[tuple[Work, Done]]:
    waiting: dict[Future[Done], Work] = {}
    left = iter(tasks)
    try:
        while True:
            while len(waiting) < ahead and (task := next(left, None)) is not None:
                waiting[pool.submit(do, address, task)] = task
            if not waiting:
                return
            ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ended:
                yield waiting.pop(future), future.result()
    finally:
        for future in waiting:
            future.cancel()


@contextmanager
def _dask(address: str, processes: int, scheduler: str) -> Iterator[Run]:
    try:
        from distributed import Client, LocalCluster, as_completed  # noqa: PLC0415 - only where it is asked for
    except ModuleNotFoundError:
        raise ConfigError("--engine dask needs the package distributed: pip install 'shangyun[dask]'") from None
    try:
        cluster: Any = scheduler or LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=None)  # type: ignore[no-untyped-call]
        client: Any = Client(cluster, timeout="10s")  # type: ignore[no-untyped-call]
    except OSError as error:
        raise ConfigError(f"the Dask scheduler {scheduler} does not answer: {error}") from None

    def run(tasks: Iterable[Work]) -> Iterator[tuple[Work, Done]]:
        given: Sequence[Work] = list(tasks)
        futures = {client.submit(do, address, task, pure=False): task for task in given}
        for future in as_completed(list(futures)):  # type: ignore[no-untyped-call]
            yield futures[future], future.result()

    with client:
        yield run
        if not scheduler:
            cluster.close()
