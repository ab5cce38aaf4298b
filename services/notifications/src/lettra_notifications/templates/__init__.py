"""What messages say, in French and English, by step and tone; how templates are filled in, previewed and checked."""
