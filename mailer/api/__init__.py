"""What other programs may ask and do, under /api/: by key, in JSON, without session or cookie."""
