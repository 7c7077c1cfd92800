// Runs deploy/node/pino-transport.js with pino, as its README has it.
//
//   pino_transport.cjs BLACKBAR
'use strict';

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { randomBytes } = require('node:crypto');

const TARGET = path.resolve(__dirname, '../../../deploy/node/pino-transport.js');
const LINES = 2000;

const [, , blackbar, part, file] = process.argv;

if (part) {
  write(blackbar, part, file);
} else {
  masks();
  losesNothingAtExit();
  failsClosedWithoutBlackbar();
  failsClosedWhenBlackbarEnds();
}

// What a program does; it runs in a process of its own, so that its exit is looked at too.
function write(program, how, destination) {
  const { pino } = require('pino');
  const args = how === 'ends' ? ['--no-such-option'] : [];
  const transport = pino.transport({ target: TARGET, options: { blackbar: program, args, destination } });
  transport.on('error', (error) => process.stderr.write(`error event: ${error.message}\n`));
  const logger = pino(transport);
  const secret = process.env.PLANTED;
  if (how === 'many') {
    for (let line = 0; line < LINES; line += 1) logger.info({ line, password: secret }, 'payment');
    return;
  }
  logger.info({ user: 'ann', password: secret, ratio: 1.5 }, `login with token=${secret}`);
  setTimeout(() => logger.info(`password=${secret}`), 500);
}

function run(program, how) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pino-'));
  const destination = path.join(folder, 'app.log');
  const secret = `x${randomBytes(9).toString('hex')}`;
  try {
    const env = { ...process.env, PLANTED: secret };
    const command = [__filename, program, how, destination];
    const done = spawnSync(process.execPath, command, { env, encoding: 'utf8', timeout: 30000 });
    const printed = done.stdout + done.stderr;
    assert.strictEqual(done.status, 0, printed);
    const written = fs.existsSync(destination) ? fs.readFileSync(destination, 'utf8') : '';
    assert(!written.includes(secret), 'a secret was written');
    assert(!printed.includes(secret), 'a secret was printed');
    return { printed, written };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function masks() {
  const { printed, written } = run(blackbar, 'few');
  const [first, second] = written.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.strictEqual(first.password, '[REDACTED]');
  assert.strictEqual(first.msg, 'login with token=[REDACTED]');
  assert.deepStrictEqual([first.user, first.ratio], ['ann', 1.5]);
  assert.strictEqual(second.msg, 'password=[REDACTED]');
  assert.strictEqual(printed, '');
}

function losesNothingAtExit() {
  const { written } = run(blackbar, 'many');
  const lines = written.trimEnd().split('\n').map((line) => JSON.parse(line).line);
  assert.deepStrictEqual(lines, [...Array(LINES).keys()]);
}

function failsClosedWithoutBlackbar() {
  const { printed, written } = run('/nowhere/blackbar', 'few');
  assert.strictEqual(written, '');
  assert.match(printed, /cannot start .*; log lines are lost, none passes unmasked/);
  assert.match(printed, /error event: /);
}

function failsClosedWhenBlackbarEnds() {
  const { printed, written } = run(blackbar, 'ends');
  assert.strictEqual(written, '');
  assert.match(printed, /blackbar ended with 2; log lines are lost, none passes unmasked/);
  assert.match(printed, /error event: blackbar ended with 2/);
}
