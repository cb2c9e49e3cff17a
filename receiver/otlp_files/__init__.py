"""Files of export requests, in every form that Collectors write."""
