"""Programs made from others: partial, smaller, or with a step replaced by its definition."""
