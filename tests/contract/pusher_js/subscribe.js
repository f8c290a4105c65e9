// Subscribes with the real pusher-js, and prints what it gets: a line of JSON for each thing that happens.
// Arguments: the folder of its node_modules, and the server, app and channels as JSON.
const { createHash, createHmac } = require("crypto");
const { createRequire } = require("module");
const [folder, given] = process.argv.slice(2);
const { host, port, key, secret, masterKey, channels } = JSON.parse(given);
const load = createRequire(folder + "/");
const Pusher = load("pusher-js");

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const authorize = ({ socketId, channelName }, done) => {
  const data = channelName.startsWith("presence-") ? JSON.stringify({ user_id: "node" }) : null;
  const signed = [socketId, channelName, ...(data ? [data] : [])].join(":");
  const answer = { auth: key + ":" + createHmac("sha256", secret).update(signed).digest("hex") };
  if (data) answer.channel_data = data;
  if (channelName.startsWith("private-encrypted-")) {
    const hash = createHash("sha256").update(channelName).update(Buffer.from(masterKey, "base64"));
    answer.shared_secret = hash.digest("base64");
  }
  done(null, answer);
};

const pusher = new Pusher(key, {
  cluster: "", wsHost: host, wsPort: port, wssPort: port, forceTLS: false, enabledTransports: ["ws"],
  disableStats: true, nacl: load("tweetnacl"), channelAuthorization: { customHandler: authorize },
});
pusher.connection.bind("error", (error) => say({ error }));

let missing = channels.length;
for (const name of channels) {
  const channel = pusher.subscribe(name);
  channel.bind("pusher:subscription_error", (error) => say({ error, channel: name }));
  channel.bind("pusher:subscription_succeeded", () => {
    if (!--missing) say({ ready: true });
  });
  channel.bind_global((event, data) => {
    if (!event.startsWith("pusher")) say({ channel: name, event, data });
  });
}

// Whoever started it closes its input when everything was published.
process.stdin.on("end", () => pusher.disconnect()).resume();
