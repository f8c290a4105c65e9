// Publishes with pusher-http-go.
//
// "trigger" and "batch" publish the events on standard input (JSON Lines with channel, name and data), one or ten a
// call. Without an argument: three triggers to one channel, one trigger to three channels and one batch of ten.
package main

import (
	"encoding/json"
	"io"
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

// readEvents sends the events on standard input as they come, and closes the channel at its end.
func readEvents() <-chan pusher.Event {
	events := make(chan pusher.Event)
	go func() {
		defer close(events)
		lines := json.NewDecoder(os.Stdin)
		lines.UseNumber()
		for {
			var event pusher.Event
			if err := lines.Decode(&event); err == io.EOF {
				return
			} else if err != nil {
				log.Fatalf("publish: %v", err)
			}
			events <- event
		}
	}()
	return events
}

func triggerEach(client *pusher.Client, events <-chan pusher.Event) error {
	for event := range events {
		if err := client.Trigger(event.Channel, event.Name, event.Data); err != nil {
			return err
		}
	}
	return nil
}

func batchByTen(client *pusher.Client, events <-chan pusher.Event) error {
	var batch []pusher.Event
	for event := range events {
		batch = append(batch, event)
		if len(batch) == 10 {
			if _, err := client.TriggerBatch(batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	if len(batch) == 0 {
		return nil
	}
	_, err := client.TriggerBatch(batch)
	return err
}

func publishSamples(client *pusher.Client) error {
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

func publish(client *pusher.Client, mode string) error {
	switch mode {
	case "trigger":
		return triggerEach(client, readEvents())
	case "batch":
		return batchByTen(client, readEvents())
	default:
		return publishSamples(client)
	}
}

func main() {
	log.SetFlags(0)
	client := &pusher.Client{
		Secure: setting("PUSHER_SCHEME") == "https",
		Host:   net.JoinHostPort(setting("PUSHER_HOST"), setting("PUSHER_PORT")),
		AppID:  setting("PUSHER_APP_ID"), Key: setting("PUSHER_KEY"), Secret: setting("PUSHER_SECRET"),
	}
	mode := ""
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	if err := publish(client, mode); err != nil {
		log.Fatalf("publish: %v", err)
	}
}
