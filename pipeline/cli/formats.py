"""`quire formats`: what can be built."""

import click


@click.command("formats", epilog="\b\nExample:\n  quire formats")
@click.option("--json", "as_json", is_flag=True, help="Print the formats as JSON.")
def command(as_json: bool) -> None:
    """List the formats that `quire build` makes."""
    import json

    from pipeline.build import formats

    known = formats()
    if as_json:
        click.echo(json.dumps(known, ensure_ascii=False, indent=2))
        return
    width = max(map(len, known))
    for name, summary in known.items():
        click.echo(f"{name.ljust(width)}  {summary}")
