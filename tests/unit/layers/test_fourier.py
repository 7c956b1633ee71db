import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snip.layers.fourier import Transform


@settings(deadline=None)
@given(
    periods=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    smaller=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    seed=st.integers(0, 1000),
)
def test_the_transform_is_numpys_and_its_inverse_returns_the_image(periods, smaller, seed):
    rows, columns = (max(p - s, 1) for p, s in zip(periods, smaller, strict=True))
    image = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)
    flat = torch.from_numpy(image).flatten()
    numbers = Transform(*periods, rows, columns).matrix() @ flat
    height, width = periods
    expected = [
        np.fft.fft2(image, periods)[y, x]
        for y in range(height // 2 + 1)
        for x in range(width // 2 + 1 if 2 * y % height == 0 else width)
    ]
    np.testing.assert_allclose(numbers[::2] + 1j * numbers[1::2], expected, atol=1e-4)
    restored = Transform(*periods, rows, columns, inverse=True).matrix().T @ numbers
    torch.testing.assert_close(restored, flat, rtol=1e-5, atol=1e-5)
