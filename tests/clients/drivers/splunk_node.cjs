// Sends events with splunk-logging, which calls its JSON a form.
'use strict';

const { Logger } = require('splunk-logging');
const { endpoint, key, planted, message, jsonInString } = require('./planted.cjs');

const logger = new Logger({ token: key, url: endpoint, batchInterval: 0, maxBatchCount: 3, maxRetries: 0 });
logger.error = (error) => {
  console.error('not sent:', error);
  process.exit(1);
};
logger.send({ message: message(), severity: 'error' });
logger.send({ message: { line: jsonInString(), tries: 3, ratio: 1.5 }, metadata: { source: 'shop' } });
logger.send(
  { message: { api_key: planted.attribute, request: { headers: { authorization: `Bearer ${planted.nested}` } } } },
  (error, response, body) => {
    if (error || body.text !== 'Success') throw new Error(`${error} ${JSON.stringify(body)}`);
  },
);
