"""What views call: the only place that joins the client with accounts and settings."""
