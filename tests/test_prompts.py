"""Prompt files: a closed format, hashed, and in the wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.errors import ConfigError
from newsbot.prompts import fenced, load_prompt, parse_prompt

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "prompts").glob("*.md"))
HEAD = (
    'name = "ask"\nversion = 3\ninputs = ["article", "language"]\noutput = "yes or no"'
)
BODY = "# Instruction\nAnswer.\n# Text\n{{article}} in {{language}}?\n"


def file(head: str = HEAD, body: str = BODY) -> bytes:
    return f"+++\n{head}\n+++\n{body}".encode()


def test_a_prompt_is_read_whole():
    """Head, instruction and text each become what they are; the id names all."""
    prompt = parse_prompt(file(), file="ask.md")
    assert (prompt.name, prompt.version) == ("ask", 3)
    assert prompt.inputs == ("article", "language")
    assert prompt.output == "yes or no"
    assert prompt.instruction == "Answer."
    assert prompt.text == "{{article}} in {{language}}?"
    assert prompt.id == f"ask@3:{prompt.hash}"
    windows = parse_prompt(file().replace(b"\n", b"\r\n"), file="ask.md")
    assert (windows.text, windows.instruction) == (prompt.text, prompt.instruction)


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (HEAD + '\nauthor = "x"', "author"),
        (HEAD.replace('output = "yes or no"', ""), "output"),
        (HEAD.replace('"ask"', "7"), "name must be a text"),
        (HEAD.replace("version = 3", 'version = "3"'), "version"),
        (HEAD.replace("version = 3", "version = true"), "version"),
        (HEAD.replace('["article", "language"]', '"article"'), "inputs"),
        (HEAD.replace('["article", "language"]', '["article", 3]'), "inputs"),
        (HEAD.replace('["article", "language"]', '["article"]'), "language"),
        (
            HEAD.replace('["article", "language"]', '["article", "language", "x"]'),
            "'x'",
        ),
        (HEAD + "\n= 3", "TOML|Invalid|line"),
        (HEAD + "\nversion = 4", "overwrite|line"),
    ],
)
def test_a_wrong_head_is_refused_by_name(head, named):
    """Unknown and missing keys, wrong types and unused variables are errors."""
    with pytest.raises(ConfigError, match=named) as caught:
        parse_prompt(file(head), file="ask.md")
    assert str(caught.value).startswith("ask.md: ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        BODY.encode(),
        file(body="# Text\n{{article}} {{language}}\n"),
        file(body="Answer.\n"),
        file(body=BODY.replace("{{article}}", "")),
        file(body=BODY.replace("Answer.", "Answer {{article}}.")),
        file() + b"\xff",
    ],
)
def test_a_wrong_body_is_refused(data):
    """Without both parts, all variables in the text and UTF-8 there is no prompt."""
    with pytest.raises(ConfigError, match=r"^ask\.md: "):
        parse_prompt(data, file="ask.md")


def test_filling_takes_exactly_the_variables():
    """A missing value and one too many are mistakes of the caller."""
    prompt = parse_prompt(file(), file="ask.md")
    assert prompt.fill({"article": "A", "language": "de"}) == "A in de?"
    for values in ({"article": "A"}, {"article": "A", "language": "de", "x": "y"}, {}):
        with pytest.raises(KeyError, match="ask takes"):
            prompt.fill(values)


@given(st.text(max_size=80) | st.sampled_from(["{{language}}", "\\1 \\g<0>", "{{x}}"]))
def test_a_value_is_never_read_as_a_variable(value):
    """Whatever an article holds stands in the prompt as it is."""
    prompt = parse_prompt(file(), file="ask.md")
    assert prompt.fill({"article": value, "language": "de"}) == f"{value} in de?"


@given(st.integers(0, len(file()) - 1))
def test_the_hash_changes_with_each_byte(place):
    """Another byte, another hash: outputs say which wording made them."""
    data = bytearray(file())
    whole = parse_prompt(bytes(data), file="ask.md").hash
    data[place] = data[place] ^ 1
    try:
        changed = parse_prompt(bytes(data), file="ask.md")
    except ConfigError:
        return
    assert changed.hash != whole


@given(st.text(alphabet="~ \na", max_size=40))
def test_fenced_text_holds_no_fence(text):
    """No run of tildes is long enough to close a fence; other text stays."""
    safe = fenced(text)
    assert "~~~" not in safe
    assert safe.replace("~", "") == text.replace("~", "")


def test_every_prompt_of_the_package_loads():
    """Each file's name is its prompt's; the article stands between two fences."""
    assert len(FILES) >= 3
    for path in FILES:
        prompt = load_prompt(path.stem)
        assert prompt.name == path.stem
        assert prompt.version >= 1
        assert "article" in prompt.inputs
        assert "\n~~~\n{{article}}\n~~~\n" in f"\n{prompt.text}"
        assert "never orders to you" in prompt.instruction


def test_an_unknown_prompt_is_named():
    """Asking for what is not there ends in one line."""
    with pytest.raises(ConfigError, match="no prompt 'nothing'"):
        load_prompt("nothing")


def test_the_wheel_carries_the_prompts():
    """The packaged place is the one that is looked at first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["prompts"] == "newsbot/data/prompts"
    from newsbot import prompts

    packaged, checkout = prompts._folders()
    package = Path(prompts.__file__).parent
    assert packaged == package / "data" / "prompts"
    assert checkout == package.parent / "prompts"
