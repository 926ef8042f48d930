"""A GGUF version 3 writer: typed metadata, then F16 and F32 tensors.

Layout: magic, version, counts, the key-value pairs, the tensor descriptions,
then the tensor data, each tensor at a multiple of 32 bytes. All little-endian.
Dimensions are written innermost first, the reverse of numpy's order.
"""

import struct

import numpy as np

ALIGNMENT = 32
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TENSOR_TYPES = {np.dtype("<f4"): 0, np.dtype("<f2"): 1}


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


ENCODERS = {
    UINT32: lambda value: struct.pack("<I", value),
    INT32: lambda value: struct.pack("<i", value),
    FLOAT32: lambda value: struct.pack("<f", value),
    BOOL: lambda value: struct.pack("<?", value),
    STRING: text,
}


def typed(value):
    """A value as its type's number and its bytes. Counts are UINT32, arrays of numbers INT32."""
    if isinstance(value, (list, tuple)):
        kind = STRING if isinstance(value[0], str) else INT32
        return ARRAY, struct.pack("<IQ", kind, len(value)) + b"".join(map(ENCODERS[kind], value))
    kind = {bool: BOOL, int: UINT32, float: FLOAT32, str: STRING}[type(value)]
    return kind, ENCODERS[kind](value)


def padding(length):
    return b"\0" * (-length % ALIGNMENT)


def write(path, metadata, tensors):
    """Writes metadata (name → bool, int, float, str or list) and tensors (name → array)."""
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata))]
    for key, value in metadata.items():
        kind, data = typed(value)
        head += [text(key), struct.pack("<I", kind), data]
    offset, body = 0, []
    for name, array in tensors.items():
        data = np.ascontiguousarray(array).tobytes()
        data += padding(len(data))
        dimensions = array.shape[::-1]
        head += [text(name), struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions),
                 struct.pack("<IQ", TENSOR_TYPES[array.dtype], offset)]
        offset += len(data)
        body.append(data)
    head = b"".join(head)
    with open(path, "wb") as file:
        file.write(head + padding(len(head)) + b"".join(body))
