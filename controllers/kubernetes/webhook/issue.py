"""Makes the webhook's own certificates, and reads how long they hold.

Each certificate has an authority of its own, whose key is forgotten once it has signed: nobody can sign with it later.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=90)

_SKEW = timedelta(hours=1)
"""By which a certificate begins earlier: other machines' clocks may be behind."""


class BadCertificate(Exception):
    """What is there is no certificate, or not the one that it should be. Its text says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, in PEM form."""

    cert: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Validity:
    """In seconds since the epoch."""

    begins: float
    ends: float


def issue(names: Sequence[str], now: float) -> tuple[Pair, bytes]:
    """Makes a server's certificate for these names (DNS names or IP addresses), and returns its authority's too."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # Two authorities are in one bundle for a time: each needs a name of its own.
    issuer = _name(f"lastack webhook {serial:x}"[:64])
    usage = {"key_encipherment": False, "content_commitment": False, "data_encipherment": False, "key_agreement": False}
    only = {"encipher_only": False, "decipher_only": False, "crl_sign": False}
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        _builder(issuer, issuer, authority_key.public_key(), serial, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=False, key_cert_sign=True, **usage, **only), critical=True)
        .add_extension(identifier, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _builder(_name(names[0][:64]), issuer, key.public_key(), x509.random_serial_number(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=False, **usage, **only), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(certificate.public_bytes(Encoding.PEM), private), authority.public_bytes(Encoding.PEM)


def validity_of(pair: Pair, authorities: Sequence[bytes], names: Sequence[str]) -> Validity:
    """How long a pair holds that one of these authorities has signed for these names.

    Raises:
        BadCertificate: it is not such a pair.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pair.cert)
        key = load_pem_private_key(pair.key, password=None)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        signers = [x509.load_pem_x509_certificate(authority) for authority in authorities]
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise BadCertificate(f"it is no certificate and key with alternative names: {error}") from error
    if key.public_key() != certificate.public_key():
        raise BadCertificate("the key is not the certificate's")
    if not any(_has_signed(signer, certificate) for signer in signers):
        raise BadCertificate("no authority beside it has signed it")
    if missing := [name for name in names if _alternative(name) not in list(found)]:
        raise BadCertificate(f"it is not for {', '.join(missing)}")
    return Validity(certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp())


def end_of(certificate: bytes) -> float:
    """Until when a certificate (of several: the first) holds, in seconds since the epoch; 0: it is none."""
    try:
        return x509.load_pem_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except ValueError:
        return 0.0


def _has_signed(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, serial: int, now: float
) -> x509.CertificateBuilder:
    begins = datetime.fromtimestamp(now, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(begins - _SKEW)
        .not_valid_after(begins + VALID)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
