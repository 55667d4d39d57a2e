"""`quire completion`: the script that teaches a shell to complete quire's words."""

import click


@click.command("completion", epilog='\b\nExample, for bash, in ~/.bashrc:\n  eval "$(quire completion bash)"')
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(ctx.find_root().command, {}, "quire", "_QUIRE_COMPLETE").source())
