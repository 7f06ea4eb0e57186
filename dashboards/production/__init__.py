"""Planning of orders and sale of machine time, as the web app does them; pages and API share it."""
