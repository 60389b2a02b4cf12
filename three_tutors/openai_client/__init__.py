"""What the project asks of services that speak the OpenAI protocol, here or elsewhere.

`endpoint` asks a model for replies, at one of several `addresses` where there are more; `completion` says what counts as one,
`refusals` which arguments a model does not take, `paid_replies` keeps each reply as it comes. `tutor` is what every tutor can do, and
the tutor that is a model behind an endpoint.
`service` has the calls of fine-tuning and their faults in words, `orders` has one job done once, `outputs` is what it leaves on disk.
"""
