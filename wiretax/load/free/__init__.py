"""Free runs: users send at Locust's own pace, without a plan.

- ``options.add_options`` and ``options.FreeRunOptions``: what to send; ``external_option``: an external queue.
- ``destination``: the endpoint, and how many messages may go there.
- ``windows.FreeRun``: the run, in windows of time; ``stages.follow_stages``: changes of the number of users.
- ``stopping.drain`` and ``stopping.on_interrupt`` end a test without cutting off calls.
"""
