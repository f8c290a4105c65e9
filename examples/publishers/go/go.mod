module publish

go 1.19

require github.com/pusher/pusher-http-go/v5 v5.1.1
