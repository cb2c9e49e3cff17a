"""What a running receiver answers to other processes: commands on its host, gates elsewhere."""
