"""What comes back by mail: reports of delivery, automatic answers, and what people write. Pure, bounded."""
