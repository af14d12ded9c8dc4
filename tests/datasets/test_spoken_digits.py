"""A recording becomes a picture of its sound: what is heard stays, loudness and length go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from foursplit_courses.datasets.spoken_digits import (
    FFT,
    FRAME,
    N_BANDS,
    N_FRAMES,
    SAMPLE_RATE,
    mel_filterbank,
    mel_spectrogram,
)


def tone(hertz, seconds=0.5, loud=1000.0):
    return loud * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def test_bands_are_of_equal_width_in_mel_and_none_is_empty():
    weights = mel_filterbank()
    assert weights.shape == (N_BANDS, FFT // 2 + 1)
    assert (weights.max(axis=1) > 0.3).all()
    assert weights.max() <= 1
    centres = (weights @ np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)) / weights.sum(axis=1)
    mel = 2595 * np.log10(1 + centres / 700)
    np.testing.assert_allclose(np.diff(mel), np.diff(mel).mean(), rtol=0.25)


@pytest.mark.parametrize("hertz", [200, 700, 1500, 3000])
def test_a_tone_lights_the_band_it_lies_in(hertz):
    picture = mel_spectrogram(tone(hertz))
    frequency = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)
    nearest = mel_filterbank()[:, np.abs(frequency - hertz).argmin()].argmax()
    assert (np.abs(picture.argmax(axis=0) - nearest) <= 1).all()


@given(st.floats(0.01, 100), st.integers(0, 2**32))
def test_how_loud_someone_speaks_does_not_show(gain, seed):
    sound = np.random.default_rng(seed).normal(0, 100, 4000)
    np.testing.assert_allclose(mel_spectrogram(gain * sound), mel_spectrogram(sound), atol=1e-5)


def test_how_long_a_tone_lasts_does_not_show():
    np.testing.assert_allclose(
        mel_spectrogram(tone(800, 0.3)), mel_spectrogram(tone(800, 1.2)), atol=0.12
    )  # the frames meet the wave at other phases


@given(st.integers(2, 3000), st.integers(0, 2**32))
def test_any_length_gives_one_shape_from_0_to_1(length, seed):
    picture = mel_spectrogram(np.random.default_rng(seed).normal(0, 100, length))
    assert picture.shape == (N_BANDS, N_FRAMES)
    assert picture.min() >= 0
    assert picture.max() == pytest.approx(1)


def test_silence_is_dark_and_not_a_division_by_zero():
    assert not mel_spectrogram(np.zeros(2000)).any()


def test_power_agrees_with_scipy():
    # One frame exactly: all 32 are that frame, and SciPy gives its power.
    sound = np.random.default_rng(1).normal(0, 100, FRAME)
    _, _, z = signal.stft(
        sound,
        SAMPLE_RATE,
        window=np.hanning(FRAME),
        nperseg=FRAME,
        nfft=FFT,
        noverlap=0,
        boundary=None,
        padded=False,
    )
    bands = mel_filterbank() @ (np.abs(z[:, 0]) ** 2)
    expected = (1 + 10 * np.log10(bands / bands.max()) / 60).clip(0, 1)
    np.testing.assert_allclose(
        mel_spectrogram(sound), np.repeat(expected[:, None], N_FRAMES, 1), atol=1e-5
    )
