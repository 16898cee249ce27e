"""The command line `qorgan`: one module per group of commands, everything heavy imported when it is needed."""


def main() -> None:
    """Run the command line."""
    from api.cli.main import run

    run()
