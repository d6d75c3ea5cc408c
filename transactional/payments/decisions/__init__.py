"""The log of routing decisions: written before a PSP is called, read to explain, to replay and to learn."""
