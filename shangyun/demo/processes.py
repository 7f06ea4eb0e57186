"""Child processes of the demo: each with its log file, none outliving the demo."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from shangyun.local_servers import die_with_parent
from telemetry.errors import ShangyunError

_STOP_SECONDS = 15.0


class Child:
    """One ``shangyun`` command run as a process of its own."""

    def __init__(self, name: str, arguments: Sequence[str | Path], *, log: Path) -> None:
        self.name, self._log = name, log
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "shangyun", *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=Path(__file__).parents[2],  # where the packages are when they are not installed
                process_group=0,  # Ctrl-C is for the demo, which stops its parts in the right order
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the demo starts its children from its one thread
            )

    def check(self) -> None:
        """Raise with the end of its log if it has ended by itself."""
        status = self._process.poll()
        if status is not None:
            tail = "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
            raise ShangyunError(f"{self.name} ended with status {status}; the end of {self._log}:\n{tail}")

    def stop(self) -> None:
        """End it in good order, by force after a while."""
        self._process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
