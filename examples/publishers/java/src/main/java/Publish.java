import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.pusher.rest.Pusher;
import com.pusher.rest.data.Event;
import com.pusher.rest.data.Result;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Publishes with pusher-http-java.
 *
 * <p>"trigger" and "batch" publish the events on standard input (JSON Lines with channel, name and data), one or ten a
 * call. Without an argument: three triggers to one channel, one trigger to three channels and one batch of ten.
 */
public class Publish {
    private static final String CHANNEL = "my-channel";
    private static final String EVENT = "my-event";
    private static final Map<String, String> DATA = Map.of("hello", "world");

    public static void main(String[] args) {
        try {
            publish(connect(), args.length == 0 ? "" : args[0]);
        } catch (RuntimeException error) {
            System.err.println("publish: " + error.getMessage());
            System.exit(1);
        }
    }

    private static Pusher connect() {
        Pusher pusher = new Pusher(setting("PUSHER_APP_ID"), setting("PUSHER_KEY"), setting("PUSHER_SECRET"));
        pusher.setHost(setting("PUSHER_HOST") + ":" + setting("PUSHER_PORT"));
        pusher.setEncrypted(setting("PUSHER_SCHEME").equals("https"));
        return pusher;
    }

    private static void publish(Pusher pusher, String mode) {
        switch (mode) {
            case "trigger":
                triggerEach(pusher, readEvents());
                break;
            case "batch":
                batchByTen(pusher, readEvents());
                break;
            default:
                publishSamples(pusher);
        }
    }

    private static Iterator<Event> readEvents() {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Gson gson = new Gson();
        return lines.lines().map(line -> gson.fromJson(line, JsonObject.class)).map(Publish::event).iterator();
    }

    private static Event event(JsonObject read) {
        return new Event(read.get("channel").getAsString(), read.get("name").getAsString(), read.get("data"));
    }

    private static void triggerEach(Pusher pusher, Iterator<Event> events) {
        while (events.hasNext()) {
            Event event = events.next();
            check(pusher.trigger(event.getChannel(), event.getName(), event.getData()));
        }
    }

    private static void batchByTen(Pusher pusher, Iterator<Event> events) {
        List<Event> batch = new ArrayList<>();
        while (events.hasNext()) {
            batch.add(events.next());
            if (batch.size() == 10 || !events.hasNext()) {
                check(pusher.trigger(batch));
                batch = new ArrayList<>();
            }
        }
    }

    private static void publishSamples(Pusher pusher) {
        for (int call = 0; call < 3; call++) {
            check(pusher.trigger(CHANNEL, EVENT, DATA));
        }
        check(pusher.trigger(List.of(CHANNEL + "-1", CHANNEL + "-2", CHANNEL + "-3"), EVENT, DATA));
        check(pusher.trigger(Collections.nCopies(10, new Event(CHANNEL, EVENT, DATA))));
    }

    private static void check(Result result) {
        if (result.getStatus() != Result.Status.SUCCESS) {
            throw new IllegalStateException(result.getStatus() + " " + result.getMessage());
        }
    }

    private static String setting(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) throw new IllegalStateException(name + " is not set");
        return value;
    }
}
