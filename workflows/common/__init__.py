"""What every flow uses: a cluster, parallel steps, reports."""
