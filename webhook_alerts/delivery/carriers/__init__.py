"""What takes requests where no HTTP of ours goes: to the project's mail, to this machine, to other libraries."""
