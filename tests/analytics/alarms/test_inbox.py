"""Messages on their way to be judged."""

import asyncio
from functools import partial

from analytics.alarms.inbox import Inbox
from shangyun.local_servers import Broker
from telemetry.mqtt import BrokerSettings
from telemetry.mqtt_receiver import receive_from
from tests.analytics.alarms.test_worker import until
from tests.dashboards.plant import Publisher


async def test_each_message_is_handed_over_once_however_often_one_looks(broker: Broker) -> None:
    settings, publisher = BrokerSettings(host=broker.host, port=broker.port), Publisher(broker)
    topic = "sy/1/inbox-test/up/data"
    inbox, found = Inbox(), list[bytes]()

    def look(count: int) -> bool:
        found.extend(message.payload for message in inbox.take() if message.topic == topic)
        return len(found) >= count

    async with receive_from(settings, inbox=100) as link:
        filling = asyncio.create_task(inbox.fill(link))
        await until(lambda: inbox.is_connected)
        for number in range(5):
            await asyncio.to_thread(publisher.send_raw, topic, str(number).encode())
            await until(partial(look, number + 1))
        filling.cancel()
    publisher.close()
    assert found == [b"0", b"1", b"2", b"3", b"4"]
