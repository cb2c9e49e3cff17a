"""The ports that the receiver would listen on, or listens on."""

import errno
import socket

from analysis.doctor.check import Check, failed, ok
from analysis.doctor.holder import Holder, program_at
from receiver.settings import Address, parse_address


def check_port(name: str, flag: str, address: Address, holder: Holder | None) -> Check:
    """Whether this port is free, the receiver's own, or somebody else's; `flag` sets another."""
    if address.port == 0:
        return ok(name, f"{address}: any free port")
    if holder is not None and address in _of(holder):
        return ok(name, f"{address}: {holder}")
    error = _bind_error(address)
    if error is None:
        return ok(name, f"{address}: free")
    if error.errno == errno.EADDRINUSE:
        program = program_at(address.port) or "another program"
        step = f"Stop that program, or give another address with {flag}."
        return failed(name, f"{address}: held by {program}", step)
    step = f"Give an address of this host, and a port that this user may have, with {flag}."
    return failed(name, f"{address}: {error.strerror}", step)


def _of(holder: Holder) -> set[Address]:
    lease = holder.lease
    api = (lease.api or "").removeprefix("http://")
    return {parse_address(text) for text in (lease.grpc, lease.http, api) if text}


def _bind_error(address: Address) -> OSError | None:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen(1)
    except OSError as error:
        return error
    return None
