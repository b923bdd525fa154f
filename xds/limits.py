"""What the gRPC server bears with."""

from dataclasses import dataclass


@dataclass(slots=True)
class Limits:
    """Limits of the gRPC server.

    message_bytes: of a request; one of 20,000 names and the versions that the proxy holds is about 3 MB; Envoy's node
        alone is 61 kB. streams: per connection; a proxy needs one, or one per type. keepalive_seconds and
        ping_timeout_seconds: a frozen peer is noticed after their sum, and only if both are set (rule 34). max_streams:
        in all.
    """

    message_bytes: int = 4 * 1024 * 1024
    streams_per_connection: int = 100
    keepalive_seconds: float = 10.0
    ping_timeout_seconds: float = 2.0
    max_streams: int = 20_000

    def options(self) -> list[tuple[str, int]]:
        """The same as channel arguments of gRPC."""
        return [
            ("grpc.max_receive_message_length", self.message_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_concurrent_streams", self.streams_per_connection),
            ("grpc.keepalive_time_ms", int(1000 * self.keepalive_seconds)),
            ("grpc.keepalive_timeout_ms", int(1000 * self.ping_timeout_seconds)),
            ("grpc.http2.ping_timeout_ms", int(1000 * self.ping_timeout_seconds)),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_ping_interval_without_data_ms", 5000),
            # With it each stream's window grows to megabytes, and a stream that floods fills it before it is read.
            ("grpc.http2.bdp_probe", 0),
            ("grpc.so_reuseport", 0),
            # Of those that wait to be accepted, gRPC refuses some from 1,000 on; after a restart all come at once.
            ("grpc.server.max_pending_requests", self.max_streams),
            ("grpc.server.max_pending_requests_hard_limit", self.max_streams),
        ]
