"""`qorgan serve`."""

from typing import Annotated

import typer

from api.cli.start import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; the setting server.host unless given.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; the setting server.port unless given.")] = None,
) -> None:
    """Run the server: the API, the pages and the jobs."""
    from core.telemetry.log import configure
    from knowledge_base.index.place import refuse_open_elsewhere

    settings = load_settings()
    configure(settings.telemetry)
    refuse_open_elsewhere(settings)
    import uvicorn

    from api.app import create_app
    from api.services import build_services

    uvicorn.run(
        create_app(build_services(settings, serve_live=True)),
        host=host or settings.server.host,
        port=port if port is not None else settings.server.port,
        log_config=None,  # `configure` has set the logs up
        access_log=False,  # the application's own line per request holds no addresses
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.server.trusted_proxies,
        timeout_graceful_shutdown=10,
        ws_max_size=settings.live.max_frame_bytes,
        ws_per_message_deflate=False,  # sound does not shrink by it
    )
