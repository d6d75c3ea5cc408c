"""`countroom reconcile` on any two tables: where they are read from and how the answer is shown. The answer itself is assets/reconciliation/standalone."""
