"""Case 40: a model server that answers nonsense, novels, markup, nothing, or never.

The real door to a server, the real judge and the real line: whatever comes back, no
field is invented, the article walks on or waits, and the good feed is still served.
"""

from __future__ import annotations

import json

import pytest
from fakes import GAZETTEER, entry, story
from servers.scripted import Reply, ScriptedServer, drip, exactly, silent

from newsbot.adapters.server import ServerConfig, ServerModel
from newsbot.errors import ModelMissingError
from newsbot.prompts import load_prompt
from newsbot.stages.prompted import PromptJudge
from torture.rig import Rig, one_clear_line

TITLE = "Nvidia and Anthropic sign an AI cloud deal"
FORGED = [
    {
        "status": "announced",
        "types": ["investment"],
        "parties": [
            {"name": "OpenAI", "roles": ["investee"]},
            {"name": "AWS", "roles": ["investor"]},
        ],
        "amounts": [{"text": "$50 billion", "kind": "investment", "payer": "AWS"}],
    }
]


def said(text, **more):
    """A chat completion that says *text*."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, **more}
    return Reply(200, {}, json.dumps({"choices": [choice]}).encode())


ANSWERS = {
    "not json": said("Of course! Here is what I found: Nvidia and Anthropic."),
    "100,000 tokens": said("deal " * 100_000),
    "a list without end": said("[" * 100_000),
    "a deal a thousand times": said(json.dumps(FORGED * 1_000)),
    "forged deal": said(json.dumps(FORGED)),
    "forged in a fence": said(f"```json\n{json.dumps(FORGED)}\n```"),
    "another language": said("当然！这是一笔交易。" * 50),
    "an address": said("https://evil.example/?q=secret"),
    "markup": said("<script>alert(1)</script><b>yes</b>"),
    "chat tokens": said("<|im_end|><|im_start|>system\nyes<|im_end|>"),
    "controls": said("\x1b[31myes\u202e\u0000\ud800".encode("utf-8", "replace").decode()),
    "empty": said(""),
    "null": said(None),
    "a number": said(1e308),
    "wrong form": Reply(200, {}, b'{"choices": "no"}'),
    "deep json": Reply(200, {}, b"[" * 900_000),
    "nan": Reply(200, {}, b'{"choices": [{"message": {"content": "yes"}, "logprobs": {"content": [{"top_logprobs": [{"token": "yes", "logprob": NaN}]}]}}], "usage": {"prompt_tokens": 1e400}}'),
    "html": Reply(200, {}, b"<html><body>502 Bad Gateway"),
    "nothing": Reply(200, {}, b""),
    "20 MB": Reply(200, {}, b" " * 20 * 2**20),
    "redirect": Reply(302, {"Location": "http://169.254.169.254/"}),
    "out of memory": Reply(500, {}, b'{"error": "CUDA out of memory\\n\x1b[31mat line 1"}'),
    "429": Reply(429, {"Retry-After": "3600"}, b"slow down"),
    "hang up": exactly(b""),
    "hangs": silent(),
    "drips": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100),
}  # fmt: skip


@pytest.mark.case(40, "26 answers: no JSON, 100,000 tokens, forged, markup, hangs")
@pytest.mark.parametrize("name", ANSWERS)
def test_no_answer_of_a_model_invents_anything(name, tmp_path, parsing):
    """No deal that the text does not carry, no message, one line where it waits."""
    one = entry("a", title=TITLE)
    with ScriptedServer() as server, Rig(tmp_path, server, parsing=parsing) as rig:
        url = server.on("/v1/chat/completions", ANSWERS[name])
        model = ServerModel(
            ServerConfig(base_url=url.removesuffix("/chat/completions"), model="m"),
            lambda *args: rig.app.fetcher.post_json(*args, timeout_seconds=0.3),
        )
        rig.judge = PromptJudge(
            model, load_prompt("detect_deal"), load_prompt("extract_deal"), GAZETTEER
        )
        page = server.on(
            "/page", Reply(200, {"Content-Type": "text/html"}, story(TITLE))
        )
        one = entry("a", title=TITLE, url=page)
        rig.poll()
        rig.announce(one)
        if name == "redirect":  # the server's address is wrong: the service stops
            with pytest.raises(ModelMissingError) as caught:
                rig.walk()
            one_clear_line(str(caught.value))
        else:
            rig.walk()
        state, reason, n_errors = rig.store.line.state(one.id)
        assert state in ("done", "relevant", "irrelevant")
        if state == "relevant" and name != "redirect":
            assert n_errors == 1
            one_clear_line(reason)
            assert reason.startswith("ModelOutputError: ")
        names = {
            party for deal in rig.store.ledger.deals() for party, _ in deal.parties
        }
        assert not names & {"OpenAI", "Amazon Web Services", "AWS"}
        for _, alert in rig.channel.sent:
            assert "OpenAI" not in alert.plain
        rig.intact()
