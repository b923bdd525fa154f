"""What breaks a promise: each test fails for as long as it does."""
