"""What every stage file needs: params, records, diagnostics."""
