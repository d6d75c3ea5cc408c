"""PSPs on a local socket: they speak the real ones' HTTP, keep their own books and go wrong when told to. They share no code with the adapters."""
