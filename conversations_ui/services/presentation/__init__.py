"""Records to view-models: what a template shows, formatted once, with every address computed."""
