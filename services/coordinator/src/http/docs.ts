import scalar from '@scalar/fastify-api-reference';
import { routes } from '@sumveil/wire';
import { openApiDocument } from './openapi.ts';
import type { App } from './server.ts';

/** The API document and its reader at /docs; the reader's script comes from here, no page of ours loads a foreign one. */
export async function addDocs(app: App, version: string): Promise<void> {
  const document = openApiDocument(Object.values(routes), version);
  await app.register(scalar, {
    routePrefix: '/docs',
    configuration: { content: document, withDefaultFonts: false, telemetry: false, hideClientButton: true },
  } as never);
}
