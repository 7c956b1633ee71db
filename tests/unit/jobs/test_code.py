from snip.jobs.code import code_of
from snip.study import registry


def test_imports_are_followed_through_functions_but_not_for_type_checkers():
    prune = code_of("scripts/prune.py")
    # Within main; of those; and their packages.
    assert {
        "scripts/prune.py",
        "scripts/snip/masks/scoring.py",
        "scripts/snip/jobs/randomness.py",
    } < set(prune)
    assert "scripts/snip/masks/criteria/__init__.py" not in prune  # chosen by name
    assert "scripts/snip/training/run.py" not in prune
    assert "scripts/snip/claims/verdicts.py" not in prune


def test_a_named_file_brings_its_own_imports():
    without, network = code_of("scripts/train.py"), registry.file("networks", "lenet-5-caffe")
    added = set(code_of("scripts/train.py", network)) - set(without)
    layers = ["pooled_convolution", "pooled_definition", "pooling", "patches", "fourier"]
    assert added == {
        network,
        *(f"scripts/snip/layers/{layer}.py" for layer in layers),
        "scripts/snip/networks/__init__.py",
    }


def test_training_does_not_depend_on_what_only_draws():
    drawing = set(code_of("scripts/figure.py", "scripts/snip/figures/errors.py"))
    training = set(code_of("scripts/train.py"))
    assert {
        "scripts/snip/figures/errors.py",
        "scripts/snip/figures/provenance.py",
    } <= drawing - training
    assert "scripts/snip/jobs/command.py" in drawing & training
