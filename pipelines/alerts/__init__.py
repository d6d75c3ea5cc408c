"""How an alert reaches people: by webhook or e-mail, kept until it did."""
