"""`quire formats`: what can be built."""

import click


@click.command("formats", epilog="\b\nExample:\n  quire formats")
@click.option("--json", "as_json", is_flag=True, help="Print the formats as JSON.")
def command(as_json: bool) -> None:
    """List the formats that `quire build` makes, each with its editions; the first is the usual one."""
    import json

    from pipeline.catalog import editions, formats

    known = formats()
    if as_json:
        rows = {name: {"summary": summary, "editions": editions(name)} for name, summary in known.items()}
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    lines = [
        line
        for name, summary in known.items()
        for line in ((name, summary), *((f"  {edition}", words) for edition, words in editions(name).items()))
    ]
    width = max(len(name) for name, _ in lines)
    for name, summary in lines:
        click.echo(f"{name.ljust(width)}  {summary}")
