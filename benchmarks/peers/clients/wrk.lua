-- One fixed request, its signed query in the URL: all of wrk's time goes into sending.
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["Content-Type"] = "application/json"
