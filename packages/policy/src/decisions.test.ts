import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { gateRequest } from './build.ts';
import { type DecisionTable, requestOf } from './decision-table.ts';
import type { GateFacts } from './facts.ts';
import { loadBundleFromFolder } from './folder.ts';
import { decisionInput, parseDecisionInput } from './input.ts';

const folder = fileURLToPath(new URL('../../../policies/', import.meta.url));
const bundle = loadBundleFromFolder(folder);
const tables = readdirSync(`${folder}tests`).map((name) => {
  return [name, JSON.parse(readFileSync(`${folder}tests/${name}`, 'utf8')) as DecisionTable] as const;
});

for (const [name, table] of tables) {
  describe(name, () => {
    test.each(table.cases)('$action: $name', (row) => {
      const request = requestOf(table, row);
      expect(bundle.decide(request)).toEqual(row.want);
      // The kept input decides the same again.
      expect(bundle.decide(parseDecisionInput(decisionInput(request).bytes))).toEqual(row.want);
    });
  });
}

test('the tables name every policy', () => {
  const named = new Set(tables.flatMap(([, { cases }]) => cases.flatMap(({ want }) => want.reasons)));
  const ids = Object.keys(bundle.files).flatMap((path) => /([^/]+)\.cedar$/.exec(path)?.[1] ?? []);
  expect([...named].toSorted()).toEqual(ids.toSorted());
});

test('equal facts in another order give equal input bytes', () => {
  const facts = tables.find(([name]) => name === 'gate.json')![1].facts as unknown as GateFacts;
  const turned = {
    ...facts,
    cohortRegions: facts.cohortRegions.toReversed(),
    approvedRoles: facts.approvedRoles.toReversed(),
    approvals: facts.approvals.toReversed(),
  };
  expect(decisionInput(gateRequest('startRun', turned))).toEqual(decisionInput(gateRequest('startRun', facts)));
  expect(() => gateRequest('startRun', { ...facts, epsNextMicro: 0.5 })).toThrow(/epsNextMicro is not a whole number/);
});

test.each(['[]', '{}', '{"b":1,"a":2}', '{"action":1,"context":1,"entities":1,"extra":1,"principal":1,"resource":1}'])(
  'kept input %s is refused',
  (text) => expect(() => parseDecisionInput(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'INPUT' })),
);
