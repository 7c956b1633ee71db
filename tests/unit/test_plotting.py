import json

import numpy as np
import pandas as pd
import pytest

from snip import plotting
from snip.mask_files import MaskFileError, read_mask_file
from snip.names import name
from snip.provenance import Origin, check_table, read


@pytest.mark.parametrize(
    ("identifier", "printed"),
    [
        ("mnist", "MNIST"),
        ("fashion-mnist-inverted", "inverted Fashion-MNIST"),
        ("mnist-3000", "MNIST (3,000 examples)"),
        ("lenet-300-100", "LeNet-300-100"),
        ("my-own", "my-own"),
    ],
)
def test_names_in_print(identifier, printed):
    assert name(identifier) == printed


def test_mosaic_puts_each_image_in_its_place():
    images = np.arange(2 * 3 * 4, dtype=float).reshape(2, 3, 2, 2)
    canvas = plotting.mosaic(images, gap=1)
    assert canvas.shape == (7, 10)
    assert (canvas[4:6, 7:9] == images[1, 2]).all()
    assert np.isnan(canvas[0]).all() and np.isnan(canvas[:, 3]).all()


def mask_file(path, first, seed=0, sparsities=(90.0,)):
    key = {
        "dataset": "mnist",
        "network": "n",
        "criterion": "snip",
        "batch_size": 1,
        "class": "0",
        "seed": seed,
    }
    texts = {
        "key": np.array(json.dumps(key)),
        "anatomy": np.array(json.dumps([{}] * len(sparsities))),
    }
    np.savez(path, sparsity=np.array(sparsities), **texts, w=first)
    return path


def test_mask_image_is_the_mean_over_units(tmp_path):
    first = np.random.default_rng(0).random((1, 30, 784)) < 0.3
    file = read_mask_file(mask_file(tmp_path / "m.npz", first))
    assert file.sparsities.tolist() == [90]
    assert file.images[0, 3, 5] == pytest.approx(first[0, :, 3 * 28 + 5].mean(), abs=1e-4)


def test_sparsities_of_other_figures_are_left_out(tmp_path):
    first = np.random.default_rng(0).random((3, 30, 784)) < 0.3
    path = mask_file(tmp_path / "m.npz", first, sparsities=(50.0, 90.0, 99.0))
    table = plotting.mask_table([path], [90, 95])
    assert table["sparsity"].tolist() == [90]
    shown = table.filter(regex=r"^p\d+$").to_numpy()[0]
    np.testing.assert_allclose(shown, first[1].mean(0), atol=1e-4)
    with pytest.raises(MaskFileError, match=r"m\.npz has .*50.*90.*99.*expected one of \[95\]"):
        plotting.mask_table([path], [95])


def test_unusable_mask_files_are_named(tmp_path):
    convolution = mask_file(tmp_path / "conv.npz", np.ones((1, 20, 1, 5, 5), bool))
    with pytest.raises(MaskFileError, match="conv.npz.*shape.*expected"):
        _ = read_mask_file(convolution).images
    broken = tmp_path / "broken.npz"
    broken.write_bytes(convolution.read_bytes()[:100])
    with pytest.raises(MaskFileError, match="broken.npz"):
        read_mask_file(broken)
    both = [
        mask_file(tmp_path / f"{seed}.npz", np.ones((1, 3, 784), bool), seed) for seed in (0, 1)
    ]
    with pytest.raises(plotting.FigureError, match=r"seeds \[0, 1\]"):
        plotting.mask_table(both, [90])


def test_saved_figures_are_the_same_bytes_twice(tmp_path):
    shown = pd.DataFrame({"x": [1, 2], "y": [0.1, 0.2]})
    contents = []
    for prefix in ("one", "two"):
        plotting.use_style()
        figure, axis = plotting.plt.subplots(figsize=(2, 2))
        axis.plot(shown["x"], shown["y"], label="line")
        origin = Origin("tiny", "0" * 64)
        plotting.small_print(figure, origin, "1 run")
        plotting.save(figure, shown, tmp_path / prefix, origin)
        contents.append([(tmp_path / f"{prefix}.{f}").read_bytes() for f in ("pdf", "png", "csv")])
    assert contents[0] == contents[1]
    assert b"CreationDate" not in contents[0][0]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "one.csv"), shown)
    for form in ("pdf", "png"):
        fields = read(tmp_path / f"one.{form}")
        assert fields["Study"] == "tiny" and fields["Configuration"] == "0" * 64
        assert check_table(tmp_path / f"one.{form}", fields) == tmp_path / "one.csv"
