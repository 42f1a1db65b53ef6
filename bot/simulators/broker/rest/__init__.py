"""The paper broker's routes: requests in, answers in mStock's shapes out."""
