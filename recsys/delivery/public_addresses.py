"""Public IP addresses of a host; webhooks must not reach private networks."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from recsys.errors import DataError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses that lead to a cloud's own services, or nowhere, and that Python may call global:
# protocol assignments (a metadata service at .192), old relays, a cloud's guest agent, examples.
_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20"),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_ISATAP = 0x00005EFE  # RFC 5214: before the IPv4 address in the last 64 bits, or with a bit set


class PrivateAddress(DataError):
    """A host has an address that is not public."""


def networks(texts: Iterable[str], setting: str = "RECSYS_WEBHOOK_NETWORKS") -> list[Network]:
    """Return the networks that a setting allows besides public ones: 10.0.0.0/8, ::1."""
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise DataError(f"{setting}: {text!r} is no network such as 10.0.0.0/8") from None
    return found


def resolved(host: str, port: int, allowed: Sequence[Network] = ()) -> list[str]:
    """Return the addresses of a host, each public or in an allowed network.

    PrivateAddress where one is not, so that a name with a public and a private address is refused;
    OSError where the name has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
    for text in addresses:
        address = ipaddress.ip_address(text)
        if not is_public(address) and not any(
            address in one for one in allowed if one.version == address.version
        ):
            raise PrivateAddress(
                (
                    f"{host} is"
                    if host == str(address)
                    else f"{host} has the address {address}, which is"
                )
                + " not public: RECSYS_WEBHOOK_NETWORKS may allow its network"
            )
    return addresses


def check_resolvable(url: str, allowed: Iterable[str]) -> None:
    """Raise DataError unless each address of a URL's host may be reached.

    `allowed`: networks besides public ones, as RECSYS_WEBHOOK_NETWORKS gives them.
    """
    parts = urlsplit(url)
    try:
        resolved(parts.hostname or "", parts.port or 443, networks(allowed))
    except (OSError, UnicodeError) as error:
        raise DataError(f"{parts.hostname} cannot be resolved: {error}") from None


def is_public(address: IpAddress) -> bool:
    """Whether an address, and the IPv4 address that an IPv6 one may carry, is a public one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64 or int(address) >> 32 & 0xFDFFFFFF == _ISATAP:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    if any(address in one for one in _SPECIAL if one.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
