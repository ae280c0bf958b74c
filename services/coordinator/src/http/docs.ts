import scalar from '@scalar/fastify-api-reference';
import { routes } from '@sumveil/wire';
import { openApiDocument } from './openapi.ts';
import type { App } from './server.ts';

/** The reader sends nothing but requests to this listener, whatever its script would like. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The API document and its reader at /docs; the reader's script comes from here, no page of ours loads a foreign one. What
 * the reader would hand to services of its maker (chat, MCP, sharing) is off.
 */
export async function addDocs(app: App, version: string): Promise<void> {
  const document = openApiDocument(Object.values(routes), version);
  await app.register(async (docs) => {
    docs.addHook('onSend', async (_, reply) => {
      reply.header('content-security-policy', POLICY);
    });
    await docs.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        content: document,
        withDefaultFonts: false,
        telemetry: false,
        hideClientButton: true,
        showDeveloperTools: 'never',
        showToolbar: 'never',
        agent: { disabled: true },
        mcp: { disabled: true },
      },
    } as never);
  });
}
