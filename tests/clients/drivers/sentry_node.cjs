// Reports errors, transactions, sessions, logs, check-ins and feedback with @sentry/node.
//
//   sentry_node.cjs [tunnel]     by the DSN's own address, or by a tunnel as browsers do
'use strict';

const vm = require('node:vm');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const Sentry = require('@sentry/node');
const { endpoint, key, planted } = require('./planted.cjs');

const lost = [];

Sentry.init({
  dsn: `${endpoint.replace('://', `://${key}@`)}/42`,
  tunnel: process.argv[2] === 'tunnel' ? `${endpoint}/api/42/envelope/` : undefined,
  tracesSampleRate: 1,
  sendDefaultPii: true,
  includeLocalVariables: true,
  enableLogs: true,
});
Sentry.getClient().recordDroppedEvent = (...what) => lost.push(what);

main().then(
  () => process.exit(lost.length ? (console.error('lost', lost), 1) : 0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);

async function main() {
  Sentry.startSession({ release: '1.0' });
  Sentry.setTag('team', 'shop');
  Sentry.setExtra('dsn_of_db', `postgresql://app:${planted.extra}@db/shop`);
  Sentry.addBreadcrumb({ category: 'http', message: 'POST /login', data: { api_key: planted.breadcrumb, status: 401 } });
  Sentry.getCurrentScope().addAttachment({ filename: 'app.log', data: `password=${planted.attachment}\nok\n` });
  Sentry.getCurrentScope().addEventProcessor((event) => ({ ...event, request: request() }));
  Sentry.startSpan({ op: 'task', name: 'pay' }, () =>
    Sentry.startSpan({ op: 'db', name: 'select', attributes: { secret: planted.span } }, () => {}),
  );
  // Local variables are read by a debugger in a thread, which needs a moment.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await fail().catch((error) => Sentry.captureException(error));
  Sentry.captureMessage(`no payment: password=${planted.message} and ${planted.token_github}`);
  Sentry.logger.error('no payment', { password: planted.message });
  Sentry.captureCheckIn({ monitorSlug: 'nightly', status: 'ok' });
  Sentry.captureFeedback({ message: `it says password=${planted.feedback}`, email: 'ann@shop.example' });
  Sentry.endSession();
  if (!(await Sentry.close(20000))) throw new Error('close saw no end');
}

function request() {
  return {
    url: `https://shop.example/login?token=${planted.query}&page=2`,
    headers: { authorization: `Bearer ${planted.authorization}`, accept: '*/*' },
    cookies: { session: planted.cookie },
    data: `{"user":"ann","password":"${planted.body}"}`,
  };
}

// Throws in a file with a secret in a line, so that the report quotes it.
async function fail() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shop-'));
  const file = path.join(folder, 'shop.js');
  fs.writeFileSync(
    file,
    `function connect(url, options) {\n` +
      `  const more = 'password=${planted.context_line}';\n` +
      `  throw new Error('no connection, ' + more.length);\n}\nconnect;\n`,
  );
  const connect = vm.runInThisContext(fs.readFileSync(file, 'utf8'), { filename: file });
  try {
    // A name such as db_password would be filtered by the SDK itself.
    connect(`postgresql://app:${planted.local}@db/shop`, { host: 'db', secret_key: planted.nested_local, port: 5432 });
  } finally {
    // The SDK reads the lines of the file when it sends.
    process.on('exit', () => fs.rmSync(folder, { recursive: true }));
  }
}
