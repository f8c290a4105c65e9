# frozen_string_literal: true

# Publishes with pusher-http-ruby.
#
# "trigger" and "batch" publish the events on standard input (JSON Lines with channel, name and data), one or ten a
# call. Without an argument: three triggers to one channel, one trigger to three channels and one batch of ten.

ENV["BUNDLE_GEMFILE"] ||= File.expand_path("Gemfile", __dir__)
require "bundler/setup"
require "json"
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

def read_events
  $stdin.each_line.lazy.map { |line| JSON.parse(line, symbolize_names: true) }
end

def trigger_each(client, events)
  events.each { |event| client.trigger(event[:channel], event[:name], event[:data]) }
end

def batch_by_ten(client, events)
  events.each_slice(10) { |batch| client.trigger_batch(batch) }
end

def publish_samples(client)
  3.times { client.trigger(CHANNEL, EVENT, DATA) }
  client.trigger((1..3).map { |number| "#{CHANNEL}-#{number}" }, EVENT, DATA)
  client.trigger_batch(Array.new(10) { { channel: CHANNEL, name: EVENT, data: DATA } })
end

def publish(client, mode)
  case mode
  when "trigger" then trigger_each(client, read_events)
  when "batch" then batch_by_ten(client, read_events)
  else publish_samples(client)
  end
end

begin
  publish(connect, ARGV.first)
rescue StandardError => e
  abort "publish: #{e.message}"
end
