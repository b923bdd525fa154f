"""A certificate in files that somebody else renews: put in place as a kubelet does, and as nobody should."""

import os
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from structlog.testing import capture_logs

from controllers.kubernetes.webhook.from_files import FromFiles
from controllers.kubernetes.webhook.issue import VALID, Pair, issue
from controllers.kubernetes.webhook.serving_tls import ServingTls
from controllers.tls import TlsError, contents_of

NOW = 1_790_000_000.0
NAMES = ["127.0.0.1"]

RENEWED = "certificate renewed"
NOT_RENEWED = "certificate not renewed; the one in use stays"


class Mounted:
    """A Secret as a kubelet mounts it: names that point into a folder which is exchanged as a whole."""

    def __init__(self, folder: Path, pair: Pair) -> None:
        self._folder = folder
        self._count = 0
        self.cert, self.key = folder / "tls.crt", folder / "tls.key"
        self.put(pair)
        for path in (self.cert, self.key):
            path.symlink_to(Path("..data", path.name))

    def put(self, pair: Pair) -> None:
        data, beside = self._folder / "..data", self._folder / "..data_tmp"
        old = data.resolve() if data.exists() else None
        self._count += 1
        new = self._folder / f"..{self._count}"
        new.mkdir()
        (new / self.cert.name).write_bytes(pair.cert)
        (new / self.key.name).write_bytes(pair.key)
        beside.symlink_to(new.name)
        os.replace(beside, data)
        if old is not None:
            shutil.rmtree(old)


def pair(began: float = NOW) -> Pair:
    return issue(NAMES, began)[0]


async def look(files: FromFiles) -> list[str]:
    """What is told meanwhile."""
    with capture_logs() as logs:
        await files.look()
    return [entry["event"] for entry in logs]


async def test_a_secret_that_a_kubelet_renews_is_read_again(tmp_path: Path) -> None:
    first, second, tls = pair(), pair(NOW + 1000), ServingTls()
    mounted = Mounted(tmp_path, first)
    files = FromFiles(mounted.cert, mounted.key, tls)
    assert await look(files) == []
    mounted.put(second)
    assert await look(files) == [RENEWED]
    assert tls.pair == second
    assert tls.ends == int(NOW + 1000 + VALID.total_seconds())


async def test_what_is_put_there_again_is_no_news(tmp_path: Path) -> None:
    first, tls = pair(), ServingTls()
    mounted = Mounted(tmp_path, first)
    files = FromFiles(mounted.cert, mounted.key, tls)
    mounted.put(first)
    assert await look(files) == []
    assert tls.pair == first


async def test_a_kubelet_that_comes_between_certificate_and_key_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, tls = pair(), ServingTls()
    mounted = Mounted(tmp_path, pair())
    files = FromFiles(mounted.cert, mounted.key, tls)
    mounted.put(pair())
    pending = [second]

    def exchanged_behind(path: Path, setting: str) -> bytes:
        found = contents_of(path, setting)
        if pending:
            mounted.put(pending.pop())
        return found

    monkeypatch.setattr("controllers.kubernetes.webhook.from_files.contents_of", exchanged_behind)
    assert await look(files) == []
    assert await look(files) == [RENEWED]
    assert tls.pair == second


async def test_while_the_files_are_not_right_the_last_certificate_stays(tmp_path: Path) -> None:
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    first, second, tls = pair(), pair(), ServingTls()
    write(first, cert, key)
    files = FromFiles(cert, key, tls)
    put(cert, second.cert)
    assert await look(files) == [NOT_RENEWED]
    assert await look(files) == [], "it is told once"
    put(cert, second.cert[:100])
    assert await look(files) == [NOT_RENEWED]
    cert.unlink()
    assert await look(files) == [NOT_RENEWED]
    assert tls.pair == first
    write(second, cert, key)
    assert await look(files) == [RENEWED]
    assert tls.pair == second
    put(key, first.key)
    assert await look(files) == [NOT_RENEWED], "and again when it is wrong again"


async def test_files_that_become_usable_are_used_though_they_look_the_same(tmp_path: Path) -> None:
    """As those that had to be let be read: that changes no time of theirs."""
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    first, second, tls = pair(), pair(), ServingTls()
    write(first, cert, key)
    files = FromFiles(cert, key, tls)
    put(cert, second.cert)
    put(key, b"?" * len(second.key))
    looks = key.stat()
    assert await look(files) == [NOT_RENEWED]
    key.write_bytes(second.key)
    os.utime(key, ns=(looks.st_atime_ns, looks.st_mtime_ns))
    assert await look(files) == [RENEWED]
    assert tls.pair == second


def test_files_that_can_not_be_used_at_the_start_are_named(tmp_path: Path) -> None:
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    with pytest.raises(TlsError, match=f"webhook_cert {cert} can't be read: No such file or directory"):
        FromFiles(cert, key, ServingTls())
    first, second = pair(), pair()
    write(Pair(first.cert, second.key), cert, key)
    with pytest.raises(TlsError, match="the key is not the certificate's"):
        FromFiles(cert, key, ServingTls())
    locked = load_pem_private_key(first.key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    write(Pair(first.cert, locked), cert, key)
    with pytest.raises(TlsError, match="the key is encrypted: give one that needs no password"):
        FromFiles(cert, key, ServingTls())
    write(Pair(b"text", b"text"), cert, key)
    with pytest.raises(TlsError, match="not a certificate and its key in PEM form"):
        FromFiles(cert, key, ServingTls())


def write(pair: Pair, cert: Path, key: Path) -> None:
    put(cert, pair.cert)
    put(key, pair.key)


def put(path: Path, content: bytes) -> None:
    """In place, and later than what was there by any clock's measure."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_bytes(content)
    os.utime(path, ns=(before + 10**9, before + 10**9))
