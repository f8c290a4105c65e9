// Three triggers to one channel, one trigger to three channels and one batch of ten, with pusher-http-go.
package main

import (
	"log"
	"net"
	"os"

	"github.com/pusher/pusher-http-go/v5"
)

const channel, event = "my-channel", "my-event"

func setting(name string) string {
	value := os.Getenv(name)
	if value == "" {
		log.Fatalf("publish: %s is not set", name)
	}
	return value
}

func publish(client *pusher.Client) error {
	data := map[string]string{"hello": "world"}
	for call := 0; call < 3; call++ {
		if err := client.Trigger(channel, event, data); err != nil {
			return err
		}
	}
	if err := client.TriggerMulti([]string{channel + "-1", channel + "-2", channel + "-3"}, event, data); err != nil {
		return err
	}
	batch := make([]pusher.Event, 10)
	for i := range batch {
		batch[i] = pusher.Event{Channel: channel, Name: event, Data: data}
	}
	_, err := client.TriggerBatch(batch)
	return err
}

func main() {
	log.SetFlags(0)
	client := &pusher.Client{
		Secure: setting("PUSHER_SCHEME") == "https",
		Host:   net.JoinHostPort(setting("PUSHER_HOST"), setting("PUSHER_PORT")),
		AppID:  setting("PUSHER_APP_ID"), Key: setting("PUSHER_KEY"), Secret: setting("PUSHER_SECRET"),
	}
	if err := publish(client); err != nil {
		log.Fatalf("publish: %v", err)
	}
}
