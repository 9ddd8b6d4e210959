"""Programs and cases as data: what is asked, how it is evaluated, and how it is written to a file."""
