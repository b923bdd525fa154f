"""Certificates: what can't be used is named, and new ones are taken up without a restart."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from grpc_health.v1 import health_pb2, health_pb2_grpc

from controllers.status.rpc import Health
from controllers.tls import Certificates, TlsError
from tests.controllers.certificates import Authority, Issued


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def refused(cert: Path, key: Path, client_ca: Path | None = None) -> str:
    with pytest.raises(TlsError) as caught:
        Certificates(cert, key, client_ca).credentials()
    return str(caught.value)


def test_files_that_can_not_be_used_are_named(authority: Authority, tmp_path: Path) -> None:
    good, other = authority.issue("a.test"), authority.issue("b.test")
    missing, text = tmp_path / "nope", tmp_path / "text"
    text.write_text("not a certificate")
    assert refused(missing, good.key) == f"tls_cert {missing} can't be read: No such file or directory"
    assert refused(good.cert, missing) == f"tls_key {missing} can't be read: No such file or directory"
    assert refused(good.cert, other.key) == f"tls_key {other.key} is not the key of tls_cert {good.cert}"
    pair = "are not a certificate and its key in PEM form"
    assert refused(text, good.key) == f"tls_cert {text} and tls_key {good.key} {pair}"
    assert refused(good.cert, text) == f"tls_cert {good.cert} and tls_key {text} {pair}"
    assert refused(good.cert, good.key, text) == f"tls_client_ca {text} holds no certificate in PEM form"
    assert refused(good.cert, good.key, missing) == f"tls_client_ca {missing} can't be read: No such file or directory"


def test_a_key_with_a_password_is_refused_without_asking_for_it(authority: Authority) -> None:
    issued = authority.issue("a.test")
    key = serialization.load_pem_private_key(issued.key.read_bytes(), password=None)
    issued.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    assert refused(issued.cert, issued.key) == "tls_key is encrypted: give one that needs no password"


@pytest.fixture
async def served(authority: Authority) -> AsyncIterator[tuple[Issued, int]]:
    """A server's certificate, and its port."""
    issued = authority.issue("a.test", file="server")
    server = grpc.aio.server()
    health = Health()
    health.add_to(server)
    await health.tell(serving=True)
    port = server.add_secure_port("127.0.0.1:0", Certificates(issued.cert, issued.key).credentials())
    await server.start()
    yield issued, port
    await server.stop(None)


async def answers(port: int, authority: Authority, name: str) -> bool:
    """Whether a new connection finds that name on the server's certificate."""
    credentials = grpc.ssl_channel_credentials(authority.path.read_bytes())
    options = [("grpc.ssl_target_name_override", name), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=options) as channel:
        try:
            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        except grpc.aio.AioRpcError:
            return False
        return True


async def test_a_renewed_certificate_is_shown_to_the_next_connection(
    authority: Authority, served: tuple[Issued, int]
) -> None:
    _, port = served
    assert await answers(port, authority, "a.test")
    authority.issue("b.test", file="server")
    assert await answers(port, authority, "b.test")
    assert not await answers(port, authority, "a.test")


async def test_a_renewed_certificate_that_is_broken_leaves_the_old_one_in_use(
    authority: Authority, served: tuple[Issued, int]
) -> None:
    issued, port = served
    issued.cert.write_text("half a certificate")
    assert await answers(port, authority, "a.test")
    authority.issue("c.test", file="server")
    assert await answers(port, authority, "c.test")
