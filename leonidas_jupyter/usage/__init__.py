"""What people use: tokens and cost by day and model, and the budgets that bound them."""
