"""Writes the requests of the contract for REST clients: a Postman collection, and a file for those that read `.http`."""
