import asyncio
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from shangyun.local_servers import free_port
from tests.edge_gateway.drivers.opcua.plant import Machine

_SOURCE = Path(__file__).parent / "node_server"
_T = TypeVar("_T")


class Elsewhere:
    """A machine on an event loop of its own: it takes seconds to start, and each test has another loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self.machine = Machine(free_port())

    @property
    def port(self) -> int:
        return self.machine.port

    def start(self) -> None:
        self._thread.start()
        self.run(self.machine.__aenter__())

    def run(self, what: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(timeout=60)

    async def do(self, what: Coroutine[Any, Any, _T]) -> _T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, self.loop))

    def stop(self) -> None:
        self.run(self.machine.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Elsewhere]:
    it = Elsewhere()
    it.start()
    yield it
    it.stop()


class NodeServer:
    """A running server of node-opcua, which obeys orders; see ``node_server/server.mjs``."""

    def __init__(self, program: Path, environment: dict[str, str], port: int, items: int) -> None:
        self.port = port
        self._command = ["node", str(program), str(program.parent / "data"), str(port), str(items)]
        self._environment = environment
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._await("ready")

    def order(self, **order: Any) -> str:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._await("")

    @property
    def sessions(self) -> tuple[int, int]:
        """How many sessions there are, and how many were ever made."""
        now, ever = self.order(status=True).removeprefix("status ").split()
        return int(now), int(ever)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _await(self, start: str) -> str:
        """Take the next line that is an answer; the libraries talk, too."""
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(start or ("done", "status")):
                return line.strip()
        raise AssertionError("the server has ended")


@pytest.fixture(scope="session")
def node_program(tmp_path_factory: pytest.TempPathFactory, require_node: Callable[[], dict[str, str]]) -> Path:
    """Path of the server, with its packages installed beside it."""
    environment = require_node()
    folder = tmp_path_factory.mktemp("node-opcua")
    for file in _SOURCE.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "server.mjs"


@pytest.fixture(scope="session")
def node_server(node_program: Path, require_node: Callable[[], dict[str, str]]) -> Iterator[NodeServer]:
    server = NodeServer(node_program, require_node(), free_port(), items=1500)
    yield server
    server.kill()
