"""Running at Locust's own pace.

``add_options`` and ``FreeRunOptions`` (what is sent), ``FreeRun`` (windows of time), ``drain`` and
``on_interrupt`` (how a test ends without cutting a call off).
"""
