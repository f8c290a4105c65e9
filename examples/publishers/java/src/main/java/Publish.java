import com.pusher.rest.Pusher;
import com.pusher.rest.data.Event;
import com.pusher.rest.data.Result;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Three triggers to one channel, one trigger to three channels and one batch of ten, with pusher-http-java. */
public class Publish {
    private static final String CHANNEL = "my-channel";
    private static final String EVENT = "my-event";
    private static final Map<String, String> DATA = Map.of("hello", "world");

    public static void main(String[] args) {
        try {
            publish(connect());
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

    private static void publish(Pusher pusher) {
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
