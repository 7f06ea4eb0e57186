"""A small plant for the web app: bundles as a gateway makes them, in the database and on the broker."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from dashboards.application import create_application
from dashboards.server import Server, listen
from dashboards.settings import WebSettings
from shangyun.local_servers import Broker
from store.database import Database
from store.equipment import EquipmentRegister
from store.group import GroupBuilder
from store.other_signals import OtherSignals
from store.partitions import Partitions
from store.targets import Targets, load_tables
from store.writer import Writer
from telemetry.bundle import Batch, Bundle, Event, SignalList
from telemetry.topics import Message, data_topic, state_topic
from telemetry.wire import encode_bundle

GATEWAY = "plant-1"


class Plant:
    """Makes the bundles of one gateway; every call takes the next seq."""

    def __init__(self, gateway: str = GATEWAY) -> None:
        self.gateway = gateway
        self._seq = 0

    def batch(
        self, equipment: str, kind: str, rows: dict[float, dict[str, float]], qualities: dict[str, int] | None = None
    ) -> Batch:
        """Lay rows (time in seconds to values) out as a batch; ``qualities`` hold for every row."""
        names = tuple(dict.fromkeys(name for values in rows.values() for name in values))
        matrix = np.array([[values.get(name, np.nan) for name in names] for values in rows.values()])
        codes = np.array([[(qualities or {}).get(name, 0) for name in names]] * len(rows), np.uint8)
        return Batch(
            equipment=equipment,
            signals=SignalList.of(kind, names),
            times=np.array([round(at * 1e6) for at in rows], "<i8").tobytes(),
            values=matrix.astype("<f8").tobytes(),
            qualities=codes.tobytes() if qualities else None,
        )

    def bundle(self, *batches: Batch, events: tuple[Event, ...] = ()) -> Bundle:
        self._seq += 1
        now_us = round(time.time() * 1e6)
        return Bundle(
            gateway=self.gateway, epoch=7, seq=self._seq, floor=1, sent_at_us=now_us, batches=tuple(batches), events=events
        )

    def boiler(self, at: float, *, steam_pressure: float = 1.0, name: str = "boiler-1", **values: float) -> Bundle:
        return self.bundle(self.batch(name, "boiler", {at: {"state": 3, "steam_pressure": steam_pressure, **values}}))


class Filler:
    """Commits bundles as ingest does."""

    def __init__(self, database: Database) -> None:
        builder = GroupBuilder(
            targets=Targets(load_tables(database), OtherSignals(database)),
            register=EquipmentRegister(database),
            partitions=Partitions(database),
        )
        self._builder, self._writer = builder, Writer(database, builder)

    def commit(self, *bundles: Bundle) -> None:
        arrivals = [Message(data_topic(bundle.gateway), encode_bundle(bundle)) for bundle in bundles]
        outcome = self._writer.commit(self._builder.build(arrivals))
        assert not outcome.dead
        self._writer.tidy()


class Publisher:
    """Publishes as a gateway does, from a thread of its own."""

    def __init__(self, broker: Broker) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def send(self, bundle: Bundle) -> None:
        self.send_raw(data_topic(bundle.gateway), encode_bundle(bundle))

    def send_raw(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)

    def say_online(self, gateway: str, *, online: bool) -> None:
        self.send_raw(state_topic(gateway), json.dumps({"online": online}).encode())

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(settings: WebSettings, *, port: int = 0) -> Iterator[str]:
    """Run the app on a free port, and give its address once it answers."""
    listener = listen("127.0.0.1", port)
    server = Server(create_application(settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        wait_until(lambda: server.started)
        yield address
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive()


def wait_until(condition: Callable[[], object], *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def is_well(address: str) -> bool:
    return httpx.get(f"{address}/healthz").status_code == 200
