"""The pages' routes. Like every route each names its permission."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api.access import SESSION_COOKIE, Needs, ServicesDep, client_address, principal_of, refuse_other_sites
from api.asking import Question, ask
from api.middleware import safe_local_path
from api.pages.answering import answer_values
from api.pages.render import LANGUAGE_COOKIE, is_fragment, messages_for, page
from api.pages.source import marked_parts, title_in
from api.problems import Problem
from api.reading import clause_in_context
from api.routers.auth import set_session_cookie
from api.routers.norms import acts_with_redactions
from core.errors import InvalidInput, NotAuthenticated, NotFound, QorganError, TooManyRequests
from core.languages import Language
from core.records import CONTAINERS, Level
from core.security.permissions import Permission
from core.security.principal import Principal
from core.telemetry import metrics

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_STATIC = Path(__file__).parent / "static"
_Asker = Annotated[Principal, Depends(Needs(Permission.ASK))]
_Reader = Annotated[Principal, Depends(Needs(Permission.READ_NORMS))]


def mount_static(app: FastAPI) -> None:
    """Serve style sheets, scripts and pictures."""
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")


@router.get("/login")
async def login_page(request: Request, next: str = "/") -> Response:  # noqa: A002 (the name in the address)
    """Show the form, or go on when a session is open."""
    try:
        known = await principal_of(request)
    except NotAuthenticated:
        known = None
    if known is not None:
        return RedirectResponse(safe_local_path(next), 303)
    return page(request, "login.html", None, {"next": safe_local_path(next), "failed": ""})


@router.post("/login", dependencies=[Depends(refuse_other_sites)])
def log_in(
    request: Request,
    services: ServicesDep,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form()] = "/",  # noqa: A002 (the name of the field)
) -> Response:
    """Open a session and go where the person wanted to go."""
    target = safe_local_path(next)
    try:
        started = services.security.log_in(login, password, client_address(request))
    except (NotAuthenticated, TooManyRequests) as error:
        metrics.LOGINS.labels(error.code).inc()
        failed = "login.too_many" if isinstance(error, TooManyRequests) else "login.failed"
        return page(request, "login.html", None, {"next": target, "failed": failed}, status=error.http_status)
    metrics.LOGINS.labels("ok").inc()
    response = RedirectResponse(target, 303)
    set_session_cookie(response, services.settings, started)
    return response


@router.post("/logout")
def log_out(request: Request, services: ServicesDep, principal: Annotated[Principal, Depends(Needs(None))]) -> Response:
    """Close the session."""
    services.security.log_out(request.cookies.get(SESSION_COOKIE, ""), principal)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.get("/language/{code}")
def choose_language(code: Language, next: str = "/") -> Response:  # noqa: A002 (the name in the address)
    """Remember the language of the pages."""
    response = RedirectResponse(safe_local_path(next), 303)
    response.set_cookie(LANGUAGE_COOKIE, code.value, max_age=31_536_000, samesite="strict")
    return response


@router.get("/")
def ask_page(request: Request, services: ServicesDep, principal: _Asker) -> Response:
    """Show the question box."""
    frame = _asking(services.settings.search.max_question_chars)
    return page(request, "ask.html", principal, {**frame, "answer": None})


@router.post("/ask")
def answer_page(
    request: Request,
    services: ServicesDep,
    principal: _Asker,
    question: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
    as_of: Annotated[str, Form()] = "",
) -> Response:
    """Answer; a script gets the answer alone, a browser without one gets the whole page."""
    asked = Question(question, _language(language), _day(as_of))
    values = answer_values(services, question.strip(), ask(services, principal.actor, asked))
    if is_fragment(request):
        return page(request, "answer.html", principal, values)
    frame = _asking(services.settings.search.max_question_chars, language, as_of)
    return page(request, "ask.html", principal, {**frame, **values})


def _asking(max_chars: int, language: str = "", as_of: str = "") -> dict[str, object]:
    today = datetime.now(UTC).astimezone().date().isoformat()
    return {
        "section": "ask",
        "max_question_chars": max_chars,
        "question": "",
        "chosen_language": language,
        "as_of": as_of or today,
    }


def _language(given: str) -> Language | None:
    try:
        return Language(given) if given else None
    except ValueError:
        raise InvalidInput("the language is not one of ru, kk, en", advice="choose it from the list") from None


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise InvalidInput("the date is malformed", advice="write it as YYYY-MM-DD") from None


@router.get("/acts/{act_id}/clauses/{clause_id}")
def source_page(
    request: Request,
    act_id: str,
    clause_id: str,
    services: ServicesDep,
    principal: _Reader,
    start: Annotated[int | None, Query(ge=0)] = None,
    end: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Show a clause in its place, the quote marked."""
    found = clause_in_context(services, clause_id)
    if found.clause.act_id != act_id:
        return RedirectResponse(f"/acts/{found.clause.act_id}/clauses/{quote(clause_id)}", 303)
    span = {"start": start, "end": end} if start is not None and end is not None else {}
    row = found.clause.level is Level.ROW and bool(found.clause.cells)
    values = {
        "section": "acts",
        "act": found.act,
        "act_title": title_in(found.act, found.clause.language)[0] or found.act.number,
        "clause": found.clause,
        "redaction": found.redaction,
        "redactions": found.redactions,
        "redaction_current": found.redaction.in_force_on(datetime.now(UTC).astimezone().date()),
        "before": found.before,
        "after": found.after,
        "rows": [*found.before, found.clause, *found.after] if row else [],
        "table": found.table,
        "twin": found.twin,
        "parts": marked_parts(found.whole, found.clause, start, end),
        "containers": CONTAINERS,
        "permalink": request.url.path + (f"?{urlencode(span)}" if span else ""),
    }
    return page(request, "source.html", principal, values)


@router.get("/acts")
def acts_page(request: Request, services: ServicesDep, principal: _Reader) -> Response:
    """List the acts; administrators can load one here."""
    t = messages_for(request)
    items = []
    for act, redactions in acts_with_redactions(services):
        title, language = title_in(act, t.language)
        find = " ".join([act.number, *act.titles.values(), *act.aliases]).lower()
        items.append({"act": act, "redactions": redactions, "title": title, "language": language, "find": find})
    max_size = f"{services.settings.uploads.max_bytes / 2**20:.3g}"
    return page(request, "acts.html", principal, {"section": "acts", "acts": items, "max_size": max_size})


@router.get("/acts/{act_id}")
def act_page(request: Request, act_id: str, services: ServicesDep, _: _Reader) -> Response:
    """Open the newest redaction of an act at its beginning, in the language of the pages where it has one."""
    redactions = services.acts.redactions(act_id)
    if not redactions:
        raise NotFound("no such act, or none of its redactions is loaded", advice="find the act in the list")
    languages = redactions[-1].languages
    wanted = messages_for(request).language
    clauses = services.acts.clauses(redactions[-1].id, wanted if wanted in languages else languages[0])
    if not clauses:
        raise NotFound("the act has no clauses", advice="load its text again")
    return RedirectResponse(f"/acts/{act_id}/clauses/{clauses[0].id}", 303)


@router.get("/redactions/{redaction_id}/report")
def report_page(
    request: Request,
    redaction_id: str,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.READ_REPORTS))],
) -> Response:
    """Show what a load found and left out."""
    act = services.acts.act(services.acts.redaction(redaction_id).act_id)
    report = services.acts.report(redaction_id)
    title = title_in(act, messages_for(request).language)[0]
    return page(request, "report.html", principal, {"section": "acts", "act": act, "title": title, "report": report})


async def error_page(request: Request, problem: Problem) -> Response | None:
    """Return the page of a problem, `None` where JSON is wanted: under /v1, and for callers that are not browsers."""
    if request.url.path.startswith("/v1/") or "text/html" not in request.headers.get("accept", ""):
        return None
    fragment = is_fragment(request)
    if problem.status == 401 and not fragment:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(here if request.method == 'GET' else '/')}", 303)
    try:
        principal = await principal_of(request)
    except QorganError:
        principal = None
    t = messages_for(request)
    known = bool(t.get(f"error.{problem.status}", ""))
    template = "problem.html" if fragment else "error.html"
    return page(request, template, principal, {"problem": problem, "known": known}, status=problem.status)
