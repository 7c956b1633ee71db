import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snip.layers.fourier import _transforms


@settings(deadline=None)
@given(height=st.integers(2, 9), width=st.integers(2, 9), seed=st.integers(0, 1000))
def test_the_transform_is_numpys_and_its_inverse_returns_the_image(height, width, seed):
    image = np.random.default_rng(seed).normal(size=(height, width, 1, 1)).astype(np.float32)
    transform, _, result = _transforms(height, width, 1)
    rows = transform.down_columns(image)
    spectrum = (transform.along @ rows).reshape(len(rows), width, 2)
    period = height + height % 2
    # Half-integer frequencies of an image are integer ones of the image times half a frequency.
    half = np.exp(-1j * np.pi / period * np.arange(height))[:, None]
    expected = np.fft.fft2(image[..., 0, 0] * half, (period, width))[: period // 2]
    found = spectrum[..., 0] + 1j * spectrum[..., 1]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    # The inverse gives the part that pooling windows of a 1 × 1 convolution cover.
    covered = image[: height // 2 * 2, : width // 2 * 2, 0, 0]
    restored = result.up_columns(result.along.T @ spectrum.reshape(len(rows), -1, 1))
    np.testing.assert_allclose(restored, covered, rtol=1e-5, atol=1e-5)
