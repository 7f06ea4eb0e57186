"""What the web app counts about itself, served under /metrics."""

from prometheus_client import Counter, Gauge

BUNDLES = Counter("shangyun_web_bundles", "Bundles received from the broker")
DROPPED = Counter("shangyun_web_dropped", "Messages, batches and rows that were not shown, by reason", ["reason"])
STREAMS = Gauge("shangyun_web_streams", "Browser tabs that follow live values")
RESYNCS = Counter("shangyun_web_resyncs", "Times that a slow tab was told to fetch its history again")
