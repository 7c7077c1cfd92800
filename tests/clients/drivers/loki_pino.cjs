// Pushes log lines with pino and pino-loki, which puts JSON into strings.
'use strict';

const { pino } = require('pino');
const { pinoLoki } = require('pino-loki');
const { endpoint, key, planted, message, jsonInString } = require('./planted.cjs');

const [username, password] = Buffer.from(key, 'base64').toString().split(':');
const errors = [];
console.error = (...what) => errors.push(what);

const stream = pinoLoki({
  host: endpoint,
  basicAuth: { username, password },
  batching: { interval: 1 },
  labels: { app: 'shop' },
  silenceErrors: false,
});
const logger = pino(stream);
logger.error(message());
logger.error({ line: jsonInString(), tries: 3, ratio: 1.5 }, 'no payment');
logger.error({ api_key: planted.attribute, request: { headers: { authorization: `Bearer ${planted.nested}` } } });
stream.end();
stream.on('close', () => {
  if (errors.length) {
    console.log('not pushed:', ...errors);
    process.exit(1);
  }
});
