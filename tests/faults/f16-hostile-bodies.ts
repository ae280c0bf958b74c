import type { PersonEntry, World } from '@sumveil/constellation';
import { type Route, routes } from '@sumveil/wire';
import { expect, it } from 'vitest';
import { announce, connectorTls, managementTls, rawCaller, tokenFor } from '../stories/callers.ts';
import type { InputWorld } from './input-world.ts';

const table = Object.values(routes as Record<string, Route>).map((route) => [route.name, route] as const);
const withBody = table.filter(([, { body }]) => body !== undefined);
const withJson = withBody.filter(([, { body }]) => !('bytes' in body!));
const fillers: Record<string, string> = { planHash: 'A'.repeat(43), kind: 'm2', segment: '0', chunk: '0' };

/** A path of the route whose parameters have the right form and name nothing. */
const pathOf = ({ path }: Route) => path.replaceAll(/:([A-Za-z]+)/g, (_, name: string) => fillers[name] ?? 'absent');
const mediaOf = ({ body }: Route) => (body && 'bytes' in body ? body.media : 'application/json');
const limitOf = ({ body, listener }: Route) =>
  body && 'bytes' in body ? body.limit : listener === 'enrolment' ? 16_384 : 65_536;

export function f16(the: () => InputWorld): void {
  const personFor = (world: World, { roles }: Route): PersonEntry => {
    const { admin, steward, officer } = world.tenants[0]!;
    return [world.operator, world.auditor, admin, steward, officer].find(({ role }) => roles!.includes(role as never))!;
  };
  const asked = async (route: Route, headers: Record<string, string> = {}) => {
    const { world } = the();
    const base = world.urls[route.listener];
    const tls = route.listener === 'connector' ? connectorTls(world.tenants[1]!) : managementTls(world);
    const person = route.listener === 'management' ? personFor(world, route) : undefined;
    const token: Record<string, string> = person ? { authorization: `Bearer ${await tokenFor(world, person)}` } : {};
    return { base, tls, method: route.method, path: pathOf(route), headers: { ...token, ...headers } };
  };

  it.each(table)('F16 %s: any Content-Encoding is 415', async (_, route) => {
    const { base, tls, ...request } = await asked(route, { 'content-encoding': 'gzip' });
    const peer = rawCaller(base, tls);
    const body = route.method === 'GET' ? {} : { body: Buffer.from([0x1f, 0x8b]) };
    const { status, problem } = await peer.send({ ...request, ...body });
    await peer.close();
    expect([status, problem.code]).toEqual([415, 'UNSUPPORTED_MEDIA']);
  });

  it.each(table)('F16 %s: a body above the limit is 413 before it is read', async (_, route) => {
    const takes = route.body !== undefined;
    const { base, tls, ...request } = await asked(route, takes ? { 'content-type': mediaOf(route) } : {});
    const length = takes ? limitOf(route) + 1 : 100_000_000;
    const { status, problem } = await announce(base, tls, { ...request, length });
    // A route that takes none says so by the type, whatever the length.
    const expected = takes || route.method === 'GET' ? [413, 'TOO_LARGE'] : [415, 'UNSUPPORTED_MEDIA'];
    expect([status, problem.code]).toEqual(expected);
  });

  it.each(withJson)('F16 %s: JSON that only nests is 400', async (_, route) => {
    const { base, tls, ...request } = await asked(route, { 'content-type': 'application/json' });
    const peer = rawCaller(base, tls);
    for (const body of [
      '['.repeat(8_000),
      `{"a":${'['.repeat(7_000)}${']'.repeat(7_000)}}`,
      `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`,
    ]) {
      const { status, problem } = await peer.send({ ...request, body });
      expect([status, problem.code, problem.detail]).toEqual([400, 'BAD_REQUEST', 'The body is nested too deep.']);
    }
    await peer.close();
  });

  it('F16 the ops listener, too, takes no encoding and no body', async () => {
    const { world } = the();
    const encoded = await fetch(`${world.urls.ops}/healthz`, { headers: { 'content-encoding': 'br' } });
    expect(encoded.status).toBe(415);
    const peer = rawCaller(world.urls.ops, {});
    const { status } = await peer.send({ method: 'GET', path: '/metrics', headers: {}, body: 'x'.repeat(100) });
    await peer.close();
    expect(status).toBe(413);
  });

  it('F16 a plan that only nests is refused at once, and nothing was kept of all that', async () => {
    const { rows } = the();
    const submit = await asked(routes.submitPlan, { 'content-type': mediaOf(routes.submitPlan) });
    const peer = rawCaller(submit.base, submit.tls);
    const { status, problem } = await peer.send({ ...submit, body: `a: ${'['.repeat(200_000)}` });
    await peer.close();
    expect([status, problem.code]).toEqual([422, 'PLAN_INVALID']);
    expect(await rows.all('SELECT count(*)::int n FROM plan')).toEqual([{ n: 1 }]);
    await the().check();
  });
}
