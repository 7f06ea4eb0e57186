"""What a gateway counts of itself, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

POLLS = Counter("gateway_polls", "Polls that were answered", ["connection", "equipment"])
TIMEOUTS = Counter("gateway_timeouts", "Requests without an answer in time", ["connection", "equipment"])
EXCEPTIONS = Counter("gateway_device_exceptions", "Requests that the device refused", ["connection", "equipment", "code"])
LINE_TIMEOUTS = Counter(
    "gateway_line_timeouts", "Modbus requests without an answer in time, repeats of a doubt included", ["connection"]
)
LATE_REPLIES = Counter(
    "gateway_late_replies", "Modbus replies that came after their time-out and were thrown away", ["connection"]
)
STRAYS = Counter("gateway_stray_replies", "Sound Modbus frames that answer no question of the moment", ["connection"])
DOUBTFUL = Counter("gateway_doubtful_replies", "Replies that did not fit the request and were thrown away", ["connection"])
REJECTED_SENTENCES = Counter("gateway_rejected_sentences", "NMEA 0183 lines that were thrown away", ["connection", "reason"])
OVERRUNS = Counter("gateway_overruns", "Polls left out because the one before took too long", ["connection", "equipment"])
DEMOTED = Counter("gateway_demoted_polls", "Polls of silent equipment told as bad without asking it", ["connection", "equipment"])
ROUND_TRIP = Histogram(
    "gateway_round_trip_seconds",
    "From request to reply",
    ["connection"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
CONNECTED = Gauge("gateway_connected", "1 while the connection is open", ["connection"])
CONNECTS = Counter("gateway_connects", "Attempts to open the connection", ["connection"])
CLOCK_OFFSET = Gauge("gateway_clock_offset_seconds", "How far the gateway's time is ahead of the system clock after a step back")

RELOADS = Counter("gateway_reloads", "Times that the settings were read again", ["result"])
CLOCK_STEPS = Counter("gateway_clock_steps", "Jumps of the system clock by more than a minute", ["direction"])
DEVICE_CLOCK_OFFSET = Gauge(
    "gateway_device_clock_offset_seconds", "How far a device's own clock is ahead of the gateway's", ["connection"]
)
MISSED_CHANGES = Counter(
    "gateway_missed_changes", "Times that a device lost changes before it told them", ["connection", "reason"]
)

SPOOL_BUNDLES = Gauge("gateway_spool_bundles", "Bundles on disk without a receipt")
SPOOL_BYTES = Gauge("gateway_spool_bytes", "Their bytes")
SPOOL_OLDEST = Gauge("gateway_spool_oldest_seconds", "Age of the oldest of them")
SPOOL_ERRORS = Counter("gateway_spool_errors", "Commits to disk that failed", ["reason"])
DROPPED_BUNDLES = Counter("gateway_dropped_bundles", "Bundles dropped from the disk without a receipt", ["reason"])
DROPPED_ROWS = Counter("gateway_dropped_rows", "Rows lost before they reached the disk", ["reason"])

PUBLISHED = Counter("gateway_published", "Bundles that the broker acknowledged, repetitions included")
UNHEARD = Counter("gateway_unheard", "Bundles that the broker took while no ingest was subscribed, and dropped")
REPEATED = Counter("gateway_repeated", "Bundles sent again because no receipt came")
REFUSED = Counter("gateway_refused", "Bundles that the broker refused", ["code"])
RECEIPTED = Counter("gateway_receipted", "Bundles that the cloud has committed")
FOREIGN_RECEIPTS = Counter("gateway_foreign_receipts", "Receipts left aside: another epoch, or not readable", ["reason"])
IN_FLIGHT = Gauge("gateway_in_flight", "Bundles on their way without a receipt")

# Sparkplug
SPARKPLUG_LIVE = Gauge("gateway_sparkplug_live", "1 while births are out and changes follow them")
SPARKPLUG_MESSAGES = Counter("gateway_sparkplug_messages", "Messages handed to the broker", ["type"])
SPARKPLUG_DROPPED = Counter("gateway_sparkplug_dropped_values", "Changed values that no message tells", ["reason"])
SPARKPLUG_REFUSED = Counter("gateway_sparkplug_refused", "Refusals of the broker; silent: a birth that never came back", ["code"])
SPARKPLUG_COMMANDS = Counter("gateway_sparkplug_commands", "What hosts asked for and what became of it", ["outcome"])
