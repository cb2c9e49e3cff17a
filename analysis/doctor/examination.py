"""All checks, in the order in which one would look."""

from collections.abc import Callable, Iterator

from analysis.doctor.announcing import check_announcing
from analysis.doctor.check import Check, failed, ok
from analysis.doctor.clock import check_clock
from analysis.doctor.credentials import check_credentials
from analysis.doctor.grouping import check_grouping
from analysis.doctor.holder import Holder, holder_of
from analysis.doctor.lease_file import check_lease
from analysis.doctor.ports import check_port
from analysis.doctor.round_trip import check_sent_round_trip, check_temporary_round_trip
from analysis.doctor.running_receiver import check_running_receiver
from analysis.doctor.sender_clocks import check_sender_clocks
from analysis.doctor.store_folder import check_store_folder
from analysis.doctor.store_state import check_store
from analysis.doctor.versions import check_versions
from analysis.receiver_settings import local_api_address, receiver_settings
from analysis.settings import ConfigurationError, Settings
from receiver.settings import Address, ReceiverSettings


def examine(read_settings: Callable[[], Settings], send: bool) -> Iterator[Check]:
    """Every check, each as soon as it is made; settings that cannot be used are one that failed.

    Writes nothing into the store, unless `send` is set and a receiver runs: then one span.
    """
    yield from check_versions()
    try:
        settings = read_settings()
        receiver, api = receiver_settings(settings), local_api_address(settings)
        gate = settings.address_or_off("gate")
        settings.log_format, settings.log_level  # noqa: B018  # each says when it is wrong
    except ConfigurationError as error:
        step = "Correct it; the receiver refuses to start so, and the other checks need it."
        yield failed("configuration", str(error), step)
        return
    yield ok("configuration", f"store {receiver.store}, gRPC {receiver.grpc}, HTTP {receiver.http}")
    yield from _store_checks(receiver, api, gate)
    yield from check_announcing(settings.targets)
    yield _round_trip(receiver, send)


def _store_checks(
    receiver: ReceiverSettings, api: Address | None, gate: Address | None
) -> Iterator[Check]:
    store = receiver.store
    yield from check_store_folder(store)
    yield check_store(store)
    yield check_lease(store)
    holder = holder_of(store)
    yield check_running_receiver(holder)
    yield check_port("OTLP/gRPC port", "--grpc", receiver.grpc, holder)
    yield check_port("OTLP/HTTP port", "--http", receiver.http, holder)
    if api is not None:
        yield check_port("local API port", "--api", api, holder)
    yield from check_credentials(receiver, gate)
    yield from check_clock(store)
    yield check_sender_clocks(store)
    yield check_grouping(store, receiver.grouping)


def _round_trip(receiver: ReceiverSettings, send: bool) -> Check:
    holder: Holder | None = holder_of(receiver.store)
    if not send:
        return check_temporary_round_trip()
    if holder is None:
        step = "Start it with `deploylens serve`, or leave --send out."
        return failed("test span", "--send needs a running receiver; none holds the store", step)
    return check_sent_round_trip(holder, receiver)
