"""The HighLevel (LeadConnector) API as plain Python: a client that can only read."""
