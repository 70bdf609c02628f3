"""The run's own certificate authority: its key is made for one run, stays in memory and signs listed hosts only."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LASTS = timedelta(days=7)  # longer than any run; nobody keeps the key that long
_BEFORE = timedelta(hours=1)  # for clocks that differ


@dataclass(slots=True, kw_only=True, eq=False)
class Authority:
    """One run's authority.

    Attributes:
        pem: its certificate, for the candidate's trust; never the key.
        contexts: host to what its side of a tunnel speaks TLS with; made once a host.
    """

    pem: bytes
    certificate: x509.Certificate = field(repr=False)
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    now: datetime
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict, repr=False)

    def context(self, host: str) -> ssl.SSLContext:
        """What a tunnel to `host` speaks TLS with: HTTP/1.1 only, for this host's name only."""
        known = self.contexts.get(host)
        if known is None:
            known = self.contexts[host] = self._made(host)
        return known

    def _made(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _leaf(self, host, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with tempfile.TemporaryDirectory(prefix="shadow-door-") as folder:  # 0700, gone before anything is served
            path = Path(folder) / "leaf.pem"
            path.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + _private(key))
            context.load_cert_chain(path)
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = _only(host)
        return context


def make_authority(hosts: Iterable[str], now: datetime) -> Authority:
    """A new authority that can speak for `hosts` and no other."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("shadow replay authority")
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    permitted = [_subtree(host) for host in sorted(set(hosts))]
    if permitted:
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return Authority(pem=pem, certificate=certificate, key=key, now=now)


def _leaf(authority: Authority, host: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(_name("shadow replay"))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(authority.now - _BEFORE)
        .not_valid_after(authority.now + LASTS)
        .add_extension(x509.SubjectAlternativeName([_general(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )  # fmt: skip


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _general(host: str) -> x509.GeneralName:
    address = _address(host)
    return x509.IPAddress(address) if address else x509.DNSName(host)


def _subtree(host: str) -> x509.GeneralName:
    address = _address(host)
    return x509.IPAddress(ipaddress.ip_network(address)) if address else x509.DNSName(host)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip


def _only(host: str) -> Any:
    """Refuse a name inside the tunnel that is not the tunnel's."""

    def check(_socket: object, name: str | None, _context: ssl.SSLContext) -> int | None:
        return None if name is None or name.lower() == host else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    return check
