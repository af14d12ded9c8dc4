"""Spoken digits as pictures of their sound: learnt from five speakers, meant for a sixth."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import UNPACKED, DatasetSpec, RemoteFiles
from foursplit.core.examples import Examples
from foursplit_courses.transforms.bands import band

SAMPLE_RATE = 8_000  # values a second
FRAME = 256  # values: 32 ms, some four periods of a low voice
FFT = 512  # padded, so that the lowest bands hold a frequency each
N_BANDS, N_FRAMES = 32, 32
LOWEST = 50.0  # hertz; below is the hum of mains and microphone
RANGE = 60.0  # decibels below a recording's loudest place that still show

ACCENTS = {
    "jackson": "American", "theo": "American", "nicolas": "Belgian French", "lucas": "German",
    "yweweler": "German", "george": "Greek",
}  # fmt: skip
EACH = 500  # recordings a speaker: 50 a digit

SPEC = DatasetSpec(
    title="Spoken digits, five speakers and a sixth",
    provenance=(
        "3,000 recordings of the digits in English, 0.14 to 2.28 seconds at 8 kHz, 500 by each of "
        "six men. George, whose accent is Greek and no one else's, is the target. A recording "
        "becomes 32 frames spread evenly from its start to its end, whatever it lasts, of 32 bands "
        "of equal width in mel, in decibels below its own loudest place: how loud and how fast "
        "someone speaks is gone, the voice is not."
    ),
    files=(RemoteFiles(entry="free_spoken_digit"),),
    target="digit",
    classes=tuple("0123456789"),
    group="recording",
    domains={name: "target" if name == "george" else "source" for name in ACCENTS},
    slices=("digit", "speaker", "accent", "duration_band"),
    reference=None,  # nobody has been measured on these recordings
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, band, frame), low bands first, 0 silent to 1 loudest."""
    folder = raw / "free_spoken_digit" / UNPACKED / "recordings"
    pictures, rows = [], []
    for path in sorted(folder.glob("*.wav")):
        digit, speaker, _ = path.stem.split("_")
        sound, rate = _sound(path)
        pictures.append(mel_spectrogram(sound))
        rows.append(
            {
                "recording": path.stem,
                "digit": int(digit),
                "domain": speaker,
                "speaker": speaker,
                "accent": ACCENTS.get(speaker, "unknown"),
                "rate": rate,
                "seconds": len(sound) / rate,
                "peak": int(np.abs(sound).max()),
            }
        )
    table = pd.DataFrame(rows)
    table["duration_band"] = band(table["seconds"], [0, 0.35, 0.5, 9], ["short", "usual", "long"])
    return Examples(x=np.stack(pictures)[:, None], metadata=table)  # (example, 1, band, frame)


def _sound(path: Path) -> tuple[np.ndarray, int]:
    """Read 16-bit values of one channel, and how many there are a second."""
    with wave.open(str(path)) as file:
        values = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return values.astype(np.float64), file.getframerate()


def mel_spectrogram(sound: np.ndarray) -> np.ndarray:
    """Turn (value,) sound into (band, frame) loudness, 1 at its loudest and 0 from 60 dB below."""
    padded = np.pad(sound, (0, max(0, FRAME - len(sound))))
    starts = np.linspace(0, len(padded) - FRAME, N_FRAMES).round().astype(int)
    frames = padded[starts[:, None] + np.arange(FRAME)] * np.hanning(FRAME)  # (frame, value)
    power = np.abs(np.fft.rfft(frames, FFT)) ** 2  # (frame, frequency)
    bands = mel_filterbank() @ power.T  # (band, frame)
    loudest = bands.max()
    if loudest == 0:  # silence has no loudest place
        return np.zeros((N_BANDS, N_FRAMES), dtype=np.float32)
    decibels = 10 * np.log10(np.maximum(bands / loudest, 1e-12))
    return (1 + decibels / RANGE).clip(0, 1).astype(np.float32)


def mel_filterbank() -> np.ndarray:
    """Give (band, frequency) triangles, each from its lower neighbour's top to its upper one's.

    Source: Stevens, Volkmann and Newman (1937) for mel; Davis and Mermelstein (1980) for triangles.
    """
    mel = np.linspace(_mel(LOWEST), _mel(SAMPLE_RATE / 2), N_BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    frequency = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)
    low, top, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (frequency - low) / (top - low), (high - frequency) / (high - top)
    return np.minimum(rising, falling).clip(0)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def suite() -> list[Any]:
    """Return the expectations on the recordings."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=EACH * len(ACCENTS)),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=list(range(10))),
        gxe.ExpectColumnMeanToBeBetween(column="digit", min_value=4.5, max_value=4.5),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="speaker", value_set=[*ACCENTS]),
        gxe.ExpectColumnValuesToBeUnique(column="recording"),
        gxe.ExpectColumnValuesToBeInSet(column="rate", value_set=[SAMPLE_RATE]),
        gxe.ExpectColumnValuesToBeBetween(column="seconds", min_value=0.14, max_value=2.29),
        gxe.ExpectColumnValuesToBeBetween(column="peak", min_value=300, max_value=32_768),
    ]
