"""Adds wiretax to Locust's web UI: the form's check, a tab, a live page, and the reports of runs."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import orjson
from flask import Blueprint, Response, abort, jsonify, redirect, request, send_file, send_from_directory
from locust.env import Environment
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from wiretax.channels.endpoint import host_and_port
from wiretax.load.drivers.locustfiles.locust_session import LocustSession
from wiretax.load.drivers.locustfiles.locust_setup import RESULTS
from wiretax.load.web.downloads import DownloadError, Downloads
from wiretax.load.web.figures import live_figures, tab_rows
from wiretax.load.web.form.options import form_options, is_secret
from wiretax.load.web.form.page import StartForm
from wiretax.load.web.form.swarm import check_swarm
from wiretax.load.web.guard import Guard, warn_if_open
from wiretax.load.web.locust_page import LocustPage
from wiretax.load.web.reports import ReportMaker
from wiretax.load.web.templates import STATIC, template
from wiretax.load.web.token import SCRIPT, Token
from wiretax.terminal import OptionError

FILES = ("files.css", "form.css", "form.js", "live.css", "report.js")
# Modules of the live page.
MODULES = STATIC / "live"
TAB = "bytes-on-the-wire"
COLUMNS = {
    "name": "Event",
    "sent_as": "Sent as",
    "events_per_second": "Events/s",
    "sent_per_event": "Sent (B/event)",
    "received_per_event": "Received (B/event)",
    "head_per_request": "Head (B/call)",
    "overhead_factor": "Overhead (x)",
    "saving": "Saving over trigger (%)",
    "failures": "Failures",
}
# Our pages load nothing from anywhere else.
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:"
log = logging.getLogger(__name__)


class WebError(OptionError):
    """The web UI can't listen: one line that says where and why."""


def refuse_taken_port(host: str, port: int) -> None:
    """Check that the web UI can listen, before anything else is started.

    Raises:
        WebError: it can't.
    """
    try:
        places = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = places[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
            trial.listen(1)
    except OSError as error:
        why = os.strerror(error.errno or 0) if not isinstance(error, socket.gaierror) else error.strerror
        raise WebError(
            f"the web UI can't listen on {host_and_port(host or '*', port)}: {why}; choose another --web-port or "
            "--web-host"
        ) from None


def add_pages(environment: Environment, session: LocustSession) -> None:
    """Add the tab, the routes and the checks of requests. Call it before the web UI is started."""
    web_ui: Any = environment.web_ui
    options = environment.parsed_options
    assert options is not None
    base = f"{(options.web_base_path or '').rstrip('/')}/wiretax"
    reports = ReportMaker(RESULTS)
    hooks: Any = environment.events
    hooks.quit.add_listener(lambda **_: reports.close())
    warn_if_open(web_ui.host, web_ui.web_login)
    # A copied locustfile may lack the option.
    names = (getattr(options, "web_name", "") or "").split(",")
    web_ui.app.wsgi_app = Guard(web_ui.app.wsgi_app, web_ui.host, names)
    token = Token(base)
    token.require(web_ui.app)
    # Locust's form has the options in this order.
    web_ui.app.json.sort_keys = False
    _add_tab(web_ui, session, LocustPage(StartForm(environment, session), token))
    _hide_secrets(environment, web_ui)
    check_swarm(environment, session)
    web_ui.app.register_blueprint(_pages(web_ui, session, reports, token), url_prefix=base)


def _add_tab(web_ui: Any, session: LocustSession, page: LocustPage) -> None:
    arguments = web_ui.template_args
    title = "Bytes on the wire"
    structure = [{"key": key, "title": title} for key, title in COLUMNS.items()]
    arguments["extended_tabs"] = [*arguments.get("extended_tabs", []), {"title": title, "key": TAB}]
    arguments["extended_tables"] = [*arguments.get("extended_tables", []), {"key": TAB, "structure": structure}]

    arguments["extended_csv_files"] = [*arguments.get("extended_csv_files", []), *Downloads.links()]
    pages = {"locust.index": page.index, "locust.login": page.login}

    def add_rows(response: Response) -> Response:
        if request.endpoint == "locust.request_stats" and response.is_json and response.status_code == 200:
            document = orjson.loads(response.get_data())
            others = [each for each in document.get("extended_stats", []) if each["key"] != TAB]
            document["extended_stats"] = [*others, {"key": TAB, "data": tab_rows(session.live)}]
            response.set_data(orjson.dumps(document))
        elif request.endpoint in pages and response.status_code == 200 and response.mimetype == "text/html":
            response.set_data(pages[request.endpoint](response.get_data(as_text=True)))
        return response

    web_ui.app.after_request(add_rows)


def _hide_secrets(environment: Environment, web_ui: Any) -> None:
    """Fill the form with the values of the last test, without secrets, which Locust would write into the page."""
    update: Callable[[], None] = web_ui.update_template_args
    # Consent is given anew for each test.
    agreed = bool(environment.parsed_options and environment.parsed_options.yes)

    def update_without_secrets() -> None:
        update()
        # Locust's own users need a host; ours can use a mock.
        web_ui.template_args["missing_host_warning"] = False
        fields = web_ui.template_args["extra_options"]
        for name, action in form_options().items():
            chosen = "" if is_secret(action) else getattr(environment.parsed_options, name)
            fields[name]["default_value"] = agreed if name == "yes" else chosen

    web_ui.update_template_args = update_without_secrets


def _pages(web_ui: Any, session: LocustSession, reports: ReportMaker, token: Token) -> Blueprint:
    """The routes, each behind Locust's login if there is one, except for the token's, which the login needs."""
    pages = Blueprint("wiretax", __name__)
    downloads = Downloads(session)
    listing = template("files.html")

    def route(path: str, **options: Any) -> Callable[[Callable[..., Any]], None]:
        def add(view: Callable[..., Any]) -> None:
            pages.add_url_rule(path, view.__name__, web_ui.auth_required_if_enabled(view), **options)

        return add

    @pages.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.code:
            return Response(str(error), error.code, mimetype="text/plain")
        log.error("wiretax: %s failed: %s", request.path, error)
        return Response("500: internal error", 500, mimetype="text/plain")

    @pages.route(f"/{SCRIPT}")
    def token_script() -> Response:
        return _with_headers(send_from_directory(STATIC, SCRIPT))

    @pages.route("/token")
    def token_value() -> Response:
        return _with_headers(Response(token.value, mimetype="text/plain"))

    def page(file: str) -> Response:
        return _with_headers(Response(token.in_page((STATIC / file).read_text()), mimetype="text/html"))

    @route("/")
    def live() -> Response:
        return page("live.html")

    @route("/<file>")
    def part(file: str) -> Response:
        if file not in FILES:
            abort(404)
        return _with_headers(send_from_directory(STATIC, file))

    @route("/live/<file>")
    def module(file: str) -> Response:
        return _with_headers(send_from_directory(MODULES, file, mimetype="text/javascript"))

    @route("/figures")
    def figures() -> Response:
        key, since = request.args.get("key", ""), request.args.get("since", "0")
        name = request.args.get("run", "")
        found = live_figures(session, reports, key, int(since) if since.isdecimal() else 0, name)
        if found is None:
            abort(404)
        return Response(orjson.dumps(found), mimetype="application/json")

    @route("/runs/<name>/")
    def run(name: str) -> Response:
        report = reports.page(name)
        if report is not None and reports.status(name).state != "making":
            return send_file(report.resolve())
        if reports.folder(name) is None:
            abort(404)
        return page("report.html")

    @pages.errorhandler(DownloadError)
    def not_there(error: DownloadError) -> Response:
        return Response(f"{error.status}: {error}\n", error.status, mimetype="text/plain")

    @route("/files/")
    def files() -> Response:
        return _with_headers(Response(listing.render(runs=[*downloads.listed()]), mimetype="text/html"))

    @route("/files/<name>/report")
    def report_of(name: str) -> WerkzeugResponse:
        return redirect(f"../../runs/{downloads.run(name).folder.name}/")

    @route("/files/<name>/<file>")
    def file_of(name: str, file: str) -> Response:
        return downloads.file(name, file)

    @route("/runs/<name>/status")
    def status(name: str) -> Response:
        return jsonify(asdict(reports.status(name)))

    @route("/runs/<name>/make", methods=["POST"])
    def make(name: str) -> Response:
        if session.is_running:
            message = "a test is running, and making a report would slow it down; stop the test first"
            return jsonify({"state": "failed", "done": 0.0, "message": message})
        return jsonify(asdict(reports.make(name)))

    return pages


def _with_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response
