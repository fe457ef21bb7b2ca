"""Who may look at whom: the mask of texts with questions behind them, as properties."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from newsbot.adapters.hf_branches import branch_mask, scaled  # noqa: E402

PLAIN = SimpleNamespace(layer_types=None, sliding_window=None)


def mixed(window: int | None) -> SimpleNamespace:
    kinds = ["sliding_attention", "full_attention"]
    return SimpleNamespace(layer_types=kinds, sliding_window=window)


def row(n_text: int, questions: list[int], n_padding: int = 0):
    """Places and branches of a text, questions of these lengths, and padding."""
    places, branches = list(range(n_text)), [0] * n_text
    for number, n in enumerate(questions, 1):
        places += range(n_text, n_text + n)
        branches += [number] * n
    return places + [0] * n_padding, branches + [-1] * n_padding


def mask(places, branches, config=PLAIN, *, n_before: int = 0):
    return branch_mask(
        torch.tensor([places]), torch.tensor([branches]), config, n_before=n_before
    )


rows = st.tuples(
    st.integers(1, 12), st.lists(st.integers(1, 4), max_size=4), st.integers(0, 3)
)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_a_question_sees_the_text_and_itself_only(shape):
    """All of the text, what stands before it in its own branch, and nothing else."""
    places, branches = row(*shape)
    sees = mask(places, branches)[0, 0]
    assert sees.shape == (len(places), len(places))
    for a, (mine, here) in enumerate(zip(branches, places, strict=True)):
        seen = {b for b in range(len(places)) if sees[a, b]}
        assert a in seen
        if mine < 0:  # padding: whatever it sees, nobody reads it
            assert all(branches[b] < 0 for b in seen)
            continue
        expected = {
            b
            for b, (theirs, there) in enumerate(zip(branches, places, strict=True))
            if theirs in (0, mine) and there <= here
        }
        assert seen == expected


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(1, 9))
def test_a_window_takes_what_is_far_and_nothing_else(shape, window):
    """Sliding layers see the nearest *window* places, full layers all of them."""
    places, branches = row(*shape)
    found = mask(places, branches, mixed(window))
    assert set(found) == {"full_attention", "sliding_attention"}
    full, sliding = found["full_attention"], found["sliding_attention"]
    assert torch.equal(full, mask(places, branches))
    at = torch.tensor(places)
    near = (at[:, None] - at[None, :]) < window
    assert torch.equal(sliding, full & near)
    only = SimpleNamespace(layer_types=None, sliding_window=window)
    assert torch.equal(mask(places, branches, only), sliding)


@settings(max_examples=60, deadline=None)
@given(rows, st.sampled_from([None, 1, 3, 100]))
def test_what_is_remembered_is_seen_as_if_it_stood_in_the_row(shape, window):
    """Questions behind remembered tokens see what they see in one sequence."""
    n_text, questions, _ = shape
    whole = mask(*row(n_text, questions), mixed(window))
    places, branches = row(n_text, questions)
    behind = mask(places[n_text:], branches[n_text:], mixed(window), n_before=n_text)
    for kind, expected in whole.items():
        assert torch.equal(behind[kind], expected[:, :, n_text:])


def test_rows_of_a_batch_do_not_touch():
    """Each row's mask is the one it has alone, padded."""
    one, other = row(5, [2, 3]), row(3, [1], 6)
    both = branch_mask(
        torch.tensor([one[0], other[0]]), torch.tensor([one[1], other[1]]), PLAIN
    )
    for n, (places, branches) in enumerate((one, other)):
        assert torch.equal(both[n], mask(places, branches)[0])


def test_states_come_at_one_scale():
    """Unit mean square whatever the size, as float32; nothing stays nothing."""
    states = torch.randn(3, 5, 8, dtype=torch.float64).to(torch.bfloat16)
    states[0] *= 1000
    states[2, 4] = 0
    found = scaled(states)
    assert found.dtype == torch.float32
    squares = found.pow(2).mean(-1)
    assert torch.allclose(squares[:2], torch.ones(2, 5), atol=1e-3)
    assert squares[2, 4] == 0
