// What a driver is told by its environment.
'use strict';

const planted = JSON.parse(process.env.BLACKBAR_PLANTED);

module.exports = {
  endpoint: process.env.BLACKBAR_ENDPOINT,
  key: process.env.BLACKBAR_KEY,
  planted,

  // A log line with secrets in its text.
  message: () =>
    `login failed: password=${planted.message} for ann with ${planted.token_github}, 3 tries`,

  // A log line that is JSON itself.
  jsonInString: () =>
    `{"level":50,"user":"ann","db":{"password":"${planted.json_in_string}","n":1.50}}`,
};
