"""What known failures do on the release that is tested, and what to write into their entries."""
