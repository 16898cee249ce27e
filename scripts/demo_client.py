"""What `make demo` does with a running server: an administrator, the sample acts, questions, a recorded call.

Everything but the first account and its key goes through the HTTP API, as any other system would use it.
"""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from core.errors import NotFound, QorganError
from core.security.office import SecurityOffice, build_office
from core.security.passwords import random_password
from core.security.permissions import Role
from core.settings import Settings
from core.storage.database import Database

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
LOGIN = "admin"
ACTOR = "demo"
_JOB_PATIENCE_S = 600.0
_KEY_LIFE_DAYS = 1 / 24
_BESIDE_LENGTH = 160  # characters shown of a quote that is not the answer itself
LANGUAGES = {"ru": "Russian", "kk": "Kazakh"}
VERIFIED = {
    "exact": "checked: stands in the act letter for letter",
    "normalised": "checked: stands in the act, but for spaces, hyphenation and case",
}

CASE = {
    "title": "Демонстрация: пожар жилого дома",
    "occurred_on": "2026-01-12",
    "facts": {"object": "14.4", "heating": "stove", "place_of_origin": "Чердак"},
}
"""A made-up fire, as little as is known of it at first."""

console = Console(soft_wrap=True)


@dataclass(frozen=True)
class Asked:
    """A question of the demonstration and what it is to show."""

    shows: str
    question: str
    answered: bool
    as_of: str | None = None


QUESTIONS = (
    Asked("a question in Russian", "Какой ширины в свету должен быть эвакуационный выход из зала на 80 человек?", True),
    Asked(
        "the same, as of 1 March 2024: an earlier redaction was in force",
        "Какой ширины в свету должен быть эвакуационный выход из зала на 80 человек?",
        True,
        "2024-03-01",
    ),
    Asked(
        "a question in Kazakh", "Құлақтандыру жүйесінің жұмысқа қабілеттілігі қанша уақытта бір рет тексеріледі?", True
    ),
    Asked("a clause by its number", "Процитируй пункт 20 ДЕМО-1", True),
    Asked(
        "a question in English about a text in Russian and Kazakh",
        "How wide must the common corridor be if more than 50 people leave through it?",
        True,
    ),
    Asked(
        "an answer that stands in a table",
        "Какой штраф в МРП у субъекта среднего предпринимательства за повторное нарушение требований "
        "пожарной безопасности?",
        True,
    ),
    Asked(
        "not in the loaded norms: no answer is better than a wrong one",
        "Сколько пожарных поездов должно стоять на железнодорожной станции?",
        False,
    ),
)


def main(url: str) -> int:
    """Run the demonstration; returns the exit code."""
    settings = Settings()
    database = Database(settings.database_url)
    try:
        office = build_office(settings, database)
        make_administrator(office)
        with demo_key(office) as key, httpx.Client(base_url=url, timeout=60) as client:
            client.headers["Authorization"] = f"Bearer {key}"
            load_acts(client)
            console.print(f"\n[bold]Asking {len(QUESTIONS)} questions through the API[/]")
            surprises = sum(not ask(client, number, asked) for number, asked in enumerate(QUESTIONS, start=1))
            show_call(client)
            show_case(client)
    except QorganError as error:
        console.print(f"[red]{escape(error.detail)}[/] {escape(error.advice)}")
        return 1
    except (httpx.HTTPError, TimeoutError, RuntimeError) as error:
        console.print(f"[red]{escape(str(error))}[/]")
        return 1
    finally:
        database.close()
    answered = sum(asked.answered for asked in QUESTIONS)
    if surprises:
        console.print(f"\n[yellow]{surprises} of {len(QUESTIONS)} questions had an outcome other than expected.[/]")
        console.print("That is no fault where other acts are loaded beside the samples.")
    else:
        console.print(
            f"\n{answered} questions answered with checked quotes, {len(QUESTIONS) - answered} refused:", end=" "
        )
        console.print("as expected")
    return 0


def make_administrator(office: SecurityOffice) -> None:
    """Make the first administrator, print the password: the only time it is known."""
    try:
        office.accounts.find(LOGIN)
    except NotFound:
        password = random_password()
        account = office.accounts.add(LOGIN, password, Role.ADMINISTRATOR, display_name="Administrator")
        office.audit.append(actor=ACTOR, action="account.add", subject=account.id, detail={"role": account.role})
        console.print(f"\n[bold]Administrator[/]: login [bold]{LOGIN}[/], password [bold]{escape(password)}[/]")
        console.print("The password is shown this once; it is stored only as a hash.")
    else:
        console.print(f"\nThe administrator [bold]{LOGIN}[/] is here already; the password was shown when it was made.")
        console.print(f"For a new one: .venv/bin/qorgan accounts password {LOGIN} --random-password", highlight=False)


@contextmanager
def demo_key(office: SecurityOffice) -> Iterator[str]:
    """Give an API key for the length of the demonstration."""
    secret, key = office.keys.create("make demo", Role.ADMINISTRATOR, days=_KEY_LIFE_DAYS)
    office.audit.append(actor=ACTOR, action="key.create", subject=key.id, detail={"role": Role.ADMINISTRATOR})
    try:
        yield secret
    finally:
        office.keys.revoke(key.id)
        office.audit.append(actor=ACTOR, action="key.revoke", subject=key.id)


def load_acts(client: httpx.Client) -> None:
    """Send the sample acts with their sidecars and wait until each is loaded."""
    lines = (SAMPLES / "acts" / "acts.jsonl").read_text("utf-8").splitlines()
    sidecars: list[dict[str, Any]] = [json.loads(line) for line in lines]
    console.print(f"\n[bold]Loading {len(sidecars)} sample files[/] (demonstration acts, not law)")
    with Progress(console=console, transient=True) as progress:
        for sidecar in progress.track(sidecars):
            content = (SAMPLES / "acts" / sidecar["file"]).read_bytes()
            row = json.dumps(sidecar, ensure_ascii=False)
            # Repeating the demonstration gives the same key, hence the same job: nothing is loaded twice.
            key = hashlib.sha256(content + row.encode()).hexdigest()
            accepted = checked(
                client.post(
                    "/v1/acts",
                    files={"file": (sidecar["file"], content)},
                    data={"sidecar": row},
                    headers={"Idempotency-Key": key},
                )
            )
            job = wait_for(client, accepted["url"])
            progress.console.print(f"  {sidecar['file']}: {outcome_of(sidecar, job)}", highlight=False)


def wait_for(client: httpx.Client, job_url: str) -> dict[str, Any]:
    """Return the job once it is done. Raises `RuntimeError` when it failed, `TimeoutError` when it takes too long."""
    deadline = time.monotonic() + _JOB_PATIENCE_S
    while time.monotonic() < deadline:
        job = checked(client.get(job_url))
        if job["state"] == "done":
            return job
        if job["state"] == "failed":
            problem = job["error"] or {}
            raise RuntimeError(f"{job.get('name', job_url)} failed: {problem.get('detail', 'no reason given')}")
        time.sleep(0.2)
    raise TimeoutError(f"{job_url} is not done after {_JOB_PATIENCE_S:.0f} s")


def outcome_of(sidecar: dict[str, Any], job: dict[str, Any]) -> str:
    """Return what a load gave, in words, from the act's sidecar and the report of the load."""
    until = f" until {sidecar['valid_to']}" if sidecar["valid_to"] else ""
    line = f"{sidecar['number']}, in force from {sidecar['valid_from']}{until}"
    report = (job["result"] or {}).get("report")
    if not report:
        return f"{line}: loaded"
    clauses = {language: sum(levels.values()) for language, levels in report["clauses"].items()}
    counted = " and ".join(f"{n} {LANGUAGES.get(language, language)}" for language, n in sorted(clauses.items()))
    line += f": {counted} clauses, {report['twins_tied']} pairs of both languages tied to each other"
    line += f"; {report['share_in_clauses']:.0%} of the text is in clauses"
    doubts = len(report["missing_numbers"]) + len(report["duplicates"]) + len(report["warnings"])
    return line + (f"; {doubts} doubts, to be seen on the act's page" if doubts else "")


def ask(client: httpx.Client, number: int, asked: Asked) -> bool:
    """Ask one question and print what came; tells whether it was answered or refused as expected."""
    body = {"question": asked.question} | ({"as_of": asked.as_of} if asked.as_of else {})
    started = time.perf_counter()
    answer = checked(client.post("/v1/assistant/answers", json=body))
    took_ms = (time.perf_counter() - started) * 1000
    console.print(f"\n[bold]{number}. {escape(asked.shows)}[/]  [dim]{took_ms:.0f} ms[/]", highlight=False)
    console.print(f"[cyan]{escape(asked.question)}[/]", highlight=False)
    if answer["status"] == "abstained":
        console.print(f"   [yellow]no answer ({answer['abstention']})[/]: {escape(answer['message'])}", highlight=False)
    for warning in answer["warnings"]:
        console.print(f"   [yellow]note[/]: {escape(warning)}", highlight=False)
    citations = [citation for claim in answer["claims"] for citation in claim["citations"]] or answer["nearest"]
    for place, citation in enumerate(citations):
        print_citation(citation, whole=place == 0 and answer["status"] == "answered")
    expected = (answer["status"] == "answered") is asked.answered
    if not expected:
        console.print(f"   [red]expected: {'an answer' if asked.answered else 'no answer'}[/]")
    return expected


def print_citation(citation: dict[str, Any], *, whole: bool) -> None:
    """Print a quote and where it stands; what only stands beside the answer is cut short, and the cut is marked."""
    quote = citation["quote"]
    if not whole and len(quote) > _BESIDE_LENGTH:
        quote = quote[:_BESIDE_LENGTH].rsplit(" ", 1)[0] + " […]"
    since = f", redaction of {citation['valid_from']}" if citation["valid_from"] else ""
    place = f"{citation['act_number']}, {citation['clause_label']}{since}"
    console.print(f"   «{escape(quote)}»", highlight=False)
    console.print(f"     [green]{escape(place)}[/]  [dim]{VERIFIED[citation['verified']]}[/]", highlight=False)


def show_call(client: httpx.Client) -> None:
    """Send the sample call, wait until it is transcribed, print what was said and the card."""
    path = SAMPLES / "calls" / "barn-fire.ogg"
    console.print("\n[bold]Transcribing a recorded call[/] (synthetic voices; nothing in it happened)")
    content = path.read_bytes()
    headers = {"Idempotency-Key": hashlib.sha256(content).hexdigest()}
    accepted = checked(client.post("/v1/calls", files={"file": (path.name, content)}, headers=headers))
    with console.status("listening"):
        wait_for(client, accepted["job_url"])
    call = checked(client.get(accepted["url"]))
    for segment in call["segments"]:
        console.print(
            f"   {segment['start_s']:4.0f} s  {segment['leg']:<8}  {escape(segment['text'])}", highlight=False
        )
    said = {tag["label"] for tag in call["tags"] if tag["asserted"]}
    console.print(f"   noticed: [yellow]{escape(', '.join(sorted(said)) or 'nothing')}[/]", highlight=False)
    console.print("   [bold]card[/], a suggestion with its evidence:")
    for field in call["card"]["fields"]:
        value = ", ".join(field["value"]) if isinstance(field["value"], list) else field["value"]
        words = f"«{field['evidence'][0]['text']}»" if field["evidence"] else ""
        console.print(
            f"     {field['name']:<18} [green]{escape(str(value))}[/]",
            f"[dim]{field['confidence']:.0%} {escape(words)}[/]",
            highlight=False,
        )
    missing = ", ".join(question["id"] for question in call["missing"])
    console.print(f"   not asked yet: {escape(missing or 'nothing')}", highlight=False)


def show_case(client: httpx.Client) -> None:
    """Load made-up fires, learn from them, enter a case and print what is suggested for it."""
    folder = SAMPLES / "cases"
    console.print("\n[bold]Suggesting causes of a fire[/] (learnt from made-up fires: a demonstration)")
    content, mapping = (folder / "fires.csv").read_bytes(), (folder / "mapping.yaml").read_text("utf-8")
    headers = {"Idempotency-Key": hashlib.sha256(content + mapping.encode()).hexdigest()}
    files = {"file": ("fires.csv", content)}
    sent = checked(client.post("/v1/cases", files=files, data={"mapping": mapping}, headers=headers))
    report = wait_for(client, sent["url"])["report"]
    console.print(f"   {report['cases']} cases of {report['rows']} rows; doubts: {report['issues']}", highlight=False)
    train_causes()
    kept = checked(client.get("/v1/cases", params={"state": "open", "limit": 200}))["items"]
    before = next((case for case in kept if case["title"] == CASE["title"]), None)
    case = before or checked(client.post("/v1/cases", json=CASE))
    found = checked(client.post(f"/v1/cases/{case['id']}/causes"))
    if found["message"]:
        console.print(f"   [yellow]{escape(found['message'])}[/]", highlight=False)
    for one in found["hypotheses"][:3]:
        said = ", ".join(f"{a['name']}: {a['shown']}" for a in one["arguments_for"][:2])
        line = f"{one['probability']:.0%} (usually {one['base_rate']:.0%}) {one['name']}"
        console.print(f"   [green]{escape(line)}[/] [dim]{escape(said)}[/]", highlight=False)
    for check in found["next_checks"][:3]:
        console.print(f"   next, {check['gain_bits']:.2f} bits: {escape(check['text'])}", highlight=False)
    console.print(f"   the case's page: {client.base_url}/cases/{case['id']}", highlight=False)


def train_causes() -> None:
    """Train the model of causes from the command line; says so where it learnt from these very cases before."""
    with console.status("learning from past fires"):
        done = subprocess.run(
            [sys.executable, "-c", "from api.cli import main; main()", "cases", "train", "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode == 0:
        console.print(f"   model {json.loads(done.stdout)['version']}", highlight=False)
    elif "these very cases" not in done.stderr:
        raise RuntimeError(done.stderr.strip() or "training failed")


def checked(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON of a good response; raises `RuntimeError` with what a bad one says."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.is_error or not isinstance(body, dict):
        detail = body.get("detail") if isinstance(body, dict) else response.text[:200]
        raise RuntimeError(f"{response.request.method} {response.request.url.path}: {response.status_code}: {detail}")
    return body


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
