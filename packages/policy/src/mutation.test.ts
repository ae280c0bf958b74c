import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { describe, expect, test } from 'vitest';
import { type Decision, decideWith } from './decide.ts';
import { type DecisionTable, requestOf } from './decision-table.ts';
import { readBundle } from './folder.ts';
import { policiesOf } from './layout.ts';
import { SCHEMA } from './lock.ts';
import type { PolicyRequest } from './request.ts';

// A forbid hides a hole in the permit, so the tables are judged in two passes (governance section 4): the permits alone
// with one condition less must change an effect; all policies with one forbid less must change a reason.

type Policies = Record<string, cedar.Policy>;

const folder = fileURLToPath(new URL('../../../policies/', import.meta.url));
const files = readBundle(folder);
const policies = policiesOf(files);
const permits = Object.fromEntries(Object.entries(policies).filter(([id]) => id.endsWith('.allow')));
const requests = readdirSync(`${folder}tests`).flatMap((name) => {
  const table = JSON.parse(readFileSync(`${folder}tests/${name}`, 'utf8')) as DecisionTable;
  return table.cases.map((row) => requestOf(table, row));
});

let loaded = 0;

/** Decisions of a set that no loader would take. */
function decisions(set: Policies): Decision[] {
  const name = `mutant-${loaded++}`;
  expect(cedar.preparseSchema(name, files[SCHEMA]!).type).toBe('success');
  expect(cedar.preparsePolicySet(name, { staticPolicies: set }).type).toBe('success');
  return requests.map((request: PolicyRequest) => decideWith(name, request));
}

const effects = (set: Policies) =>
  decisions(set)
    .map(({ effect }) => effect)
    .join();

function parsed(text: string): cedar.PolicyJson {
  const result = cedar.policyToJson(text);
  if (result.type !== 'success') throw new Error('policy does not parse');
  return result.json;
}

function conjuncts(body: cedar.Expr): cedar.Expr[] {
  if (!('&&' in body)) return [body];
  const { left, right } = (body as { '&&': { left: cedar.Expr; right: cedar.Expr } })['&&'];
  return [...conjuncts(left), ...conjuncts(right)];
}

function allOf(parts: readonly cedar.Expr[]): cedar.Expr {
  const always: cedar.Expr = { Value: true };
  return parts.reduce((left, right) => ({ '&&': { left, right } }), always);
}

/** Each permit with one condition left out, or open to every principal. */
function mutants(id: string, text: string): [string, cedar.PolicyJson][] {
  const policy = parsed(text);
  const parts = conjuncts(policy.conditions[0]!.body);
  const fewer = parts.map((part, dropped): [string, cedar.PolicyJson] => {
    const body = allOf(parts.filter((_, index) => index !== dropped));
    return [`${id} without ${JSON.stringify(part).slice(0, 90)}`, { ...policy, conditions: [{ kind: 'when', body }] }];
  });
  return [...fewer, [`${id} for every principal`, { ...policy, principal: { op: 'All' } }]];
}

describe('permits alone, one condition less', () => {
  const baseline = effects(permits);
  const all = Object.entries(permits).flatMap(([id, text]) =>
    mutants(id, text).map((mutant) => [id, ...mutant] as const),
  );

  test('there is a mutant for every condition', () => expect(all.length).toBeGreaterThanOrEqual(32));

  test.each(all)('%s: %s', (id, title, mutant) => {
    const changed = effects({ ...permits, [id]: mutant }) !== baseline;
    // The schema already says that only a connector joins.
    expect(changed).toBe(title !== 'join.allow for every principal');
  });
});

describe('all policies, one forbid less', () => {
  const baseline = JSON.stringify(decisions(policies));

  test.each(Object.keys(policies).filter((id) => !id.endsWith('.allow')))('%s', (id) => {
    const { [id]: _dropped, ...fewer } = policies;
    expect(JSON.stringify(decisions(fewer))).not.toBe(baseline);
  });

  test('the permits alone already decide every effect', () => expect(effects(permits)).toBe(effects(policies)));
});
