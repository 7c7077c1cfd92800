// Sends events with one of Node's clients, and ends with 0 when the client says that all
// have been sent, or acknowledged where that is asked for.
//
//   node sender.cjs '{"client": "@fluent-org/logger", "mode": "Forward", "port": 24224,
//                     "records": […], "ack": true, "security": {…}}'
'use strict';

const options = JSON.parse(process.argv[2]);

function fail(error) {
  console.error(String(error));
  process.exit(1);
}

async function byFluentOrg() {
  const { FluentClient, EventTime } = require('@fluent-org/logger');
  const client = new FluentClient('app', {
    eventMode: options.mode,
    socket: { host: '127.0.0.1', port: options.port, reconnect: { delay: 50, minDelay: 50 } },
    security: options.security,
    ack: options.ack ? { ackTimeout: 2000 } : undefined,
    eventRetry: options.retry ? { attempts: 50, minDelay: 50, maxDelay: 200, backoff: 1 } : undefined,
    flushInterval: 20,
  });
  client.socketOn('error', (error) => {
    if (!options.retry) fail(error);
  });
  const sent = [];
  for (const [number, record] of options.records.entries()) {
    sent.push(client.emit('web', record, new EventTime(1_700_000_000 + number, 123_456_789)));
    if (options.pause) await new Promise((resolve) => setTimeout(resolve, options.pause));
  }
  await Promise.all(sent);
  await client.disconnect();
}

async function byFluentLogger() {
  const { createFluentSender, EventTime } = require('fluent-logger');
  const sender = createFluentSender('app', {
    eventMode: options.mode,
    host: '127.0.0.1',
    port: options.port,
    security: options.security,
    requireAckResponse: Boolean(options.ack),
    flushInterval: 20,
    internalLogger: { info() {}, error: fail },
  });
  sender.on('error', fail);
  const sent = options.records.map((record, number) => new Promise((resolve, reject) => {
    const time = new EventTime(1_700_000_000 + number, 123_456_789);
    sender.emit('web', record, time, (error) => (error ? reject(error) : resolve()));
  }));
  await Promise.all(sent);
  await new Promise((resolve) => sender.end(null, null, resolve));
}

const send = options.client === 'fluent-logger' ? byFluentLogger : byFluentOrg;
send().then(() => process.exit(0), fail);
