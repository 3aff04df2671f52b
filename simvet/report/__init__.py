"""What a run says, in tables, pictures and files."""
