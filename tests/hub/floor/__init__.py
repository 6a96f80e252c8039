"""What is counted of calls, the live board, reports, staffing."""
