import { type Payload, problemDetails, problems, type Route } from '@sumveil/wire';
import { z } from 'zod';
import { isBytes } from './body.ts';

type Json = Record<string, unknown>;

/** OpenAPI 3.1 document of the routes of the table: written once there, nowhere else. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:([A-Za-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sumveil coordinator',
      version,
      description:
        'People call the management listener with a token of the OIDC issuer; connectors call theirs with a client certificate.',
    },
    paths,
    components: {
      schemas: { Problem: schema(problemDetails, 'output') },
      securitySchemes: {
        person: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        connector: { type: 'mutualTLS' },
      },
    },
  };
}

function operation(route: Route): Json {
  const security = { management: [{ person: [] }], connector: [{ connector: [] }], enrolment: [] }[route.listener];
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [route.listener],
    security,
    ...(route.roles === undefined ? {} : { 'x-roles': route.roles }),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: content(route.body, 'input') } }),
    responses: { [route.status]: answer(route), ...refusals(route) },
  };
}

function answer({ response, longPoll }: Route): Json {
  const description = longPoll === true ? 'Held open for up to 25 s' : 'Done';
  return response === null ? { description } : { description, content: content(response, 'output') };
}

function refusals(route: Route): Json {
  const byStatus = Map.groupBy(route.errors, (code) => problems[code][0]);
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      { description: codes.map((code) => `${code}: ${problems[code][1]}`).join('\n'), content: problem },
    ]),
  );
}

function content(payload: Payload, io: 'input' | 'output'): Json {
  if (isBytes(payload))
    return {
      [payload.media]: { schema: { type: 'string', contentMediaType: payload.media, maxLength: payload.limit } },
    };
  return { 'application/json': { schema: schema(payload, io) } };
}

function parameters(object: z.ZodObject | undefined, where: 'path' | 'query'): Json[] {
  if (object === undefined) return [];
  const { properties = {}, required = [] } = schema(object, 'input') as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: one,
  }));
}

function schema(type: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(type, { target: 'draft-2020-12', io, unrepresentable: 'any' }) as Json;
  return rest;
}
