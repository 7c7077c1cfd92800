#!/usr/bin/env node
// The article's error sanitiser, as the article's language runs it: the
// yardstick for `--profile article-errors`.
//
//     node sanitise.js COUNT SEED [odd]
//
// Makes COUNT errors as a web service would have them, the same for the same
// SEED, and passes each to an error handler in the manner of Express, which logs
// it without the properties whose names sound like secrets. A line of JSON each:
//
//     original  the line that the handler would have written without sanitising
//     dropped   the names of the properties that it left out
//     kept      what it wrote, parsed
//
// The sanitiser looks at the top level alone; secrets are planted below it too.
// Every planted secret holds one of the MARKS. With `odd`, names are such as no
// program chooses: they hold quotes, line ends and the like.
'use strict';

const WORDS = ['password', 'secret', 'token', 'key', 'authorization', 'cookie'];

/** What no other string, and what no other number, holds. */
const MARKS = { string: 'zQ9x', number: '0817263' };

// The handler.

function isSensitive(name) {
  return WORDS.some((word) => name.toLowerCase().includes(word));
}

function sanitise(entry) {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !isSensitive(name)));
}

/** An error as it is logged: of its own, an `Error` shows neither name nor message nor stack. */
function entryOf(error) {
  return { name: error.name, message: error.message, stack: error.stack, ...error };
}

function errorHandler(log) {
  return (error, request, response, next) => {
    log(JSON.stringify(sanitise(entryOf(error))));
    response.status(error.status ?? 500).json({ error: 'something went wrong' });
    next();
  };
}

// Chance, the same each time.

function randomOf(seed) {
  let state = (Math.imul(seed, 0x9e3779b1) + 0x7f4a7c15) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (bound) => next() % bound;
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick: (from) => from[below(from.length)],
  };
}

const ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

class Maker {
  constructor(seed, odd) {
    Object.assign(this, randomOf(seed));
    this.sensitiveNames = odd ? [...SENSITIVE_NAMES, ...ODD_SENSITIVE_NAMES] : SENSITIVE_NAMES;
    this.benignNames = odd ? [...BENIGN_NAMES, ...ODD_BENIGN_NAMES] : BENIGN_NAMES;
    this.affixes = odd ? [...AFFIXES, ...ODD_AFFIXES] : AFFIXES;
  }

  alphanumeric(length) {
    return Array.from({ length }, () => this.pick(ALPHANUMERIC)).join('');
  }

  /** A secret that may stand in any of the article's patterns. */
  secret() {
    return `${this.alphanumeric(4)}${MARKS.string}${this.alphanumeric(8 + this.below(24))}`;
  }

  // Names.

  sensitiveName() {
    if (this.oneIn(4)) {
      const word = [...this.pick(WORDS)].map((letter) => (this.oneIn(2) ? letter.toUpperCase() : letter));
      return `${this.pick(this.affixes)}${word.join('')}${this.pick(this.affixes)}`;
    }
    return this.pick(this.sensitiveNames);
  }

  benignName() {
    return this.pick(this.benignNames);
  }

  // Values.

  sensitiveValue(depth = 0) {
    switch (this.below(18)) {
      case 0: return null;
      case 1: return true;
      case 2: return false;
      case 3: return '';
      case 4: return this.sensitiveNumber();
      case 5: return -this.sensitiveNumber();
      case 6: return Array.from({ length: this.below(4) }, () => this.anySecret(depth));
      case 7: return depth < 3 ? { [this.benignName()]: this.anySecret(depth), [this.sensitiveName()]: this.sensitiveValue(depth + 1) } : {};
      case 8: return [{ id: this.below(100), value: this.secret() }, [[this.secret()], {}], '}]"', null];
      case 9: return `${this.pick(TRICKY)}${this.secret()}${this.pick(TRICKY)}`;
      case 10: return `${this.secret()}${this.pick(TRICKY)}`;
      case 11: return `Bearer ${this.secret()}`;
      case 12: return `sid=${this.secret()}; theme=${this.pick(['dark', 'light'])}; _ga=${this.secret()}`;
      case 13: return this.oneIn(20) ? this.secret().repeat(700) : this.secret();
      default: return this.secret();
    }
  }

  anySecret(depth) {
    return this.oneIn(3) ? this.sensitiveNumber() : this.oneIn(6) && depth < 3 ? [this.secret(), { to: this.secret() }] : this.secret();
  }

  sensitiveNumber() {
    const digits = `${1 + this.below(9)}${MARKS.number}${this.below(1000)}`;
    return this.pick([Number(digits), Number(`${digits}.5`), Number(`0.${digits}`), Number(`${digits}e25`), Number(`${digits}e-30`)]);
  }

  benignValue(depth = 0) {
    switch (this.below(12)) {
      case 0: return this.below(100_000) - 50_000;
      case 1: return this.pick([0, -0.5, 1e21, 1.5e-9, 3.25, 5e-324, 1.7976931348623157e308]);
      case 2: return this.pick([null, true, false, '', [], {}]);
      case 3: return this.text() + this.pick(TRICKY);
      case 4: return this.pick(TRICKY) + this.text();
      case 5: return depth < 3 ? Array.from({ length: this.below(4) }, () => this.benignValue(depth + 1)) : [];
      case 6: return depth < 3 ? this.object(depth + 1) : {};
      default: return this.text();
    }
  }

  /** An object whose names sound like anything. */
  object(depth) {
    const object = {};
    for (let count = this.below(5); count > 0; count -= 1) {
      if (this.oneIn(3)) {
        object[this.sensitiveName()] = this.sensitiveValue(depth);
      } else {
        object[this.benignName()] = this.benignValue(depth);
      }
    }
    return object;
  }

  // Texts.

  /** Half of them hold what the article's seven patterns replace. */
  text() {
    const free = this.pick(FREE_TEXTS).replace('%', this.alphanumeric(5));
    return this.oneIn(2) ? `${free} ${this.pattern()} ${this.pick(FREE_TEXTS)}` : free;
  }

  pattern() {
    const secret = this.secret();
    return this.pick([
      `password='${secret}'`,
      `client_secret='${secret}'`,
      `TOKEN='${secret}'`,
      `api_key='${secret}'`,
      `Bearer ${secret}.${this.alphanumeric(9)}==`,
      `${'sk_live_'}${secret}`,
      `postgresql://app:${secret}@db-${this.below(9)}:5432/shop`,
    ]);
  }

  // Errors.

  headers() {
    const headers = {
      host: `shop-${this.below(9)}.example`,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) "quoted" \\ agent',
      'content-type': 'application/json; charset=utf-8',
    };
    if (this.oneIn(2)) headers[this.pick(['authorization', 'Authorization', 'Proxy-Authorization'])] = `Bearer ${this.secret()}`;
    if (this.oneIn(2)) headers[this.pick(['cookie', 'Cookie', 'Set-Cookie'])] = [`sid=${this.secret()}; Path=/`];
    if (this.oneIn(3)) headers[this.pick(['x-api-key', 'X-CSRF-Token'])] = this.sensitiveValue();
    headers['x-request-id'] = this.alphanumeric(12);
    return headers;
  }

  request() {
    return {
      method: this.pick(['GET', 'POST', 'PUT']),
      url: `/api/v2/orders/${this.below(100_000)}?page=${this.below(9)}&sort=-created`,
      headers: this.headers(),
      body: this.oneIn(4) ? null : { user: 'ada', password: this.sensitiveValue(), ...this.object(1) },
      ip: `10.0.${this.below(256)}.${this.below(256)}`,
    };
  }

  config() {
    return {
      url: 'https://upstream.example/v1/charge',
      timeout: this.below(9000),
      headers: this.headers(),
      auth: { username: 'shop', password: this.secret() },
      retry: { count: this.below(4), on: [502, 503], [this.sensitiveName()]: this.sensitiveValue() },
    };
  }

  error(depth = 0) {
    const kind = this.pick([Error, TypeError, RangeError]);
    const error = new kind(this.text());
    error.stack = `${error.name}: ${error.message}\n    at handle (/srv/app/${this.alphanumeric(4)}.js:${this.below(900)}:7)\n    at next`;
    if (this.oneIn(2)) error.code = this.pick(['ECONNREFUSED', 'E11000', 'ERR_BAD_REQUEST', 42]);
    error.status = this.pick([400, 401, 404, 409, 500, 502]);
    for (let count = this.below(4); count > 0; count -= 1) {
      error[this.sensitiveName()] = this.sensitiveValue();
      if (this.oneIn(2)) error[this.benignName()] = this.benignValue();
    }
    if (this.oneIn(2)) error.request = this.request();
    if (this.oneIn(3)) error.config = this.config();
    if (depth < 3 && this.oneIn(3)) error.cause = entryOf(this.error(depth + 1));
    if (depth < 2 && this.oneIn(8)) error.errors = [entryOf(this.error(depth + 1)), this.object(1), this.text()];
    if (this.oneIn(3)) error[this.sensitiveName()] = this.sensitiveValue();
    return error;
  }
}

/** They hold a word, each after lower-casing, which is how the handler compares. */
const SENSITIVE_NAMES = [
  'password', 'userPassword', 'PASSWORD_HASH', 'db.password', 'current password', 'passwords',
  'secret', 'clientSecret', 'X-Secret', 'secretary', 'secrets[0]',
  'token', 'accessToken', 'refresh_token', 'csrf-token', 'tokenizer', 'TOKENS', 'id_token_hint',
  'key', 'apiKey', 'X-Api-Key', 'keyValue', 'keyPattern', 'keyboard', 'monkey', 'public_key', '2key',
  'authorization', 'Authorization', 'proxy-authorization', 'authorizations',
  'cookie', 'Cookie', 'set-cookie', 'cookies', 'sessionCookie', 'cookieconsent',
  'weiß_token', '密码password', '\u{1F600}key', 'kéy_key', 'a/secret/b', 'passwordsecrettokenkey',
];

const ODD_SENSITIVE_NAMES = [
  'pass"key"', '"token', 'token"', 'secret\n', '\tkey', 'back\\token', 'token\\', '\u0001cookie',
  'password:', '{"password":"', '{token}', 'a,token', 'a;token', 'the token that the user sent us',
  'x'.repeat(300) + 'token' + 'y'.repeat(300),
];

/** They do not. */
const BENIGN_NAMES = [
  'id', 'url', 'method', 'path', 'syscall', 'errno', 'address', 'port', 'details', 'meta', 'context', '',
  'passwd', 'passw0rd', 'pass word', 'to ken', 'tok\u00adен', 'ke-y', 'kéy', 'k\u0435y', 'sécret', '\u017Fecret',
  'autorization', 'authorisation', 'auth', 'cooky', 'cook\\ie', 'seccret', 'sec"ret', 'p\u0430ssword', '0', '17',
];

/** In JSON the tab of the first is \t, and oken stands behind it. */
const ODD_BENIGN_NAMES = ['x\token', '"', '\\', '":', '{"', '\n', 'a"b"c'];

const AFFIXES = ['', '', '', 'x', 'X-', '_', '-', '.', ' ', '9', 'é', '\u{1F511}', 'my', 'Of'];

const ODD_AFFIXES = ['"', '\\', '\n', '{', '['];

/** Strings that read like structure, or change length as they are escaped. */
const TRICKY = [
  '"', '\\', '\\"', '\\\\', '"}', '"]', '","', '":"', '{', '}', '[', ']', ',', ':', "'", "''", '`',
  '\n', '\r\n', '\t', '\b\f', '\0', '\u001b[31m', '\u007f', '\u2028', 'é', '密码', '\u{1F511}', '\ufeff', '\ufffd',
  '\\u0022', '%22', '&quot;', '/', '<b>', '  ',
];

/** Prose; % becomes something else each time. No quotes stand behind an equals sign. */
const FREE_TEXTS = [
  'cannot read properties of undefined (reading %)',
  'connect ECONNREFUSED 10.0.0.7:5432',
  'invalid token',
  'the secret of % is out',
  'no such key',
  'duplicate key value violates unique constraint users_email_%',
  'password too short, it needs 12 characters',
  'authorization of % failed',
  'Unexpected token < in JSON at position 0',
  'bearer of news from %',
  'cookies are disabled',
  'expected "{" but got "%"',
  'it\'s the user\'s turn',
  'größer als 密码 erlaubt \u{1F511}',
  'path C:\\temp\\% not found',
  'see https://shop.example/help?topic=%&page=2#top',
  'first line\nsecond line\twith tab',
  'x',
  '',
];

function main() {
  const [count, seed, odd] = process.argv.slice(2);
  const maker = new Maker(Number(seed), odd === 'odd');
  const lines = [];
  let logged;
  const handle = errorHandler((line) => { logged = line; });
  const response = { status() { return this; }, json() { return this; } };
  for (let index = 0; index < count; index += 1) {
    const error = maker.error();
    handle(error, {}, response, () => {});
    const entry = entryOf(error);
    const kept = JSON.parse(logged);
    const dropped = Object.keys(entry).filter((name) => !Object.hasOwn(kept, name));
    lines.push(JSON.stringify({ original: JSON.stringify(entry), dropped, kept }));
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

main();
