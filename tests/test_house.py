"""The house rules: which way imports point, and that its papers tell the truth."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import newsbot
from newsbot.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "newsbot"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAPERS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

COMMANDS = (
    'pip install -c constraints.txt ".[embedded]" && newsbot demo',
    'pip install -c constraints.txt ".[embedded,dev]" && pytest',
)

NOUNS = {"types", "errors", "courtesy", "vocabulary"}
LINE = {
    "stages", "ports", "mailing", "talking", "versions", "watching", *NOUNS
}  # fmt: skip
#: What each room may import of the house; the package itself is ``__init__``.
ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "__main__": {"cli"},
    "types": {"courtesy", "vocabulary"},
    "courtesy": set(),
    "vocabulary": set(),
    "errors": set(),
    "ports": {
        "courtesy",
        "errors",
        "mailing",
        "talking",
        "types",
        "versions",
        "vocabulary",
    },
    "mailing": {"types", "vocabulary"},
    "talking": {"types", "vocabulary"},
    "versions": {"types", "vocabulary"},
    "watching": {"mailing", "types", "vocabulary"},
    "upkeep": {"adapters", "config", *LINE},
    "prompts": {"errors"},
    "presets": NOUNS,
    "subscribing": {"talking", "types", "vocabulary"},
    "press": {"adapters", "subscribing", *LINE},
    "digests": {"adapters", "press", "subscribing", *LINE},
    "posting": {"adapters", "subscribing", *LINE},
    "chat_digests": {"adapters", "digests", "press", "subscribing", *LINE},
    "front_desk": {"adapters", "digests", "subscribing", *LINE},
    "mailroom": {
        "adapters",
        "chat_digests",
        "config",
        "digests",
        "front_desk",
        "posting",
        "press",
        "subscribing",
        *LINE,
    },
    "config": {"config_reader", "config_steps", "presets", *NOUNS},
    "config_steps": {"adapters", "config_reader", *NOUNS},
    "config_reader": NOUNS,
    "stages": {"stages", "history", "prompts", "subscribing", *LINE},
    "history": {"types", "vocabulary"},
    "backfill": {"history", "pipeline", "settling", *LINE},
    "settling": {"history", "robots", "turns", *LINE},
    "rehearsal": {"history", "types", "vocabulary"},
    "spread": {"adapters", "app", "config", "history", "pipeline", "settling", *LINE},
    "importing": {"adapters", "app", "gather", "history", "spread", *LINE},
    "replay": {"adapters", "history", "pipeline", *LINE},
    "gather": {
        "adapters",
        "app",
        "archive",
        "backfill",
        "config",
        "history",
        "rehearsal",
        "turns",
        *LINE,
    },
    "alerts": LINE,
    "corrections": {"alerts", "revisits", *LINE},
    "revisits": {"pages", "robots", "turns", *LINE},
    "pages": LINE,
    "pipeline": {"alerts", "corrections", "pages", "robots", "turns", *LINE},
    "turns": {"errors"},
    "outcome": LINE,
    "poll": {"outcome", "turns", *LINE},
    "robots": {"turns", *LINE},
    "archive": {"history", "turns", *LINE},
    "discovery": LINE,
    "outlets": {
        "adapters",
        "bot",
        "config",
        "deliver",
        "front_desk",
        "mailroom",
        "pace",
        "pipeline",
        "trial",
        *LINE,
    },
    "credentials": {"config", *NOUNS},
    "website": {
        "adapters",
        "config",
        "front_desk",
        "mailroom",
        "subscribing",
        "upkeep",
        *LINE,
    },
    "pace": {"mailing"},
    "attempts": LINE,
    "deliver": {"attempts", "pace", "mailing", "errors"},
    "adapters": {"adapters", "history", "pace", "subscribing", *LINE},
    "trial": {"pages", "pipeline", "robots", "turns", *LINE},
    "bot": {
        "bot",
        "adapters",
        "digests",
        "front_desk",
        "pace",
        "subscribing",
        "trial",
        *LINE,
    },
    "evaluation": {"evaluation", "pipeline", "prompts", *LINE},
    "tuning": {"tuning", "evaluation", "adapters", *LINE},
    "known": {"config", "stages", "errors"},
    "brain": {"presets", "config", "adapters", "pipeline", "prompts", *LINE},
    "app": {
        "adapters",
        "attempts",
        "bot",
        "brain",
        "config",
        "deliver",
        "known",
        "mailroom",
        "pace",
        "credentials",
        "outlets",
        "pipeline",
        "alerts",
        "poll",
        "revisits",
        "robots",
        "turns",
        "upkeep",
        *LINE,
    },
    "first_config": {"config", "config_reader", "stages", *NOUNS},
    "checking": {"adapters", "app", "config", "outlets", "poll", "upkeep", *LINE},
    "schedule": {"adapters", "app", "pipeline", "poll", "deliver", "upkeep", *LINE},
    "demo": {"demo", "cli", "app", "config", *LINE},
}
ALLOWED["cli"] = set(ALLOWED) | {"cli"}

#: Rooms compute on what they are given: these parse, recognise and calculate.
STAGE_LIBRARIES = {
    "numpy", "trafilatura", "feedparser", "lxml", "protego", "py3langid",
}  # fmt: skip
#: A clock, a process or a wire of its own: none of them belongs in a stage.
STAGE_TABOO = {
    "asyncio", "http", "multiprocessing", "select", "smtplib", "socket", "sqlite3",
    "ssl", "subprocess", "threading", "time",
}  # fmt: skip
#: What nothing that only asks for help may wait for.
HEAVY = (
    "torch", "transformers", "telegram", "trafilatura", "ray", "matplotlib",
    "sqlite_utils", "numpy", "pyarrow",
)  # fmt: skip
MAX_LINES = 400
#: Tests may be longer by their tables of cases; the longest one has 744 lines.
MAX_TEST_LINES = 750
#: A child process answers its parent on standard output.
PRINTING = {"adapters/embedded_convert.py"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of what a module imports, at its top or later."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "newsbot":
                yield from (f"newsbot.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        if name.startswith("newsbot."):
            rooms.add(name.split(".")[1])
    return rooms - {"__version__"}


def commands_of(
    command: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands_of(inner, (*words, name))
    else:
        yield " ".join(words), command


def section(text: str, heading: str) -> str:
    """The text below one second-level heading, up to the next."""
    match = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert match is not None, f"README has no section {heading}"
    return match[1]


def normalised(requirement: str) -> str:
    """A distribution's name, as indexes compare names."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_imports_point_one_way() -> None:
    """Nouns know nobody, rooms never see doors, and only the top sees everything."""
    seen = set()
    for path in SOURCES:
        room = room_of(path)
        assert room in ALLOWED, f"{path.name}: a new room needs its line in ALLOWED"
        seen.add(room)
        strangers = imported_rooms(path) - ALLOWED[room]
        assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"
    assert seen == set(ALLOWED)  # a moved folder must not pass by being empty


def test_stages_use_no_clock_no_wire_and_few_libraries() -> None:
    """A stage computes on what it is given; its libraries are few and named."""
    seen = set()
    for path in (PACKAGE / "stages").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tops = {name.split(".")[0] for name in imported(tree)} - {"newsbot"}
        foreign = tops - set(sys.stdlib_module_names)
        seen |= foreign
        assert foreign <= STAGE_LIBRARIES, f"{path.name} imports {foreign}"
        assert not tops & STAGE_TABOO, f"{path.name} imports {tops & STAGE_TABOO}"
        assert "urllib.request" not in set(imported(tree)), path.name
    assert seen == STAGE_LIBRARIES


def test_the_command_line_starts_light() -> None:
    """`newsbot --help` reads every command in a fresh interpreter, and nothing heavy."""
    code = (
        "import sys, newsbot.cli as house\n"
        "said = house.cli.get_help(house.click.Context(house.cli))\n"
        "assert 'deals' in said and 'newsbot.cli.deals' in sys.modules\n"
        f"print(*[m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_files_stay_short() -> None:
    """No file of the package passes 400 lines, and no file of tests 750."""
    for files, least, most in (
        (SOURCES, 50, MAX_LINES),
        (TESTS, 10, MAX_TEST_LINES),
    ):
        assert len(files) > least
        for path in files:
            n_lines = len(path.read_text(encoding="utf-8").splitlines())
            assert n_lines <= most, f"{path.relative_to(ROOT)}: {n_lines} lines"


def test_nothing_is_called_utils() -> None:
    """What has a purpose has a name."""
    names = {path.stem for path in (*SOURCES, *TESTS)}
    assert "types" in names
    assert not names & {"utils", "util", "helpers", "common", "misc"}


def test_only_the_command_line_prints() -> None:
    """Standard output carries data, so nobody below the commands writes to it."""
    for path in SOURCES:
        name = path.relative_to(PACKAGE).as_posix()
        if room_of(path) == "cli" or name in PRINTING:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            prints = isinstance(called, ast.Name) and called.id == "print"
            assert not prints, f"{name}:{getattr(node, 'lineno', 0)} prints"
    assert all((PACKAGE / name).is_file() for name in PRINTING)


def public(body: list[ast.stmt], name: str) -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            yield f"{name}:{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{name}:{node.name}")


def test_everything_public_says_what_it_is() -> None:
    """Every module, public class, function and method has a docstring."""
    n_found = 0
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(ROOT).as_posix()
        assert ast.get_docstring(tree) or room_of(path) == "__main__", name
        for where, node in public(tree.body, name):
            assert isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            )
            n_found += 1
            assert ast.get_docstring(node), f"{where} has no docstring"
    assert n_found > 300


def test_every_test_says_the_behaviour() -> None:
    """A test's docstring is the sentence that it holds."""
    n_found = 0
    for path in TESTS:
        if not path.name.startswith("test_"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                n_found += 1
                where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                assert ast.get_docstring(node), where
    assert n_found > 100


def test_changelog_begins_with_this_version() -> None:
    """The newest entry of the changelog is the version that is installed."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    match = re.search(r"^### (\S+) \(\d{4}-\d{2}-\d{2}\)$", text, re.M)
    assert match is not None
    assert match[1] == newsbot.__version__


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_begins_with_the_two_commands(command: str) -> None:
    """Each of the two commands stands word for word, alone in its own block."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.M | re.S)
    assert [block for block in blocks if block.strip() == command] == [command + "\n"]


def test_readme_names_every_command() -> None:
    """Every command has a help text and a mention in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = section(readme, "Commands")
    found = dict(commands_of(cli))
    assert {"demo", "feeds list", "model info"} <= set(found)
    for name, command in found.items():
        assert command.help, f"newsbot {name} has no help"
        mentioned = re.search(rf"`newsbot {re.escape(name)}[ `]", table)
        assert mentioned, f"newsbot {name} is not in README's Commands"


def test_readme_draws_the_house_as_it_stands() -> None:
    """README's Architecture names every module and folder of the package."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    drawing = section(readme, "Architecture")
    names = {
        path.name + ("/" if path.is_dir() else "")
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }
    assert {"stages/", "adapters/", "app.py"} <= names
    # `stages/` must not pass for standing in `newsbot/stages/`: a word of its own.
    for name in names - {"__init__.py", "__main__.py"}:
        found = re.search(rf"(?<![\w/]){re.escape(name)}", drawing)
        assert found, f"{name} is not in README's Architecture"


def test_links_lead_somewhere() -> None:
    """Every relative link and picture of README and docs is a file that exists."""
    n_links = 0
    for paper in PAPERS:
        text = paper.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:|#", target):
                continue
            n_links += 1
            file = paper.parent / target.split("#")[0]
            assert file.exists(), f"{paper.name} links to {target}"
    assert n_links > 4


def test_constraints_pin_every_requirement() -> None:
    """What pyproject asks for, constraints.txt pins to one tested version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        normalised(requirement)
        for requirements in (project["dependencies"], *extras.values())
        for requirement in requirements
    } - {"newsbot"}
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line.strip() and not line.startswith("#")]
    assert len(pins) > len(wanted) > 10
    loose = [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.!+]+", pin)]
    assert loose == []
    assert wanted - {normalised(pin) for pin in pins} == set()


def test_prompts_are_the_ones_that_are_loaded() -> None:
    """Every prompt file is loaded by name somewhere, and every name has its file."""
    files = {path.stem for path in (ROOT / "prompts").glob("*.md")}
    loaded = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "load_prompt":
                assert isinstance(node, ast.Call)
                (name,) = node.args
                if isinstance(name, ast.Constant):
                    loaded.add(name.value)
    assert files
    assert loaded == files
