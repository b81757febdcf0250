"""Looks for a request that the edge answers wrongly: `make fuzz` on a platform of its own, and a little of it in each test run.

Three ways: `documented` tries everything that the OpenAPI document says, `hostile` sends what no document foresees, and `people`
use the platform as it is meant, many at once, with a broken request now and then.
"""
