"""Request to form to service to template, one module a page area."""
