"""Streams that break off in the middle and are carried on by another provider, as one answer to the client."""

import json

import pytest
from support import ledger
from support.gateway import metric
