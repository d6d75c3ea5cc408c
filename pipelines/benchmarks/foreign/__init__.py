"""Programs of others, in environments of their own: nothing here is imported by ours, and nothing here imports ours."""
