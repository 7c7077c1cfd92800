// An error handler for Express: it reports to Sentry through blackbar, and tells the client
// nothing but that something went wrong.
//
//   Sentry.init({ dsn: 'http://PUBLIC_KEY@127.0.0.1:9000/PROJECT' });   // blackbar's address
//   app.use(errorHandler({ sentry: Sentry }));                          // after all routes
//
// What the error and the request carry is reported without the properties whose names say
// that they are secret; blackbar masks what stands in the texts.
'use strict';

const { randomUUID } = require('node:crypto');
const { STATUS_CODES } = require('node:http');

// A property whose name contains one of these, in any case, is left out.
const SECRET_NAMES = /password|secret|token|key|authorization|cookie/i;

// Deeper objects and longer arrays than these are cut: a report has limits of its own.
const MAX_DEPTH = 8;
const MAX_ITEMS = 100;

/**
 * Makes the handler.
 *
 * @param {object} options
 * @param {{captureException: Function}} options.sentry  the SDK, whose DSN names blackbar
 * @returns {Function} (error, request, response, next), for `app.use`
 */
function errorHandler({ sentry }) {
  return function handleError(error, request, response, next) {
    const id = randomUUID();
    report(sentry, error, request, id);
    if (response.headersSent) {
      // It is too late for another status. `next(error)` would write the error to the
      // console; a connection that breaks off tells the client enough.
      response.destroy();
      return;
    }
    const status = statusOf(error);
    response.status(status).json({ error: STATUS_CODES[status], request_id: id });
  };
}

// A report that fails must not take the answer with it.
function report(sentry, error, request, id) {
  try {
    sentry.captureException(error, {
      tags: { request_id: id },
      extra: { error: withoutSecrets(error), request: contextOf(request) },
    });
  } catch {
    process.stderr.write(`error handler: request ${id} could not be reported\n`);
  }
}

function contextOf(request) {
  const { method, originalUrl, headers, body } = request;
  return withoutSecrets({ method, url: originalUrl, headers, body });
}

// Errors of the client's making carry a status, such as those of body parsers.
function statusOf(error) {
  const status = error?.status ?? error?.statusCode;
  return Number.isInteger(status) && status >= 400 && status < 600 && STATUS_CODES[status] ? status : 500;
}

/**
 * A copy without the properties that are named like secrets, at any depth.
 *
 * @param {unknown} value  anything, also with cycles, errors and getters that throw
 * @returns {unknown} plain objects, arrays and scalars
 */
function withoutSecrets(value) {
  return copy(value, 0, new Set());
}

function copy(value, depth, above) {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (above.has(value)) return '[circular]';
  if (depth === MAX_DEPTH) return '[deeper]';
  above.add(value);
  const copied = Array.isArray(value)
    ? value.slice(0, MAX_ITEMS).map((item) => copy(item, depth + 1, above))
    : copyProperties(value, depth, above);
  above.delete(value);
  return copied;
}

function copyProperties(value, depth, above) {
  const copied = {};
  for (const name of namesOf(value)) {
    if (SECRET_NAMES.test(name)) continue;
    try {
      copied[name] = copy(value[name], depth + 1, above);
    } catch {
      copied[name] = '[unreadable]';
    }
  }
  return copied;
}

// What an error says of itself is not enumerable. Its stack is reported as a stack.
function namesOf(value) {
  const own = value instanceof Error ? ['name', 'message', 'code', 'cause'] : [];
  return new Set([...own.filter((name) => name in value), ...Object.keys(value)]);
}

module.exports = { errorHandler, withoutSecrets };
