"""``wiretax runs``: the saved runs in a table; ``wiretax runs rm`` removes old ones."""

from __future__ import annotations

from typing import Annotated

import typer

from wiretax.commands.old_runs import remove_old
from wiretax.commands.options import RESULTS, JsonOption, ResultsOption
from wiretax.help.commands import GroupedCommand, GroupedGroup
from wiretax.terminal import Exit, fail, out, warn

# Older runs store no figures; reading those of one takes 20 to 60 ms.
MOST_READ = 25
app = typer.Typer(
    name="runs",
    help="List the saved runs, newest first, or remove old ones with: wiretax runs rm",
    cls=GroupedGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    plan: Annotated[str | None, typer.Option(help="Only runs of this plan.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Only runs with this label (repeatable: with all of them)."),
    ] = None,
    branch: Annotated[str | None, typer.Option(help="Only runs of this branch.")] = None,
    valid: Annotated[bool, typer.Option("--valid", help="Only valid runs.")] = False,
    last: Annotated[int | None, typer.Option(min=1, help="Only the newest of these.")] = None,
    as_json: JsonOption = False,
    results: ResultsOption = RESULTS,
) -> None:
    """List the saved runs, newest first, or remove old ones with: wiretax runs rm"""
    if context.invoked_subcommand is not None:
        # Else a user might think that filters apply to what is removed.
        sources = (context.get_parameter_source(name) for name in context.params)
        if any(each is not None and each.name == "COMMANDLINE" for each in sources):
            fail(
                "options of the list don't go with rm, which has its own: wiretax runs rm --help",
                Exit.USAGE,
            )
        return
    from wiretax.runs.catalogue.listing import Filters, list_runs
    from wiretax.runs.provenance.labels import LabelError, parse_label

    try:
        labels = [parse_label(each) for each in label or []]
        every, others = list_runs(results)
    except LabelError as error:
        fail(str(error), Exit.USAGE)
    except FileNotFoundError:
        fail(f"no run in {results}: there is no such folder; make a run with: wiretax run", Exit.USAGE)
    except OSError as error:
        fail(f"results folder {results}: can't be read ({error.strerror})", Exit.USAGE)
    filtered = any(each not in (None, False) for each in (plan, label or None, branch, valid, last))
    listed = Filters(plan, labels, branch, valid, last).of(every)
    figures = {run.folder: run.figures for run in listed}
    older = [folder for folder, known in figures.items() if known is None]
    if older:
        from analysis.measures.headline import read_headline  # with pandas, which takes long to load

        figures |= {folder: read_headline(folder) for folder in older[:MOST_READ]}
    if as_json:
        from analysis.documents.listed import runs_document
        from wiretax.json_output import reserve_stdout

        reserve_stdout()(runs_document([(run, figures[run.folder] or {}) for run in listed], others))
        return
    from analysis.tables.runs_table import print_runs, print_unreadable

    if listed:
        print_runs([(run, figures[run.folder] or {}) for run in listed], out)
    elif every:
        out.print(f"no run in {results} is like that, of {len(every):,}", soft_wrap=True, markup=False)
    else:
        out.print(f"no run in {results}; make one with: wiretax run", soft_wrap=True, markup=False)
    if len(older) > MOST_READ:
        warn(
            f"{len(older) - MOST_READ:,} older runs are listed without figures, which they do not store; "
            f"options like --last {MOST_READ} show those of fewer runs"
        )
    if filtered and others:
        many = len(others) > 1
        what = f"{len(others):,} folders in {results} are" if many else f"1 folder in {results} is"
        runs_, them = ("runs", "them") if many else ("run", "it")
        warn(f"{what} unreadable or no {runs_}; wiretax runs names {them}")
    elif others:
        print_unreadable(others, out)


app.command("rm", cls=GroupedCommand)(remove_old)
