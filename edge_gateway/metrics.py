"""What a gateway counts of itself, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

POLLS = Counter("gateway_polls", "Polls that were answered", ["connection", "equipment"])
TIMEOUTS = Counter("gateway_timeouts", "Requests without an answer in time", ["connection", "equipment"])
EXCEPTIONS = Counter("gateway_device_exceptions", "Requests that the device refused", ["connection", "equipment", "code"])
DOUBTFUL = Counter("gateway_doubtful_replies", "Replies that did not fit the request and were thrown away", ["connection"])
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

SPOOL_BUNDLES = Gauge("gateway_spool_bundles", "Bundles on disk without a receipt")
SPOOL_BYTES = Gauge("gateway_spool_bytes", "Their bytes")
SPOOL_OLDEST = Gauge("gateway_spool_oldest_seconds", "Age of the oldest of them")
SPOOL_ERRORS = Counter("gateway_spool_errors", "Commits to disk that failed", ["reason"])
DROPPED_BUNDLES = Counter("gateway_dropped_bundles", "Bundles dropped from the disk without a receipt", ["reason"])
DROPPED_ROWS = Counter("gateway_dropped_rows", "Rows lost before they reached the disk", ["reason"])

PUBLISHED = Counter("gateway_published", "Bundles that the broker acknowledged, repetitions included")
REPEATED = Counter("gateway_repeated", "Bundles sent again because no receipt came")
REFUSED = Counter("gateway_refused", "Bundles that the broker refused", ["code"])
RECEIPTED = Counter("gateway_receipted", "Bundles that the cloud has committed")
FOREIGN_RECEIPTS = Counter("gateway_foreign_receipts", "Receipts left aside: another epoch, or not readable", ["reason"])
IN_FLIGHT = Gauge("gateway_in_flight", "Bundles on their way without a receipt")
