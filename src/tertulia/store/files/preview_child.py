"""Makes the preview of one picture, as a process of its own: `python preview_child.py picture preview longest`.

What decodes pictures from strangers has had faults, and one picture can ask for all memory there is. Here it has bounds that the kernel
keeps, no secret in its environment, and nothing of Tertulia loaded. It prints width and height, or ends with 1 where there is no preview.
"""

import resource
import sys

MEMORY = 1024 * 1024 * 1024
SECONDS = 10
PREVIEW_BYTES = 2 * 1024 * 1024
PIXELS = 50_000_000
"""As many as large cameras have; 4 bytes each are 200 MB."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


def main(picture: str, preview: str, longest: int) -> int:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = PIXELS
    with Image.open(picture, formats=FORMATS) as opened:
        if opened.width * opened.height > PIXELS:
            return 1
        # JPEG is decoded at a part of its size, which takes a part of the time.
        opened.draft(None, (longest, longest))
        opened.seek(0)
        image = ImageOps.exif_transpose(opened)
        has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        # A new picture: nothing of what came with the old one is in it, such as where it was taken.
        clean = Image.new(image.mode, image.size)
        clean.paste(image)
        clean.save(preview, "WEBP", quality=80, method=4)
    print(clean.width, clean.height)
    return 0


def bound() -> None:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, PREVIEW_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)


if __name__ == "__main__":
    bound()
    try:
        sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
    except Exception as error:
        # Whatever a decoder raises: this picture has no preview.
        print(f"{type(error).__name__}: {error}"[:200], file=sys.stderr)
        sys.exit(1)
