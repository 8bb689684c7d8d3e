"""Static files under names that carry their content's hash, so that browsers keep them for good."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET = "css/app.css"
IMPORT = re.compile(r'^@import url\("(?P<name>[^"]+)"\);$', re.MULTILINE)


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    # Browsers resolve `import "./x.js"` without asking the server: the hash goes into the file.
    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        """Hash and compress, with the files `app.css` imports written into it: one request."""
        folder = SHEET.rpartition("/")[0]

        def text(name: str) -> str:
            source, path = paths[name]
            with source.open(path) as file:
                return str(file.read().decode())

        joined = InMemoryStorage()
        whole = IMPORT.sub(lambda found: text(f"{folder}/{found['name']}"), text(SHEET))
        joined.save(SHEET, ContentFile(whole.encode()))
        yield from super().post_process({**paths, SHEET: (joined, SHEET)}, *args, **options)
