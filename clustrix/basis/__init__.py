"""What every room may use: doors, records without `typing`, plain values."""
