"""The product's processes with kill points in them: everything else is the product's own."""
