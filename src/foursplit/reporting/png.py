"""Pictures as PNG inside the page, written by hand: the same bytes with any version of zlib."""

import base64
import struct
import zlib

import numpy as np

LONGEST = 96  # pixels of the longer side; a page holds two dozen of them
BLOCK = 65535  # bytes in a stored block of the deflate format
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR = 0, 2  # colour types of the PNG format


def brightness(x: np.ndarray) -> tuple[float, float]:
    """Say which values are black and white: 0 and 1 where they hold all, else the ends."""
    low, high = float(x.min()), float(x.max())
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high if high > low else low + 1)


def data_uri(picture: np.ndarray, black: float, white: float) -> str:
    """Write a (channel, row, column) picture in colour, or of its first channel, as a data URI."""
    planes = picture if len(picture) == 3 else picture[:1]
    every = -(-max(planes.shape[1:]) // LONGEST)
    scaled = (planes[:, ::every, ::every].astype(np.float64) - black) / (white - black)
    pixels = np.round(255 * scaled.clip(0, 1)).astype(np.uint8).transpose(1, 2, 0)
    return uri(pixels)


def uri(pixels: np.ndarray) -> str:
    """Write (row, column, channel) bytes as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode('ascii')}"


def png(pixels: np.ndarray) -> bytes:
    """Write (row, column, channel) bytes as a PNG.

    Source: W3C (2003), Portable Network Graphics, sections 5, 9.2 and 11.2.
    """
    n_rows, n_columns, n_channels = pixels.shape
    kind = COLOUR if n_channels == 3 else GREY
    header = struct.pack(">IIBBBBB", n_columns, n_rows, 8, kind, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)  # 0: the line is not filtered
    return b"".join(
        [SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", _stored(lines)), _chunk(b"IEND", b"")]
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _stored(content: bytes) -> bytes:
    """Wrap bytes as a zlib stream that does not compress: compressors differ, this does not.

    Source: RFC 1950, section 2.2; RFC 1951, section 3.2.4.
    """
    starts = range(0, len(content), BLOCK)
    blocks = []
    for start in starts:
        part = content[start : start + BLOCK]
        final = start + BLOCK >= len(content)
        blocks.append(struct.pack("<BHH", final, len(part), len(part) ^ 0xFFFF) + part)
    return b"\x78\x01" + b"".join(blocks) + struct.pack(">I", zlib.adler32(content))
