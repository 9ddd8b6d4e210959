"""Special functions, distributions, and short elementwise formulas that engines have rules for."""
