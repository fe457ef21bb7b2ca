"""The door to OpenAI-compatible servers, against a real one on loopback."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3

from newsbot.adapters.server import MAX_STOPS, ServerConfig, ServerModel
from newsbot.errors import FetchError, ModelMissingError, ModelOutputError
from newsbot.ports import ChoiceRequest, Limits, TextRequest

KEY = "sk-secret-123"


class Server:
    """A scriptable server; `answer` maps a request's body to status and content."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.answer: Callable[[dict[str, Any]], tuple[int, bytes]] = lambda body: (
            200,
            completion("ok"),
        )
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append((self.path, headers, body))
                status, content = outer.answer(body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/v1"
        self.thread = threading.Thread(target=self.httpd.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.httpd.shutdown()
        self.thread.join()
        self.httpd.server_close()


def completion(
    text: object, alternatives: dict[str, float] | None = None, **usage: int
) -> bytes:
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    if alternatives is not None:
        listed = [
            {"token": token, "logprob": math.log(chance), "bytes": None}
            for token, chance in alternatives.items()
        ]
        choice["logprobs"] = {"content": [{**listed[0], "top_logprobs": listed}]}
    return json.dumps({"choices": [choice], "usage": usage}).encode()


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    response = urllib3.request(
        "POST", url, body=body, headers=headers, timeout=5, retries=False
    )
    return response.status, response.data


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def model(server) -> ServerModel:
    return ServerModel(
        ServerConfig(base_url=server.url + "/", model="qwen3", api_key=KEY), post
    )


def ask(text: str, **limits) -> TextRequest:
    return TextRequest(instruction="Fasse.", text=text, limits=Limits(**limits))


def choice(*choices: str) -> ChoiceRequest:
    return ChoiceRequest(instruction="", text="Ein Vertrag?", choices=choices)


def test_generate_asks_as_the_interface_wants(server, model):
    """Messages, budget, stops and key arrive; text and costs come back."""
    server.answer = lambda body: (
        200,
        completion("Kürzer.", prompt_tokens=12, completion_tokens=3),
    )
    (answer,) = model.generate([ask("Der Text 😀", max_tokens=50, stop=("\n",))])
    assert answer.text == "Kürzer."
    assert (answer.n_prompt_tokens, answer.n_generated_tokens) == (12, 3)
    ((path, headers, body),) = server.requests
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body == {
        "model": "qwen3",
        "messages": [
            {"role": "system", "content": "Fasse."},
            {"role": "user", "content": "Der Text 😀"},
        ],
        "max_tokens": 50,
        "temperature": 0,
        "stream": False,
        "stop": ["\n"],
    }


def test_generate_keeps_the_order_of_a_batch(server, model):
    """Requests run side by side; answers stay in order."""
    server.answer = lambda body: (
        200,
        completion(body["messages"][1]["content"].upper()),
    )
    texts = [f"text {number}" for number in range(12)]
    answers = model.generate([ask(text) for text in texts])
    assert [answer.text for answer in answers] == [text.upper() for text in texts]
    assert model.generate([]) == []


def test_stops_hold_whatever_the_server_does(server, model):
    """Only four stops may be sent; all are applied."""
    server.answer = lambda body: (200, completion("eins zwei END drei STOP"))
    stops = ("a1", "a2", "a3", "STOP", "END")
    (answer,) = model.generate([ask("x", stop=stops)])
    assert answer.text == "eins zwei "
    assert len(server.requests[0][2]["stop"]) == MAX_STOPS


def test_no_key_no_header(server):
    """A server without key gets none."""
    model = ServerModel(ServerConfig(base_url=server.url, model="m"), post)
    model.generate([ask("x")])
    assert "authorization" not in server.requests[0][1]


def test_choose_reads_probabilities_of_first_tokens(server, model):
    """Tokens that begin exactly one answer weigh for it, the others for none."""
    server.answer = lambda body: (
        200,
        completion("ja", {"Ja": 0.5, " ja": 0.1, "n": 0.2, "": 0.1, "viel": 0.05}),
    )
    (row,) = model.choose([choice("ja", "nein")])
    assert row == pytest.approx((0.75, 0.25))
    body = server.requests[0][2]
    assert body["logprobs"] is True
    assert body["messages"][0]["content"].endswith("\nja\nnein")


def test_choose_takes_the_word_where_there_are_no_probabilities(server, model):
    """Without usable alternatives the answer itself decides."""
    for content in (
        completion(' "Nein." '),
        completion("nein", {'"': 0.99, "nein": 0.001}),
        completion("Nein", {"x": 1.0}),
    ):
        server.answer = lambda body, content=content: (200, content)
        assert model.choose([choice("ja", "nein")]) == [(0.0, 1.0)]


def test_choose_asks_again_where_logprobs_are_unknown(server, model):
    """A server that refuses the parameter is asked without it."""

    def answer(body: dict[str, Any]) -> tuple[int, bytes]:
        if "logprobs" in body:
            return 400, b'{"error": "logprobs is not supported"}'
        return 200, completion("ja")

    server.answer = answer
    assert model.choose([choice("ja", "nein")]) == [(1.0, 0.0)]


def test_an_answer_outside_the_choices_is_an_error(server, model):
    """Talk instead of an answer is bad form."""
    server.answer = lambda body: (200, completion("Das kommt darauf an."))
    with pytest.raises(ModelOutputError, match="none of the choices"):
        model.choose([choice("ja", "nein")])
    with pytest.raises(ValueError, match="choices"):
        model.choose([choice("ja", " ")])


@pytest.mark.parametrize(
    ("status", "kind", "retry"),
    [
        (400, ModelOutputError, False),
        (401, ModelMissingError, None),
        (403, ModelMissingError, None),
        (404, ModelMissingError, None),
        (307, ModelMissingError, None),
        (408, ModelOutputError, True),
        (422, ModelOutputError, False),
        (429, ModelOutputError, True),
        (500, ModelOutputError, True),
        (503, ModelOutputError, True),
    ],
)
def test_every_status_has_its_error(server, model, status, kind, retry):
    """The server's own words are kept in one line; the key is not."""
    server.answer = lambda body: (status, f'{{"error":\n "no: {KEY}"}}'.encode())
    with pytest.raises(kind) as caught:
        model.generate([ask("x")])
    assert str(status) in str(caught.value)
    assert "no:" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    if retry is not None:
        assert caught.value.retry is retry


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": [{"message": {"content": 3}}]}',
        b'{"choices": [{"message": {"content": "x"}, "logprobs": 3}]}',
        b'{"choices": [{"message": {"content": "x"}, "logprobs": {"content": [1]}}]}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": [1]}}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 1e999}}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": [1]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_bad_form_is_a_model_output_error(server, model, content):
    """Whatever comes back, only newsbot's own error leaves the door."""
    server.answer = lambda body: (200, content)
    with pytest.raises(ModelOutputError, match="form"):
        model.generate([ask("x")])


def test_a_server_that_is_down_may_come_back(server, model):
    """No connection is an error that passes, with the cause kept."""
    server.close()
    with pytest.raises(ModelOutputError, match="no answer") as caught:
        model.generate([ask("x")])
    assert caught.value.retry
    assert isinstance(caught.value.__cause__, urllib3.exceptions.HTTPError)
    server.httpd = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.thread = threading.Thread(target=server.httpd.serve_forever)
    server.thread.start()


def test_what_the_address_policy_refuses_keeps_its_retry(server):
    """An error of the caller's own post is mapped, too."""

    def refuse(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        raise FetchError(url, "address not allowed", retry=False)

    model = ServerModel(ServerConfig(base_url=server.url, model="m"), refuse)
    with pytest.raises(ModelOutputError, match="not allowed") as caught:
        model.generate([ask("x")])
    assert not caught.value.retry


def test_the_id_and_the_repr_hide_secrets():
    """Name and address are kept beside outputs; user, password and key are not."""
    config = ServerConfig(
        base_url="http://user:pass@localhost:8000/v1", model="m", api_key=KEY
    )
    assert ServerModel(config, post).id == "m@localhost:8000"
    assert KEY not in repr(config)
