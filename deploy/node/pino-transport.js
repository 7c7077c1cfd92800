// A transport for pino: each line goes through `blackbar` before it goes anywhere.
//
//   const transport = pino.transport({
//     target: require.resolve('./pino-transport.js'),
//     options: { blackbar: '/usr/bin/blackbar', destination: '/var/log/app.log' },
//   });
//   transport.on('error', (error) => { ... });   // see below
//   const logger = pino(transport);
//
// It fails closed. blackbar writes to the destination itself, so that there is no way around
// it: where it cannot be started, or ends before its time, the lines are lost, standard
// error says so, and the transport emits an `error`. Without a listener that ends the
// program, as with any transport of pino.
'use strict';

const { spawn } = require('node:child_process');
const { closeSync, openSync } = require('node:fs');
const { Writable } = require('node:stream');

/**
 * Starts blackbar. Called by pino, in the transport's thread.
 *
 * @param {object} options
 * @param {string} [options.blackbar]  the program; by default `blackbar` from PATH
 * @param {string[]} [options.args]  its options, such as `['--label']`
 * @param {string|number} [options.destination]  a file to append to, or a descriptor; by
 *   default 1, standard output
 * @returns {Promise<Writable>} where pino writes
 */
async function transport({ blackbar = 'blackbar', args = [], destination = 1 } = {}) {
  const child = await start(blackbar, args, destination);
  const ended = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  const stream = new Writable({
    // The callback comes when blackbar has room again, which slows the writer down.
    write(line, _encoding, done) {
      child.stdin.write(line, (error) => (error ? ended.then((how) => done(loss(how))) : done()));
    },
    async final(done) {
      child.stdin.end();
      const how = await ended;
      done(how === 0 ? null : loss(how));
    },
  });
  // The write that fails hears of it by its callback; without a listener this would be thrown.
  child.stdin.on('error', () => {});
  ended.then((how) => {
    if (!stream.writableEnded) stream.destroy(loss(how));
  });
  return stream;
}

// Resolves once the program runs.
function start(blackbar, args, destination) {
  const output = typeof destination === 'string' ? openSync(destination, 'a') : destination;
  return new Promise((resolve, reject) => {
    // A process group of its own: Ctrl-C ends the program, whose last lines have to get
    // through. blackbar ends with its input.
    const child = spawn(blackbar, args, { stdio: ['pipe', output, 'inherit'], detached: true });
    child.once('spawn', () => resolve(child));
    child.once('error', (error) => {
      say(`${error.code}: cannot start ${blackbar}`);
      reject(new Error(`cannot start ${blackbar}: ${error.code}`));
    });
  }).finally(() => {
    if (output !== destination) closeSync(output);
  });
}

// blackbar ended before its time, or not well.
function loss(how) {
  say(`blackbar ended with ${how}`);
  return new Error(`blackbar ended with ${how}`);
}

let said = false;

// Once is enough: the stream is broken from then on.
function say(what) {
  if (said) return;
  said = true;
  process.stderr.write(`pino-transport: ${what}; log lines are lost, none passes unmasked\n`);
}

module.exports = transport;
