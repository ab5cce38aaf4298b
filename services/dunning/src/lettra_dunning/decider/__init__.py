"""What dunning decides, and what a customer is afterwards. Pure."""
