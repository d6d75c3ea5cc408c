"""Any two tables through the same engine, without a database: a map says what their columns mean. For `countroom reconcile --left --right`."""
