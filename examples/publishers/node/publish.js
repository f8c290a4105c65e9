// Publishes with pusher-http-node.
//
// "trigger" and "batch" publish the events on standard input (JSON Lines with channel, name and data), one or ten a
// call. Without an argument: three triggers to one channel, one trigger to three channels and one batch of ten.
"use strict"

const readline = require("readline")
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

async function* readEvents() {
  for await (const line of readline.createInterface({ input: process.stdin })) yield JSON.parse(line)
}

async function triggerEach(pusher, events) {
  for await (const { channel, name, data } of events) await pusher.trigger(channel, name, data)
}

async function batchByTen(pusher, events) {
  let batch = []
  for await (const event of events) {
    batch.push(event)
    if (batch.length < 10) continue
    await pusher.triggerBatch(batch)
    batch = []
  }
  if (batch.length > 0) await pusher.triggerBatch(batch)
}

async function publishSamples(pusher) {
  for (let call = 0; call < 3; call++) await pusher.trigger(channel, event, data)
  await pusher.trigger([1, 2, 3].map((number) => `${channel}-${number}`), event, data)
  await pusher.triggerBatch(Array.from({ length: 10 }, () => ({ channel, name: event, data })))
}

async function main(mode) {
  const pusher = connect()
  if (mode === "trigger") await triggerEach(pusher, readEvents())
  else if (mode === "batch") await batchByTen(pusher, readEvents())
  else await publishSamples(pusher)
}

main(process.argv[2]).catch((error) => {
  // The library keeps the reason separately: the response body, or the connection's error.
  const reason = error.body || error.error || ""
  console.error(`publish: ${error.message} ${reason}`.trim())
  process.exitCode = 1
})
