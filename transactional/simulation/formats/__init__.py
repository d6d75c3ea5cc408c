"""What the outside's files look like, byte for byte: Adyen and Stripe reports, bank statements, the ECB's rates."""
