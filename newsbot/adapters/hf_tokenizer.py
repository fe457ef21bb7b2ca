"""Text to token ids and back, with places in the text, at the price of one file.

In: a checked model folder. Out: ids, offsets in code points, prompts.
`tokenizers.Tokenizer` reads tokenizer.json directly: transformers' `AutoTokenizer`
costs 340 MB more for the same ids. Whatever an article says, it cannot spell a
control token: ``<eos>`` in a text is four ordinary tokens.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from newsbot.adapters.embedded import FIX
from newsbot.errors import ModelMissingError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

#: Stand in for instruction and text while a chat template is rendered. Private-use
#: characters: no template looks for them, and no article holds the pair.
INSTRUCTION, TEXT = "\ue0f1instruction\ue0f2", "\ue0f1text\ue0f2"
#: Mistral's vocabulary, where a folder has it instead of tokenizer.json.
TEKKEN = "tekken.json"
#: The chat of Mistral's tekken models, for a folder that brings none of its own.
#: Format V7: https://docs.mistral.ai/cookbook/concept-deep-dive-tokenization-templates
#: shows V3; V7 adds the two marks around the system turn.
TEKKEN_CHAT = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
    "[SYSTEM_PROMPT]{{ m.content }}[/SYSTEM_PROMPT]"
    "{% else %}[INST]{{ m.content }}[/INST]{% endif %}{% endfor %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A text as tokens, without begin-of-sequence."""

    ids: tuple[int, ...]
    #: Shape (n_tokens, 2): start and end in code points, end exclusive.
    offsets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a rendered chat: the template's own, or foreign text."""

    text: str
    #: Foreign text is encoded with control tokens taken as plain characters.
    foreign: bool


class HfTokenizer:
    """One model's tokenizer; safe to call from several threads."""

    def __init__(self, tokenizer: Tokenizer, chat_template: str | None) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._template = chat_template
        #: What the tokenizer itself puts before a text: ``(bos,)`` or nothing.
        self.prefix = _prefix(tokenizer)
        self._lock = threading.Lock()

    @classmethod
    def load(cls, folder: Path) -> HfTokenizer:
        """Read the tokenizer of a model folder.

        Args:
            folder: A folder that `hf_files.check` has passed.

        Raises:
            ModelMissingError: No tokenizer in it, or a library is missing.
        """
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ModelMissingError(f"{error.name} is not installed: {FIX}") from error
        path = folder / "tokenizer.json"
        try:
            if path.is_file():
                return cls(Tokenizer.from_file(str(path)), chat_template(folder))
            if (folder / TEKKEN).is_file():
                tekken = _tekken(folder)
                knows_system = tekken.token_to_id("[SYSTEM_PROMPT]") is not None
                own = TEKKEN_CHAT if knows_system else None
                return cls(tekken, chat_template(folder) or own)
            from transformers import AutoTokenizer

            slow = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            return cls(slow.backend_tokenizer, chat_template(folder))
        # tokenizers raises bare Exception for a broken file.
        except Exception as error:
            raise ModelMissingError(
                f"{path}: no usable tokenizer: {_first_line(error)}"
            ) from error

    @property
    def has_chat_template(self) -> bool:
        """Whether the model was trained to follow a chat format."""
        return self._template is not None

    @property
    def n_vocabulary(self) -> int:
        """Number of tokens it knows, added ones included."""
        return int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def as_json(self) -> str:
        """Write it in the form of tokenizer.json, whatever it was read from."""
        with self._lock:
            return str(self._tokenizer.to_str())

    def encode(self, text: str) -> Tokens:
        """Encode foreign text: no control tokens, no begin-of-sequence.

        Args:
            text: Any text.

        Returns:
            Ids and offsets into *text*, in code points.
        """
        with self._lock:
            self._tokenizer.encode_special_tokens = True
            encoding = self._tokenizer.encode(text, add_special_tokens=False)
        offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        return Tokens(ids=tuple(encoding.ids), offsets=offsets)

    def decode(self, ids: list[int]) -> str:
        """Spell ids as text, control tokens left out."""
        return self._tokenizer.decode(ids, skip_special_tokens=True)

    def prompt(self, instruction: str, text: str) -> tuple[int, ...]:
        """Make the ids of a question, as a chat where the model knows chats.

        Args:
            instruction: What to do.
            text: The material and the question.

        Returns:
            Ids with begin-of-sequence where the model wants one.

        Raises:
            ModelMissingError: The model's chat template cannot be rendered.
        """
        if self._template is None:
            joined = f"{instruction}\n\n{text}" if instruction else text
            return self.prefix + self.encode(joined).ids
        ids: list[int] = []
        for piece in self._chat(instruction, text):
            ids += self.encode(piece.text).ids if piece.foreign else self._own(piece)
        if self.prefix and tuple(ids[: len(self.prefix)]) != self.prefix:
            ids = [*self.prefix, *ids]
        return tuple(ids)

    def _own(self, piece: Piece) -> list[int]:
        with self._lock:
            self._tokenizer.encode_special_tokens = False
            return self._tokenizer.encode(piece.text, add_special_tokens=False).ids

    def _chat(self, instruction: str, text: str) -> list[Piece]:
        rendered = self._render(bool(instruction))
        pieces = []
        while rendered:
            found = [
                (rendered.find(mark), mark, content)
                for mark, content in ((INSTRUCTION, instruction), (TEXT, text))
                if mark in rendered
            ]
            if not found:
                pieces.append(Piece(rendered, foreign=False))
                break
            start, mark, content = min(found)
            pieces.append(Piece(rendered[:start], foreign=False))
            pieces.append(Piece(content, foreign=True))
            rendered = rendered[start + len(mark) :]
        return [piece for piece in pieces if piece.text]

    def _render(self, has_instruction: bool) -> str:
        """Render the template around marks; without a system role where it has none."""
        try:
            from jinja2 import TemplateError
            from transformers.utils.chat_template_utils import render_jinja_template
        except ImportError as error:
            raise ModelMissingError(f"{error.name} is not installed: {FIX}") from error

        assert self._template is not None
        joined = f"{INSTRUCTION}\n\n{TEXT}" if has_instruction else TEXT
        user = [{"role": "user", "content": joined}]
        system = {"role": "system", "content": INSTRUCTION}
        both = [system, {"role": "user", "content": TEXT}]
        bos = "".join(self._tokenizer.id_to_token(id_) or "" for id_ in self.prefix[:1])
        reason: Exception | None = None
        for messages in (both, user) if has_instruction else (user,):
            try:
                (rendered,), _ = render_jinja_template(
                    [messages],
                    chat_template=self._template,
                    add_generation_prompt=True,
                    bos_token=bos,
                    eos_token="",
                    enable_thinking=False,
                )
            except (TemplateError, TypeError, ValueError, KeyError) as error:
                reason = error
                continue
            marks = (INSTRUCTION, TEXT) if has_instruction else (TEXT,)
            if all(mark in rendered for mark in marks):
                return str(rendered)
        raise ModelMissingError(
            "the model's chat template drops or refuses a question"
        ) from reason


def chat_template(folder: Path) -> str | None:
    """Read the chat template of a model folder.

    Args:
        folder: A model folder.

    Returns:
        The Jinja source; None for a base model, which has none.
    """
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text("utf-8")
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return None
    template = json.loads(path.read_text("utf-8")).get("chat_template")
    if isinstance(template, list):  # several, by name
        named = {entry.get("name"): entry.get("template") for entry in template}
        template = named.get("default")
    return template if isinstance(template, str) and template else None


def _tekken(folder: Path) -> Tokenizer:
    from tokenizers import processors
    from transformers.integrations.mistral.tokenizer import MistralConverter

    tokenizer: Tokenizer = MistralConverter(str(folder / TEKKEN)).converted()
    # The conversion forgets what Mistral puts before every text.
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    return tokenizer


def _prefix(tokenizer: Tokenizer) -> tuple[int, ...]:
    """Find what is put before a text; some tokenizers also put something behind."""
    own = tokenizer.encode("a", add_special_tokens=False).ids
    whole = tokenizer.encode("a").ids
    starts = range(len(whole) - len(own) + 1)
    n_before = next((at for at in starts if whole[at : at + len(own)] == own), 0)
    return tuple(whole[:n_before])


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
