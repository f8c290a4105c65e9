# frozen_string_literal: true

# Three triggers to one channel, one trigger to three channels and one batch of ten, with pusher-http-ruby.

ENV["BUNDLE_GEMFILE"] ||= File.expand_path("Gemfile", __dir__)
require "bundler/setup"
require "pusher"

CHANNEL = "my-channel"
EVENT = "my-event"
DATA = { hello: "world" }.freeze

def setting(name)
  value = ENV.fetch(name, "")
  abort "publish: #{name} is not set" if value.empty?
  value
end

def connect
  Pusher::Client.new(
    use_tls: setting("PUSHER_SCHEME") == "https",
    host: setting("PUSHER_HOST"),
    port: Integer(setting("PUSHER_PORT")),
    app_id: setting("PUSHER_APP_ID"),
    key: setting("PUSHER_KEY"),
    secret: setting("PUSHER_SECRET")
  )
end

def publish(client)
  3.times { client.trigger(CHANNEL, EVENT, DATA) }
  client.trigger((1..3).map { |number| "#{CHANNEL}-#{number}" }, EVENT, DATA)
  client.trigger_batch(Array.new(10) { { channel: CHANNEL, name: EVENT, data: DATA } })
end

begin
  publish(connect)
rescue StandardError => e
  abort "publish: #{e.message}"
end
