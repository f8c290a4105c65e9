// Three triggers to one channel, one trigger to three channels and one batch of ten, with pusher-http-node.
"use strict"

const Pusher = require("pusher")

const channel = "my-channel"
const event = "my-event"
const data = { hello: "world" }

function setting(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

function connect() {
  return new Pusher({
    useTLS: setting("PUSHER_SCHEME") === "https",
    host: setting("PUSHER_HOST"),
    port: setting("PUSHER_PORT"),
    appId: setting("PUSHER_APP_ID"),
    key: setting("PUSHER_KEY"),
    secret: setting("PUSHER_SECRET"),
    timeout: 5000,
  })
}

async function publish(pusher) {
  for (let call = 0; call < 3; call++) await pusher.trigger(channel, event, data)
  await pusher.trigger([1, 2, 3].map((number) => `${channel}-${number}`), event, data)
  await pusher.triggerBatch(Array.from({ length: 10 }, () => ({ channel, name: event, data })))
}

async function main() {
  await publish(connect())
}

main().catch((error) => {
  // The library keeps the reason separately: the response body, or the connection's error.
  const reason = error.body || error.error || ""
  console.error(`publish: ${error.message} ${reason}`.trim())
  process.exitCode = 1
})
