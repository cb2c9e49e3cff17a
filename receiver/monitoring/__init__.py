"""What a receiver tells about itself: metrics, health and log lines."""
