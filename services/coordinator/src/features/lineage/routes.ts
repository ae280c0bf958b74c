import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding, reply } from '../../http/bind.ts';
import { exportBundle, readReport } from './service.ts';

export function lineageRoutes(deps: Deps): RouteBinding[] {
  return [
    bind(routes.exportBundle, ({ person, params, body, signal }) =>
      exportBundle(deps, person, params, body.reason, signal),
    ),
    bind(routes.lineageReport, async ({ person, params, query }) => {
      const bytes = await readReport(deps, person, params, query.reason);
      const media = params.format === 'html' ? 'text/html; charset=utf-8' : 'application/json';
      // A report is opened from a file or shown, never part of the console's own origin.
      return reply(bytes, {
        'content-type': media,
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      });
    }),
  ];
}
