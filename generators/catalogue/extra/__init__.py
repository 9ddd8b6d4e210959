"""Operations that some engines have and others do not."""
