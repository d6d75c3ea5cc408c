"""What commands say of a day, a close, player funds and breaks, as text in the reader's language."""
