"""Static files under names that carry their content's hash, so that browsers keep them for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    # Browsers resolve `import "./x.js"` without asking the server: the hash goes into the file.
    support_js_module_import_aggregation = True
