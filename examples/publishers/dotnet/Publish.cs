// Publishes with pusher-http-dotnet.
//
// "trigger" and "batch" publish the events on standard input (JSON Lines with channel, name and data), one or ten a
// call. Without an argument: three triggers to one channel, one trigger to three channels and one batch of ten.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using PusherServer;

static class Publish
{
    const string Channel = "my-channel", EventName = "my-event";
    static readonly object Data = new { hello = "world" };

    // Text that looks like a date stays as it is.
    static readonly JsonSerializerSettings AsWritten = new JsonSerializerSettings { DateParseHandling = DateParseHandling.None };

    static async Task<int> Main(string[] arguments)
    {
        try
        {
            await Send(Connect(), arguments.FirstOrDefault());
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine($"publish: {error.Message}");
            return 1;
        }
    }

    static Pusher Connect() =>
        new Pusher(Setting("PUSHER_APP_ID"), Setting("PUSHER_KEY"), Setting("PUSHER_SECRET"), new PusherOptions
        {
            Encrypted = Setting("PUSHER_SCHEME") == "https",
            HostName = Setting("PUSHER_HOST"),
            Port = int.Parse(Setting("PUSHER_PORT")),
        });

    static Task Send(Pusher pusher, string mode)
    {
        switch (mode)
        {
            case "trigger": return TriggerEach(pusher, ReadEvents());
            case "batch": return BatchByTen(pusher, ReadEvents());
            default: return SendSamples(pusher);
        }
    }

    static IEnumerable<Event> ReadEvents()
    {
        while (Console.In.ReadLine() is string line)
        {
            var read = JsonConvert.DeserializeObject<JObject>(line, AsWritten);
            yield return new Event { Channel = (string)read["channel"], EventName = (string)read["name"], Data = read["data"] };
        }
    }

    static async Task TriggerEach(Pusher pusher, IEnumerable<Event> events)
    {
        foreach (var one in events) Check(await pusher.TriggerAsync(one.Channel, one.EventName, one.Data));
    }

    static async Task BatchByTen(Pusher pusher, IEnumerable<Event> events)
    {
        foreach (var batch in events.Chunk(10)) Check(await pusher.TriggerAsync(batch));
    }

    static async Task SendSamples(Pusher pusher)
    {
        for (var call = 0; call < 3; call++) Check(await pusher.TriggerAsync(Channel, EventName, Data));
        var channels = new[] { $"{Channel}-1", $"{Channel}-2", $"{Channel}-3" };
        Check(await pusher.TriggerAsync(channels, EventName, Data));
        var one = new Event { Channel = Channel, EventName = EventName, Data = Data };
        Check(await pusher.TriggerAsync(Enumerable.Repeat(one, 10).ToArray()));
    }

    static void Check(ITriggerResult result)
    {
        if ((int)result.StatusCode != 200) throw new Exception($"{(int)result.StatusCode} {result.Body}");
    }

    static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is string value && value != "" ? value : throw new Exception($"{name} is not set");
}
