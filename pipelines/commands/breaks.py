"""`countroom breaks`: who works on which break, what they found, and what is booked for it. One break, several, or all that a filter finds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.options import AsJson, Spoken, with_arguments_of

if TYPE_CHECKING:
    from pipelines.standing.break_work import Choice

app = typer.Typer(
    no_args_is_help=True,
    help="Work on breaks: list, show, assign, comment, explain, attach, propose, approve, reject, post, reopen; suggestions of what explains them.",
)

Name = Annotated[str, typer.Option("--as", help="Who acts: a-z, 0-9 and . _ @ -. Default: the user of this machine.")]
Words = Annotated[str, typer.Option("--words", "-m", help="For people. No personal data.")]
Why = Annotated[str | None, typer.Option("--words", "-m", help="For people. No personal data.")]
Owner = Annotated[str, typer.Option("--to", help="Who takes them.")]
Cause = Annotated[str, typer.Option(help="Why they came about, in one word: late_file, double_click, psp_error, ...")]
Evidence = Annotated[Path, typer.Option(help="The file; it is kept in the object store.", exists=True, dir_okay=False)]
Request = Annotated[str, typer.Option(help="An id of this request: given again, nothing is done twice. Default: a new one.")]


def _choice(
    breaks: Annotated[
        list[str] | None, typer.Argument(help="Ids of breaks, as `countroom breaks list` shows them. Without: what the filters find.")
    ] = None,
    psp: Annotated[str | None, typer.Option(help="Only this PSP.")] = None,
    break_class: Annotated[str | None, typer.Option("--class", help="Only this class of breaks, as missing_in_ledger.")] = None,
    currency: Annotated[str | None, typer.Option(help="Only this currency.")] = None,
    older_than: Annotated[int | None, typer.Option(help="Only those whose money moved more than so many days ago.", min=0)] = None,
    above: Annotated[str | None, typer.Option(help="Only amounts above this, in major units of the break's own currency, without sign.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only those this person has.")] = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state: open, assigned, explained, proposed, approved, ...")] = None,
) -> Choice:
    from pipelines.standing.break_work import Choice

    return Choice(tuple(breaks or ()), psp, break_class, currency, older_than, above, owner, state)


_chooses = with_arguments_of(_choice, "Choice")


@app.command("list")
@_chooses
def list_(
    choice: Choice,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that the last run no longer found.")] = False,
    as_json: AsJson = False,
    language: Spoken = "en",
) -> int:
    """Show breaks with the work on them, the most urgent first. Exit code 0: none; 1: there are some; 2: nothing has been reconciled yet."""
    from pipelines.console import answer, answer_json
    from pipelines.reports.terminal.breaks import told_breaks
    from pipelines.reports.terminal.voice import voice_of
    from pipelines.standing.break_desk import open_desk
    from transactional.settings import load_settings

    spoken = voice_of(language)
    with open_desk(load_settings()) as desk:
        rows = desk.find(choice, also_ended=ended)
        if as_json:
            answer_json({"breaks": rows})
        else:
            for line in told_breaks(rows, desk.shelf, spoken):
                answer(line)
    return 1 if rows else 0


@app.command()
def show(thread: Annotated[str, typer.Argument(help="Id of a break.")], as_json: AsJson = False, language: Spoken = "en") -> int:
    """Show one break: its items with file and line, and everything that was done about it."""
    from pipelines.console import answer, answer_json
    from pipelines.reports.terminal.breaks import told_break
    from pipelines.reports.terminal.voice import voice_of
    from pipelines.standing.break_desk import open_desk
    from transactional.settings import load_settings

    spoken = voice_of(language)
    with open_desk(load_settings()) as desk:
        if as_json:
            answer_json(desk.whole(thread))
        else:
            for line in told_break(desk.whole(thread), desk.events_of(thread), desk.shelf, spoken):
                answer(line)
    return 0


@app.command()
@_chooses
def assign(choice: Choice, to: Owner, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Give breaks to a person."""
    from transactional.reconciliation.acts import Act
    from transactional.reconciliation.work import EventKind

    return _do(choice, Act(EventKind.ASSIGNED, owner=to), actor, request, as_json, language)


@app.command()
@_chooses
def comment(choice: Choice, words: Words, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Say something about breaks."""
    from transactional.reconciliation.acts import Act
    from transactional.reconciliation.work import EventKind

    return _do(choice, Act(EventKind.COMMENTED, words=words), actor, request, as_json, language)


@app.command()
@_chooses
def explain(
    choice: Choice, cause: Cause, words: Why = None, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en"
) -> int:
    """Say why breaks came about."""
    from transactional.reconciliation.acts import Act
    from transactional.reconciliation.work import EventKind

    return _do(choice, Act(EventKind.EXPLAINED, root_cause=cause, words=words), actor, request, as_json, language)


@app.command()
@_chooses
def attach(choice: Choice, file: Evidence, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Attach a file as evidence."""
    from pipelines.standing.break_desk import keep_evidence
    from transactional.settings import load_settings

    return _do(choice, keep_evidence(file, load_settings()), actor, request, as_json, language)


@app.command()
@_chooses
def propose(
    choice: Choice,
    debit: Annotated[str, typer.Option(help="Account code; {psp} and {account} stand for the break's own, as psp_receivable:{psp}:{account}.")],
    credit: Annotated[str, typer.Option(help="Account code, likewise, as suspense:{psp}.")],
    write_off: Annotated[bool, typer.Option("--write-off", help="The money is let go. Above a limit a second role must approve it.")] = False,
    amount: Annotated[str | None, typer.Option(help="Major units of the break's currency. Default: the break's amount without its sign.")] = None,
    books: Annotated[
        str | None, typer.Option(help="The movement our books lack, as deposit or refund: the entry then takes part in matching.")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="With --books: the payment at the PSP.")] = None,
    modification: Annotated[str | None, typer.Option(help="With --books: the capture, refund or dispute at the PSP.")] = None,
    words: Why = None,
    actor: Name = "",
    request: Request = "",
    as_json: AsJson = False,
    language: Spoken = "en",
) -> int:
    """Propose an entry for breaks: an adjustment, or with --write-off a loss. Another person approves it, then it is posted."""
    from pipelines.standing.break_desk import Draft

    draft = Draft(debit, credit, write_off, amount, books, reference, modification, words)
    return _do(choice, draft, actor, request, as_json, language)


@app.command()
@_chooses
def approve(
    choice: Choice,
    large: Annotated[bool, typer.Option("--large", help="In the second role, for write-offs above the limit.")] = False,
    words: Why = None,
    actor: Name = "",
    request: Request = "",
    as_json: AsJson = False,
    language: Spoken = "en",
) -> int:
    """Approve what somebody else proposed. The database refuses the proposer."""
    from transactional.reconciliation.acts import Act
    from transactional.reconciliation.service_levels import APPROVE_LARGE
    from transactional.reconciliation.work import EventKind

    roles = frozenset({APPROVE_LARGE}) if large else frozenset[str]()
    return _do(choice, Act(EventKind.APPROVED, words=words), actor, request, as_json, language, roles)


@app.command()
@_chooses
def reject(choice: Choice, words: Words, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Reject what was proposed, or take back an approval that is not posted yet, and say why."""
    from transactional.reconciliation.acts import Act
    from transactional.reconciliation.work import EventKind

    return _do(choice, Act(EventKind.REJECTED, words=words), actor, request, as_json, language)


@app.command()
@_chooses
def post(choice: Choice, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Book what was approved: one entry in the ledger for each break, however often this is said."""
    return _do(choice, None, actor, request, as_json, language)


@app.command()
@_chooses
def reopen(choice: Choice, words: Words, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Work again on breaks that were booked, and say why. The entry stays; reverse it where it was wrong."""
    from transactional.reconciliation.acts import Act
    from transactional.reconciliation.work import EventKind

    return _do(choice, Act(EventKind.REOPENED, words=words), actor, request, as_json, language)


@app.command()
def suggestions(
    psp: Annotated[str | None, typer.Option(help="Only this PSP.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that were confirmed or declined.")] = False,
    as_json: AsJson = False,
    language: Spoken = "en",
) -> int:
    """Show open items that might belong together, with their rivals. Exit code 0: none; 1: there are some; 2: nothing has been reconciled yet."""
    from pipelines.console import answer, answer_json
    from pipelines.reports.terminal.breaks import told_suggestions
    from pipelines.reports.terminal.voice import voice_of
    from pipelines.standing.break_desk import open_desk
    from transactional.settings import load_settings

    spoken = voice_of(language)
    with open_desk(load_settings()) as desk:
        rows = desk.suggestions.find(psp=psp, also_decided=every)
        if as_json:
            answer_json({"suggestions": rows})
        else:
            for line in told_suggestions(rows, desk.shelf, spoken):
                answer(line)
    return 1 if rows else 0


Suggested = Annotated[list[str], typer.Argument(help="Ids of suggestions, as `countroom breaks suggestions` shows them.")]


@app.command()
def accept(names: Suggested, words: Why = None, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Say that the items of a suggestion belong together. Another person confirms it; the next run follows."""
    return _decide("accepted", names, words, actor, request, as_json, language)


@app.command()
def confirm(names: Suggested, words: Why = None, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Confirm what somebody else accepted. The database refuses who accepted it."""
    return _decide("confirmed", names, words, actor, request, as_json, language)


@app.command()
def decline(names: Suggested, words: Words, actor: Name = "", request: Request = "", as_json: AsJson = False, language: Spoken = "en") -> int:
    """Say that the items of a suggestion do not belong together, or take back what was confirmed, and say why."""
    return _decide("declined", names, words, actor, request, as_json, language)


def _decide(kind: str, names: list[str], words: str | None, actor: str, request: str, as_json: bool, language: str) -> int:
    from pipelines.standing.break_desk import open_desk
    from transactional.reconciliation.matches import MatchEventKind
    from transactional.settings import load_settings

    with open_desk(load_settings()) as desk:
        told = list(desk.suggestions.decide(MatchEventKind(kind), names, _person(actor), words, request))
    return _told(told, "suggestion", as_json, language)


def _person(actor: str) -> str:
    return actor or os.environ.get("USER", "").lower() or "somebody"


def _do(choice: Choice, what: Any, actor: str, request: str, as_json: bool, language: str, roles: frozenset[str] = frozenset()) -> int:
    """Do it to each chosen break, each in its own transaction. Exit code 0: done; 1: some were refused (they are named)."""
    from pipelines.standing.break_desk import open_desk
    from transactional.reconciliation.service import Person
    from transactional.settings import load_settings
    from transactional.vocabulary.errors import InputRejected

    if choice.says_nothing:
        raise InputRejected("say which breaks: ids, or a filter such as --psp, --class or --state open", code="missing_argument")
    with open_desk(load_settings()) as desk:
        told = list(desk.do(choice, what, Person(_person(actor), roles), request))
    return _told(told, "thread", as_json, language)


def _told(outcomes: list[dict[str, Any]], what: str, as_json: bool, language: str) -> int:
    from pipelines.console import answer, answer_json
    from pipelines.reports.terminal.breaks import told_outcome
    from pipelines.reports.terminal.voice import voice_of

    spoken = voice_of(language)
    if as_json:
        answer_json({"breaks" if what == "thread" else "suggestions": outcomes})
    else:
        for outcome in outcomes:
            answer(told_outcome(outcome, outcome[f"{what}_id"], "work" if what == "thread" else "suggestion", spoken))
    return 1 if any(outcome["refused"] for outcome in outcomes) else 0
