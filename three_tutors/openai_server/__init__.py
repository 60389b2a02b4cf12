"""A server for the OpenAI fine-tuning and chat protocol that runs on this machine: `python -m three_tutors.openai_server`.

`serving` runs it on a thread (`listening` has the socket), `trainer` for as long as one job takes. `app` has the routes, `guard` who is
let in, `requests` and `errors` what comes in and how it is refused. `chat_request`, `chat`, `engine`: a chat, from its parameters to its
events; `generator_engine`: the project's generator as an engine. `fine_tuning` is everything in the server's folder: `files` and `jobs`
are routes, `job_request`, `hyperparameters`, `training_file` what they take, `objects` and `store` what is kept and how, `file_store` and
`job_store` what may happen to it. `supervisor` minds the processes; in each, `job` runs one job and `training` trains.
"""
