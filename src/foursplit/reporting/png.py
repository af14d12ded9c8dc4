"""Encode images as PNG data URIs.

The encoder is our own, so that the bytes do not depend on the version of zlib.
"""

import base64
import struct
import zlib

import numpy as np

MAX_SIDE = 96  # pixels of the longer side; a page holds two dozen images
BLOCK = 65535  # bytes in a stored block of the deflate format
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB = 0, 2  # color types of the PNG format


def brightness(x: np.ndarray) -> tuple[float, float]:
    """Return the values of black and white: 0 and 1 if all pixels lie between, else min and max."""
    low, high = float(x.min()), float(x.max())
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high if high > low else low + 1)


def data_uri(image: np.ndarray, black: float, white: float) -> str:
    """Encode a (channel, row, column) image as a data URI: RGB, or the first channel in grey."""
    planes = image if len(image) == 3 else image[:1]
    stride = -(-max(planes.shape[1:]) // MAX_SIDE)
    scaled = (planes[:, ::stride, ::stride].astype(np.float64) - black) / (white - black)
    pixels = np.round(255 * scaled.clip(0, 1)).astype(np.uint8).transpose(1, 2, 0)
    return uri(pixels)


def uri(pixels: np.ndarray) -> str:
    """Encode (row, column, channel) bytes as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode('ascii')}"


def png(pixels: np.ndarray) -> bytes:
    """Encode (row, column, channel) bytes as PNG.

    Source: W3C (2003), Portable Network Graphics, sections 5, 9.2 and 11.2.
    """
    n_rows, n_columns, n_channels = pixels.shape
    color_type = RGB if n_channels == 3 else GREY
    header = struct.pack(">IIBBBBB", n_columns, n_rows, 8, color_type, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)  # 0: no filter
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", _zlib_stored(lines)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def _zlib_stored(content: bytes) -> bytes:
    """Wrap bytes in an uncompressed zlib stream; compressed bytes depend on the zlib version.

    Source: RFC 1950, section 2.2; RFC 1951, section 3.2.4.
    """
    starts = range(0, len(content), BLOCK)
    blocks = []
    for start in starts:
        block = content[start : start + BLOCK]
        final = start + BLOCK >= len(content)
        blocks.append(struct.pack("<BHH", final, len(block), len(block) ^ 0xFFFF) + block)
    return b"\x78\x01" + b"".join(blocks) + struct.pack(">I", zlib.adler32(content))
