"""Programs made from other programs: partial, smaller, or with a step replaced by its definition."""
