// Runs deploy/node/express-error-handler.js with Express and Sentry.
'use strict';

const assert = require('node:assert');
const path = require('node:path');
const express = require('express');
const Sentry = require('@sentry/node');
const { endpoint, key, planted, message } = require('./planted.cjs');

const { errorHandler, withoutSecrets } = require(
  path.resolve(__dirname, '../../../deploy/node/express-error-handler.js'),
);

// The handler leaves it out. The SDK itself reports headers and cookies; blackbar masks them.
const dropped = planted.credential;
const reports = [];

async function main() {
  copiesWithoutSecrets();
  Sentry.init({
    dsn: `${endpoint.replace('://', `://${key}@`)}/42`,
    integrations: (all) => all.filter(({ name }) => name !== 'ContextLines'),
    beforeSend(event) {
      reports.push(JSON.stringify(event.extra));
      return event;
    },
  });
  const server = app(Sentry).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  await answersWithoutDetails(`http://127.0.0.1:${server.address().port}`);
  assert.strictEqual(await Sentry.close(20000), true);
  reportsWithoutDroppedProperties();
  await answersWhenReportsFail();
  server.close();
}

function app(sentry) {
  return express()
    .use(express.json())
    .post('/pay', () => {
      const error = new Error(message());
      throw Object.assign(error, { url: `postgresql://app:${planted.extra}@db/shop`, apiKey: dropped, tries: 3 });
    })
    .get('/late', async (_request, response) => {
      await new Promise((written) => response.write('begun', written));
      throw new Error(message());
    })
    .use(errorHandler({ sentry }));
}

async function answersWithoutDetails(shop) {
  const headers = { authorization: `Bearer ${dropped}`, cookie: `a=${dropped}`, 'content-type': 'application/json' };
  const query = `token=${planted.query}&page=2`;
  const body = JSON.stringify({ user: 'ann', card: { Password: dropped } });
  const answer = await fetch(`${shop}/pay?${query}`, { method: 'POST', headers, body });
  assert.strictEqual(answer.status, 500);
  const { error, request_id: id, ...more } = await answer.json();
  assert.deepStrictEqual([error, more], ['Internal Server Error', {}]);
  assert.match(id, /^[0-9a-f-]{36}$/);

  const broken = await fetch(`${shop}/pay`, { method: 'POST', headers, body: '{"user":' });
  assert.strictEqual(broken.status, 400);
  assert.strictEqual((await broken.json()).error, 'Bad Request');

  const late = await fetch(`${shop}/late`);
  await assert.rejects(late.text());
}

function reportsWithoutDroppedProperties() {
  assert.strictEqual(reports.length, 3);
  const [first] = reports;
  assert(first.includes('"tries":3') && first.includes('"user":"ann"') && first.includes('/pay?'), first);
  for (const report of reports) assert(!report.includes(dropped), 'a property was not left out');
}

async function answersWhenReportsFail() {
  const sentry = {
    captureException() {
      throw new Error('no report');
    },
  };
  const server = app(sentry).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/pay`, { method: 'POST' });
  assert.strictEqual(answer.status, 500);
  server.close();
}

function copiesWithoutSecrets() {
  const circle = { name: 'a', when: new Date(0), bytes: Buffer.from(dropped), list: [{ Set_Cookie: dropped, n: 1 }] };
  circle.self = circle;
  Object.defineProperty(circle, 'bad', { enumerable: true, get: () => assert.fail(dropped) });
  assert.deepStrictEqual(withoutSecrets(circle), {
    name: 'a',
    when: '1970-01-01T00:00:00.000Z',
    bytes: '[20 bytes]',
    list: [{ n: 1 }],
    self: '[circular]',
    bad: '[unreadable]',
  });
  const error = Object.assign(new TypeError('no'), { code: 7, SECRET_ID: dropped, cause: new Error('why') });
  assert.deepStrictEqual(withoutSecrets(error), {
    name: 'TypeError',
    message: 'no',
    code: 7,
    cause: { name: 'Error', message: 'why' },
  });
  assert.deepStrictEqual([withoutSecrets(null), withoutSecrets(1n), withoutSecrets(dropped)], [null, '1', dropped]);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
