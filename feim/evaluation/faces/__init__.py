"""What talking faces are measured by, one file for each measure; `suite` runs them all."""
