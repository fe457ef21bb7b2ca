"""Attention as plain products says what torch's own says."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from newsbot.adapters.hf_attention import (  # noqa: E402
    PLAIN,
    attention_name,
    plain_attention,
)


@pytest.mark.parametrize(
    ("dtype", "apart"), [(torch.float32, 1e-5), (torch.bfloat16, 3e-2)]
)
@pytest.mark.parametrize("n_groups", [1, 2, 4])
@pytest.mark.parametrize("n_keys", [9, 14])
def test_it_agrees_with_torch(dtype, apart, n_groups, n_keys):
    """With keys of their own or shared, and with keys from before."""
    torch.manual_seed(3)
    query = torch.randn(2, 4, 9, 8, dtype=dtype)
    key, value = torch.randn(2, 2, n_groups, n_keys, 8, dtype=dtype)
    mask = torch.rand(2, 1, 9, n_keys) < 0.6
    mask[..., 0] = True  # every row sees something
    found, weights = plain_attention(None, query, key, value, mask, 0.3)
    expected = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, mask, scale=0.3, enable_gqa=True
    ).transpose(1, 2)
    assert weights is None
    assert found.shape == (2, 9, 4, 8)
    torch.testing.assert_close(found, expected, atol=apart, rtol=apart)


def test_where_it_is_taken():
    """For bfloat16 on a CPU alone."""
    assert attention_name("cpu", torch.bfloat16) == PLAIN
    assert attention_name("cpu", torch.float32) == "sdpa"
    assert attention_name("cuda:0", torch.bfloat16) == "sdpa"
