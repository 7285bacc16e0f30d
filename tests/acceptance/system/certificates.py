"""Certificates for receivers: a good one, and those that no sender should accept."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY: Final = timedelta(days=1)
#: What an authority's key is for: Pythons since 3.13 want RFC 5280 to the letter.
_USAGE: Final = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """A certificate authority of one test run; `file` is what to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Test authority")
        self.file = folder / "authority.pem"
        unsigned = _draft(self._name, self._name, self._key, 30 * _DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        unsigned = unsigned.add_extension(_USAGE, critical=True)
        self.file.write_bytes(_pem(unsigned.sign(self._key, hashes.SHA256())))

    def context(
        self, name: str, host: str = "127.0.0.1", *, expired: bool = False, signed: bool = True
    ) -> ssl.SSLContext:
        """Return what a server presents: a certificate for the host, signed by us or by itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        issuer, signer = (self._name, self._key) if signed else (subject, key)
        draft = _draft(subject, issuer, key, -_DAY if expired else 30 * _DAY)
        draft = draft.add_extension(x509.SubjectAlternativeName([_host(host)]), critical=False)
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        draft = draft.add_extension(issuer_id, critical=False)
        file = self._folder / f"{name}.pem"
        pem = _pem(draft.sign(signer, hashes.SHA256()))
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(pem + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * _DAY)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
