"""Training on a tiny network: what is frozen stays, what was stopped goes on, padding is nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from monitor.domain.judgement import Label
from monitor.learning.base import Encoder, Shape
from monitor.learning.corpora import Example

if TYPE_CHECKING:
    from monitor.learning.encoder import Network

pytestmark = pytest.mark.needs("torch")

WORDS = ["<s>", "<pad>", "</s>", "<unk>", "late", "parcel", "thanks", "open", "when", "rain"]
SHAPE = Shape(8, 2, 2, 16, len(WORDS), 32, 1, 1e-12)
LESSONS = [
    Example(text, label, "en", "project", "train")
    for text, label in (
        ("late parcel", Label.COMPLAINT),
        ("parcel late late", Label.COMPLAINT),
        ("thanks", Label.PRAISE),
        ("thanks thanks parcel", Label.PRAISE),
        ("when open", Label.QUESTION),
        ("rain", Label.OTHER),
    )
]


def network() -> Network:
    import torch

    from monitor.learning.encoder import build

    torch.manual_seed(7)
    chance = np.random.default_rng(7)

    def some(*size: int) -> Any:
        return chance.normal(0, 0.3, int(np.prod(size))).astype(np.float32)

    wide, deep = SHAPE.hidden, SHAPE.feed_forward
    tensors = {
        "emb.word": some(SHAPE.vocabulary, wide),
        "emb.pos": some(SHAPE.positions, wide),
        "emb.type": some(wide),
        "emb.ln.w": np.ones(wide, np.float32),
        "emb.ln.b": np.zeros(wide, np.float32),
    }
    for layer in range(SHAPE.layers):
        sizes = {"q": wide, "k": wide, "v": wide, "ao": wide, "fi": deep, "fo": wide}
        for part, out in sizes.items():
            tensors[f"l{layer}.{part}.w"] = some(out, deep if part == "fo" else wide)
            tensors[f"l{layer}.{part}.b"] = some(out)
        for part in ("aln", "oln"):
            tensors[f"l{layer}.{part}.w"] = np.ones(wide, np.float32)
            tensors[f"l{layer}.{part}.b"] = np.zeros(wide, np.float32)
    return build(Encoder(SHAPE, tensors, {}), len(Label))


def words() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {word: at for at, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def trained(cache: Path, frozen: int = 1) -> dict[str, Any]:
    from monitor.learning.lessons import hard
    from monitor.learning.training import Recipe, train

    recipe = Recipe(epochs=3, batch=2, frozen=frozen)
    done = train(network(), words(), hard(LESSONS), recipe, cache)
    return {name: value.clone() for name, value in done.state_dict().items()}


def test_a_text_scores_the_same_whatever_pads_it() -> None:
    import torch

    net = network().eval()
    ids = torch.tensor([[0, 4, 5, 2]])
    padded = torch.tensor([[0, 4, 5, 2, 1, 1, 1], [0, 6, 6, 6, 6, 6, 2]])
    with torch.inference_mode():
        alone = net(ids, torch.ones(1, 4))
        together = net(padded, (padded != 1).float())
    assert together[0].tolist() == pytest.approx(alone[0].tolist(), abs=1e-5)


def test_only_the_upper_layers_and_the_head_learn(tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in network().state_dict().items()}
    after = trained(tmp_path)
    moved = {name for name, value in after.items() if not value.equal(before[name])}
    assert moved
    assert all(name.startswith(("layers.1.", "head.")) for name in moved)


def test_all_layers_learn_where_none_is_frozen_but_never_the_words(tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in network().state_dict().items()}
    after = trained(tmp_path, frozen=0)
    moved = {name.split(".q.")[0] for name, value in after.items() if not value.equal(before[name])}
    assert {"layers.0", "layers.1"} <= moved
    assert after["word.weight"].equal(before["word.weight"])


def test_a_student_learns_what_its_teacher_thinks(tmp_path: Path) -> None:
    """Far from the labels: the teacher is sure that everything is a question."""
    from monitor.learning.encoder import spread, thinned
    from monitor.learning.lessons import distilled
    from monitor.learning.training import Recipe, probabilities, train

    texts = [one.text for one in LESSONS]
    taught = np.tile([0.02, 0.94, 0.02, 0.02], (len(texts), 1))
    student = thinned(network(), spread(1, SHAPE.layers))
    assert len(student.layers) == 1
    recipe = Recipe(epochs=40, batch=2, frozen=0, rate=1e-2, head_rate=1e-1)
    train(student, words(), distilled(texts, taught, []), recipe, tmp_path)
    found = probabilities(student, words(), texts, recipe)
    assert found.shape == (len(texts), len(Label))
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found.argmax(axis=1) == list(Label).index(Label.QUESTION)).all()


def test_six_layers_stand_for_twelve_evenly_and_keep_the_last() -> None:
    from monitor.learning.encoder import spread

    assert spread(6, 12) == [1, 3, 5, 7, 9, 11]
    assert spread(12, 12) == list(range(12))
    assert spread(1, 12) == [11]


def test_a_shallower_network_is_what_the_lowest_layers_make() -> None:
    import torch

    from monitor.learning.encoder import lowest

    ids, mask = torch.tensor([[0, 4, 5, 2]]), torch.ones(1, 4)
    whole, shallow = network().eval(), lowest(network(), 1).eval()
    with torch.no_grad():
        expected = whole.head(whole.lower(ids, mask, 1).mean(1))
        assert torch.allclose(shallow(ids, mask), expected, atol=1e-6)


def test_training_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path) -> None:
    whole = trained(tmp_path / "a")
    trained(tmp_path / "b")
    for last in (tmp_path / "b").glob("epoch-*-3.pt"):
        last.unlink()
    again = trained(tmp_path / "b")
    assert all(again[name].equal(value) for name, value in whole.items())


def test_texts_that_were_read_once_are_not_read_again(tmp_path: Path) -> None:
    trained(tmp_path)
    kept = {path.name for path in tmp_path.glob("lower-*.pt")}
    for epoch in tmp_path.glob("epoch-*.pt"):
        epoch.unlink()
    trained(tmp_path)
    assert {path.name for path in tmp_path.glob("lower-*.pt")} == kept


def test_halves_are_reckoned_with_only_where_the_processor_can(tmp_path: Path) -> None:
    """Elsewhere they are emulated, at a twentieth of the speed."""
    import torch

    from monitor.learning.lessons import hard
    from monitor.learning.training import Recipe, probabilities, train

    told = Path("/proc/cpuinfo")  # of Linux; other systems run on processors that cannot
    flags = told.read_text().split() if told.exists() else []
    can = not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)
    seen = set()
    net = network()
    net.head.register_forward_hook(lambda _layer, _given, out: seen.add(out.dtype))
    recipe = Recipe(epochs=1, batch=2, frozen=1)
    train(net, words(), hard(LESSONS), recipe, tmp_path)
    probabilities(net, words(), ["late parcel"], recipe)
    assert seen == {torch.bfloat16 if can else torch.float32}


KILLED = """
import resource, signal, sys
from pathlib import Path
from tests.learning.test_training import trained
import monitor.learning.lessons, monitor.learning.training

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
trained(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("kept", ["lower", "epoch"])
def test_training_that_was_killed_while_it_wrote_goes_on_to_the_same_end(
    tmp_path: Path, kept: str
) -> None:
    """The kernel kills whoever writes more than its limit: here in the middle of a file."""
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    expected = trained(whole)
    sizes = {
        one: max(p.stat().st_size for p in whole.glob(f"{one}-*")) for one in ("lower", "epoch")
    }
    assert sizes["lower"] < sizes["epoch"] / 2, "the limit is to let the smaller one pass"
    done = subprocess.run(
        [sys.executable, "-B", "-c", KILLED, str(stopped), str(sizes[kept] * 2 // 3)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    assert [path.name.split("-")[0] for path in stopped.glob("*.part")] == [kept]
    found = trained(stopped)
    assert all(found[name].equal(value) for name, value in expected.items())


@pytest.mark.parametrize("part", ["word.weight", "place.weight", "layers.0.q.bias"])
def test_what_another_network_read_or_learned_is_not_taken_for_ones_own(
    tmp_path: Path, part: str
) -> None:
    from monitor.learning.lessons import hard
    from monitor.learning.training import Recipe, train

    def learn(cache: Path) -> dict[str, Any]:
        other = network()
        other.state_dict()[part].mul_(0.5)
        train(other, words(), hard(LESSONS), Recipe(epochs=1, batch=2, frozen=1), cache)
        return dict(other.state_dict())

    train(network(), words(), hard(LESSONS), Recipe(epochs=1, batch=2, frozen=1), tmp_path / "a")
    found, alone = learn(tmp_path / "a"), learn(tmp_path / "b")
    assert all(found[name].equal(value) for name, value in alone.items())
