"""The OpenAPI 3.1 document, made of the contracts: their bindings, field rules, comments and error reasons."""
