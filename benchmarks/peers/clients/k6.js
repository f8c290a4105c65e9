// Publishes as k6's users would: every request signed, one connection a virtual user.
import crypto from 'k6/crypto';
import http from 'k6/http';

const { BENCH_APP_ID, BENCH_CHANNEL, BENCH_EVENT, BENCH_KEY, BENCH_SECRET, BENCH_URL } = __ENV;
const batchSize = Number(__ENV.BENCH_BATCH_SIZE);
const data = JSON.parse(__ENV.BENCH_DATA);
const path = `/apps/${BENCH_APP_ID}/${batchSize > 1 ? 'batch_events' : 'events'}`;
// Without a name of its own every signed URL would become a time series.
const params = { headers: { 'Content-Type': 'application/json' }, tags: { name: 'publish' } };
let turn = 0;

function nextData() {
  turn = (turn + 1) % data.length;
  return data[turn];
}

function document() {
  if (batchSize === 1) {
    return { name: BENCH_EVENT, channels: [BENCH_CHANNEL], data: nextData() };
  }
  const batch = [];
  for (let event = 0; event < batchSize; event++) {
    batch.push({ channel: BENCH_CHANNEL, name: BENCH_EVENT, data: nextData() });
  }
  return { batch };
}

export default function () {
  const body = JSON.stringify(document());
  const timestamp = Math.floor(Date.now() / 1000);
  const query =
    `auth_key=${BENCH_KEY}&auth_timestamp=${timestamp}&auth_version=1.0&body_md5=${crypto.md5(body, 'hex')}`;
  const signature = crypto.hmac('sha256', BENCH_SECRET, `POST\n${path}\n${query}`, 'hex');
  http.post(`${BENCH_URL}${path}?${query}&auth_signature=${signature}`, body, params);
}
