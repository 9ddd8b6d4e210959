"""Operations that every engine is expected to have."""
