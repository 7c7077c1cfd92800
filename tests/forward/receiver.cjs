// A server of @fluent-org/logger. Writes its port, and then a line of JSON for each event.
//
//   node receiver.cjs '{"sharedKey": "…", "users": {"name": "password"}}'
'use strict';

const { FluentServer, EventTime } = require('@fluent-org/logger');

const { sharedKey, users } = JSON.parse(process.argv[2]);
const security = sharedKey && {
  serverHostname: 'receiver',
  sharedKey,
  authorize: Boolean(users),
  userDict: users ?? {},
};
const server = new FluentServer({ security, listenOptions: { host: '127.0.0.1', port: 0 } });
server.on('entry', (tag, time, record) => {
  const at = time instanceof EventTime ? `${time.epoch}.${time.nano}` : String(time);
  console.log(JSON.stringify({ tag, at, record }));
});
server.listen().then(() => console.log(`listening on 127.0.0.1:${server.port}`));
