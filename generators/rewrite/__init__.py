"""Programs made from other programs: parts, smaller ones, and derived operations written out."""
