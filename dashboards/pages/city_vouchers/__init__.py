"""The pages of vouchers for cloud services."""
