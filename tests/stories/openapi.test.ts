import type { PersonEntry } from '@sumveil/constellation';
import { type Role, type Route, routes } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { managementTls, rawCaller, tokenFor } from './callers.ts';
import { type StoryWorld, startStory } from './story-world.ts';
import { toyTenants } from './toy-table.ts';

type Json = Record<string, unknown>;
const management = Object.values<Route>(routes).filter(({ listener }) => listener === 'management');
const named = management.map((route): [string, Route] => [`${route.method} ${route.path}`, route]);
const openApiPath = (path: string) => path.replaceAll(/:(\w+)/g, '{$1}');

describe('the management API', () => {
  let world: StoryWorld;
  let caller: ReturnType<typeof rawCaller>;
  let document: { openapi: string; info: Json; paths: Record<string, Record<string, Json>>; components: Json };
  let people: Record<Role, PersonEntry>;

  beforeAll(async () => {
    world = await startStory({ tenants: (folder) => toyTenants(folder, 1), bare: true });
    caller = rawCaller(world.urls.management, managementTls(world));
    const { admin, steward, officer } = world.tenants[0]!;
    const { operator, auditor } = world;
    people = {
      'platform-operator': operator,
      auditor,
      'tenant-admin': admin,
      'data-steward': steward,
      'privacy-officer': officer,
    };
    const answer = await caller.send({ method: 'GET', path: '/docs/openapi.json' });
    document = JSON.parse(answer.bytes.toString());
  }, 120_000);

  afterAll(async () => {
    await caller?.close();
    await world?.stop();
  }, 60_000);

  it('describes itself as OpenAPI 3.1: every reference leads somewhere, every name is used once', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, methods] of Object.entries(document.paths)) {
      expect(path).toMatch(/^\//);
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted();
      for (const [method, operation] of Object.entries(methods)) {
        expect(['get', 'post', 'put']).toContain(method);
        const parameters = operation.parameters as { name: string; in: string; required: boolean; schema: Json }[];
        const inPath = parameters.filter((one) => one.in === 'path');
        expect(inPath.map(({ name }) => name).toSorted(), path).toEqual(wanted);
        for (const { required, schema } of inPath) expect([required, schema]).toEqual([true, expect.any(Object)]);
        for (const status of Object.keys(operation.responses as Json)) expect(status).toMatch(/^[1-5]\d\d$/);
        for (const response of Object.values(operation.responses as Json))
          expect(response).toHaveProperty('description', expect.any(String));
      }
    }
    for (const reference of referencesIn(document))
      expect(resolve(document, reference), reference).toBeTypeOf('object');
  });

  it('is made from the route table: every route with its roles and refusals, and nothing else', () => {
    const found = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const wanted = Object.values<Route>(routes).map(({ method, path }) => `${method} ${openApiPath(path)}`);
    expect(found.toSorted()).toEqual(wanted.toSorted());
    for (const route of Object.values<Route>(routes)) {
      const operation = document.paths[openApiPath(route.path)]![route.method.toLowerCase()]!;
      expect(operation.operationId).toBe(route.name);
      if (route.listener === 'management') expect(operation['x-roles']).toEqual(route.roles);
    }
  });

  it.each(named)('%s answers nobody without a token', async (_, route) => {
    const { status, problem } = await caller.send(requestFor(route));
    expect([status, problem.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(problem.next).not.toBe('');
  });

  it.each(named)('%s answers no role but those of the table', async (_, route) => {
    expect(route.roles?.length).toBeGreaterThan(0);
    for (const [role, person] of Object.entries(people) as [Role, PersonEntry][]) {
      const authorization = `Bearer ${await tokenFor(world, person)}`;
      const { status, problem } = await caller.send(requestFor(route, { authorization }));
      if (route.roles!.includes(role)) expect(status, role).not.toBeOneOf([401, 403]);
      else expect([status, problem.code], role).toEqual([403, 'FORBIDDEN']);
    }
  });
});

/** A request whose parameters have the form of nothing that exists, so that nothing happens when it is allowed. */
function requestFor({ method, path, body }: Route, headers: Record<string, string> = {}) {
  const filled = path.replaceAll(/:\w+/g, 'x');
  const request = { method, path: filled, headers };
  if (body === undefined) return request;
  const media = 'bytes' in body ? body.media : 'application/json';
  return { ...request, headers: { ...headers, 'content-type': media }, body: '{' };
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}

function resolve(document: object, reference: string): unknown {
  const steps = reference.replace(/^#\//, '').split('/');
  return steps.reduce<unknown>((at, step) => (at as Json | undefined)?.[step.replaceAll('~1', '/')], document);
}
