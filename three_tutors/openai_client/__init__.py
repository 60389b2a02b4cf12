"""Services and local servers that speak the OpenAI protocol, asked as they are.

`endpoint` asks one model (`completion` reads what comes back, `refusals` learns what a model does not take, `loopback` is the way
to this machine), and `paid_replies` keeps what was paid for. `tutor` is what every tutor can do.
`service` and `orders` have a model trained; `outputs` is what comes out of it.
"""
