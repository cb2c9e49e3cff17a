"""Fields of attributes and values that only profiles use, in requests of other signals.

They index a table of strings that only profiles bring along. OTLP wants them treated as absent and
warned about, not refused (common.proto, `string_value_strindex` and `key_strindex`).
"""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FileDescriptor

from receiver.otlp.wire import PROFILES_ONLY, REQUEST_TYPES
from receiver.signals import Signal


def without_profile_fields(signal: Signal, payload: bytes) -> bytes:
    """The same export request without them, and without whatever else is unknown.

    Raises google.protobuf's DecodeError for what is no such request.
    """
    message = _request_type(signal).FromString(payload)
    message.DiscardUnknownFields()
    content: bytes = message.SerializeToString()
    return content


@cache
def _request_type(signal: Signal) -> Any:  # Any: a generated message class is untyped
    """The request as it was before profiles: what they use is unknown to it."""
    official = REQUEST_TYPES[signal].DESCRIPTOR
    pool = descriptor_pool.DescriptorPool()
    _add_file(pool, official.file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(official.full_name))


def _add_file(pool: descriptor_pool.DescriptorPool, file: FileDescriptor) -> None:
    for dependency in file.dependencies:
        _add_file(pool, dependency)
    content = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(content)
    for message in content.message_type:
        kept = [field for field in message.field if field.name not in PROFILES_ONLY]
        del message.field[:]
        message.field.extend(kept)
    pool.AddSerializedFile(content.SerializeToString())
