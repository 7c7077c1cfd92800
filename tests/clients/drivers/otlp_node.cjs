// Exports logs with the OpenTelemetry SDK for JavaScript.
//
//   otlp_node.cjs http|proto     as JSON or as protobuf
'use strict';

const { resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs');
const { endpoint, key, planted, message, jsonInString } = require('./planted.cjs');

const { OTLPLogExporter } = require(`@opentelemetry/exporter-logs-otlp-${process.argv[2]}`);
const exporter = new OTLPLogExporter({
  url: `${endpoint}/v1/logs`,
  headers: { 'x-honeycomb-team': key },
});

// The SDK only logs what it could not export.
const failures = [];
const send = exporter.export.bind(exporter);
exporter.export = (records, done) =>
  send(records, (result) => {
    if (result.code !== 0) failures.push(result.error ?? result);
    done(result);
  });

async function main() {
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'deployment.secret': planted.nested }),
    processors: [new BatchLogRecordProcessor({ exporter })],
  });
  const logger = provider.getLogger('shop');
  logger.emit({ severityText: 'ERROR', body: message() });
  logger.emit({
    body: jsonInString(),
    attributes: { api_key: planted.attribute, attempt: 3, ratio: 1.5, hosts: ['a', 'b'] },
  });
  await provider.shutdown();
  if (failures.length) throw new Error(`not exported: ${failures.join()}`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
