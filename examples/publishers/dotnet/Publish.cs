// Three triggers to one channel, one trigger to three channels and one batch of ten, with pusher-http-dotnet.
using System;
using System.Linq;
using System.Threading.Tasks;
using PusherServer;

static class Publish
{
    const string Channel = "my-channel", EventName = "my-event";
    static readonly object Data = new { hello = "world" };

    static async Task<int> Main()
    {
        try
        {
            await Send(Connect());
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

    static async Task Send(Pusher pusher)
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
