"""HTTP as the views see it: the request and its body, routes, binding, the answer."""
