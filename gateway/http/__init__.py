"""HTTP as the views see it: the request, its body and their limits, routes, binding, the answer."""
