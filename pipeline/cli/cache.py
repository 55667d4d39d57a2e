"""`quire cache`: how much is kept, and how to keep less."""

import click

from pipeline.cli._session import Session, size


@click.command("cache", epilog="\b\nExamples:\n  quire cache\n  quire cache --prune\n  quire cache --prune --limit 0")
@click.option("--prune", is_flag=True, help="Remove what was used longest ago, until the rest fits.")
@click.option("--limit", metavar="MB", type=click.IntRange(0), default=512, show_default=True, help="What fits.")
@click.pass_obj
def command(session: Session, prune: bool, limit: int) -> None:
    """Show the size of the cache of typeset work, or prune it; a build prunes it by itself."""
    from pipeline.cache import Cache

    cache = Cache(session.project.state / "cache")
    if prune:
        removed, freed = cache.prune(limit * 1024 * 1024)
        click.echo(f"Removed {removed} results, {size(freed)}.")
    click.echo(f"{session.project.relative(cache.folder)}: {size(cache.size())}.")
