#!/usr/bin/env node
// The seven replacements of the article, as the article's language runs them:
// the yardstick for `--profile article`.
//
// Reads stdin to its end, applies the replacements in order to each line and
// writes the result. A line ends at a newline; the newline, and a carriage
// return directly before it, are kept and not looked at. What is not UTF-8 is
// refused, since JavaScript strings could not give its bytes back.
//
// On stderr it writes one line of JSON: how often each replacement struck, and
// on how many lines two or more of them did, so that the test can tell whether
// its lines were worth comparing.
'use strict';

const fs = require('node:fs');

const MASK = '[REDACTED]';

const REPLACEMENTS = [
  /password=['"][^'"]+['"]/gi,
  /secret=['"][^'"]+['"]/gi,
  /token=['"][^'"]+['"]/gi,
  /key=['"][^'"]+['"]/gi,
  /Bearer\s+[A-Za-z0-9\-._~+/]+=*/g,
  /sk_live_[A-Za-z0-9]+/g,
  /postgresql:\/\/[^@]+@/g,
];

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const struck = REPLACEMENTS.map(() => 0);
let linesWithSeveral = 0;

function redact(text) {
  let kinds = 0;
  REPLACEMENTS.forEach((pattern, index) => {
    const before = struck[index];
    text = text.replace(pattern, () => {
      struck[index] += 1;
      return MASK;
    });
    kinds += struck[index] > before ? 1 : 0;
  });
  linesWithSeveral += kinds > 1 ? 1 : 0;
  return text;
}

function main() {
  const input = fs.readFileSync(0);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const output = [];
  let start = 0;
  while (start < input.length) {
    const newline = input.indexOf(NEWLINE, start);
    const next = newline < 0 ? input.length : newline + 1;
    let end = newline < 0 ? input.length : newline;
    if (newline > start && input[newline - 1] === CARRIAGE_RETURN) {
      end -= 1;
    }
    output.push(Buffer.from(redact(decoder.decode(input.subarray(start, end)))));
    output.push(input.subarray(end, next));
    start = next;
  }
  process.stdout.write(Buffer.concat(output));
  process.stderr.write(`${JSON.stringify({ struck, linesWithSeveral })}\n`);
}

main();
