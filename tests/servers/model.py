"""A model behind the OpenAI interface, on loopback: it knows some names, and points.

    with ModelServer({"Anthropic": "customer", "CoreWeave": "provider"}) as model:
        ...  # [model] preset = "server", base_url = model.base_url

Asked whether an article tells a deal, it says yes where two of its names stand in it;
asked which, it names these two; asked for a summary, it gives the first sentences.
What it says hangs on the question alone, as of a real one at temperature 0.
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Mapping

from servers.scripted import Reply, Request, ScriptedServer

_ARTICLE = re.compile(r"~~~+\n(.*?)\n~~~+", re.DOTALL)
_SUM = re.compile(r"\$\d+ (?:billion|million)|\d+ (?:Milliarden|Millionen) US-Dollar")


class ModelServer(ScriptedServer):
    """The server; *roles* are the names it knows, and each one's part in a deal."""

    def __init__(self, roles: Mapping[str, str]) -> None:
        super().__init__()
        self._roles = roles
        self._names = re.compile("|".join(map(re.escape, roles)))
        self.n_asked = 0
        #: Told so far of what was read and of what was written; a token is a word here.
        self.tokens = (0, 0)
        self._counting = threading.Lock()
        self.on("/v1/chat/completions", self._complete)

    @property
    def base_url(self) -> str:
        """As `[model]` names it."""
        return self.url("/v1")

    def _complete(self, request: Request) -> Reply:
        self.n_asked += 1
        self.requests.clear()  # hours of them would fill the memory
        messages = json.loads(request.body)["messages"]
        asked = messages[-1]["content"]
        found = _ARTICLE.search(asked)
        article = found[1] if found else asked
        names = list(dict.fromkeys(self._names.findall(article)))[:2]
        if "yes or no" in asked:
            yes = 0.98 if len(names) == 2 else 0.02
            chances = {"yes": yes, "no": 1 - yes}
            return self._completion(asked, "yes" if yes > 0.5 else "no", chances)
        if "JSON list" in asked:
            return self._completion(asked, json.dumps([self._deal(names, article)]))
        sentences = re.split(r"(?<=\.)\s+", article.partition("\n")[2].strip())
        return self._completion(asked, " ".join(sentences[:2]))

    def _deal(self, names: list[str], article: str) -> dict[str, object]:
        paid = _SUM.search(article)
        return {
            "status": "announced",
            "types": ["compute_purchase"],
            "parties": [{"name": n, "roles": [self._roles[n]]} for n in names],
            "amounts": [{"text": paid[0], "kind": "purchase", "payer": ""}]
            if paid
            else [],
        }

    def _completion(
        self, asked: str, text: str, chances: Mapping[str, float] | None = None
    ) -> Reply:
        choice: dict[str, object] = {"message": {"role": "assistant", "content": text}}
        if chances is not None:
            listed = [{"token": t, "logprob": math.log(p)} for t, p in chances.items()]
            choice["logprobs"] = {"content": [{**listed[0], "top_logprobs": listed}]}
        n_read, n_written = len(asked.split()), len(text.split())
        with self._counting:
            read, written = self.tokens
            self.tokens = read + n_read, written + n_written
        usage = {"prompt_tokens": n_read, "completion_tokens": n_written}
        body = json.dumps({"choices": [choice], "usage": usage}).encode()
        return Reply(200, {"Content-Type": "application/json"}, body)
