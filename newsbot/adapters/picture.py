"""An SVG drawn as PNG, by resvg."""

from __future__ import annotations

from newsbot.errors import UserError

#: Pixels of the file per pixel of the drawing: sharp on dense screens and in print.
ZOOM = 2.0
#: A larger bitmap needs more than a GiB while it is drawn.
MAX_PIXELS = 100_000_000


def png_of(svg: str, width: int, height: int) -> bytes:
    """Draw an SVG as PNG, in the font that comes with the extra.

    Args:
        svg: The drawing, with colours of its own: no media query is followed.
        width: Of the drawing, in pixels.
        height: Of the drawing, in pixels.

    Returns:
        A PNG file, twice as wide and high; less where that would be too large.

    Raises:
        UserError: The extra that draws is not installed.
    """
    try:
        import font_roboto
        import resvg_py
    except ImportError as error:
        raise UserError(
            'PNG needs the extra "graph": pip install "newsbot[graph]"; '
            "or write an .svg, which needs nothing"
        ) from error
    fits = (MAX_PIXELS / max(1, width * height)) ** 0.5
    # Whole zooms keep level lines sharp; the system's fonts stand in for letters
    # that Roboto lacks.
    drawn = resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=min(ZOOM, fits),
        font_dirs=[font_roboto.font_directory],
        font_family="Roboto",
        sans_serif_family="Roboto",
    )
    return bytes(drawn)
