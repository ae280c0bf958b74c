import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { sha256 } from '@sumveil/wire';
import { afterEach, describe, expect, test } from 'vitest';
import { loadBundleFromFiles } from './bundle.ts';
import { loadBundleFromFolder, readBundle, writeLock } from './folder.ts';
import { bundleLock, LOCK, SCHEMA } from './lock.ts';
import type { PolicyRequest } from './request.ts';

const folder = fileURLToPath(new URL('../../../policies', import.meta.url));
const files = readBundle(folder);
const policies = Object.entries(files).filter(([path]) => path.endsWith('.cedar'));

/** The bundle with changes and a lock that fits them. */
function relocked(changes: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries({ ...files, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const changed = Object.fromEntries(entries);
  return { ...changed, [LOCK]: bundleLock(changed) };
}

describe('the bundle in this repository', () => {
  test('is the locked one, and its digest is the SHA-256 of the lock', () => {
    const bundle = loadBundleFromFolder(folder);
    expect(bundle.digest).toBe(`sha256:${sha256(Buffer.from(files[LOCK]!)).toString('hex')}`);
    expect(loadBundleFromFiles(bundle.files).digest).toBe(bundle.digest);
  });

  test.each(policies)('%s is written as the formatter writes it', (_, text) => {
    const formatted = cedar.formatPolicies({ policyText: text, lineWidth: 100, indentWidth: 2 });
    expect(formatted.type === 'success' && formatted.formatted_policy.trimEnd()).toBe(text.trimEnd());
    expect(text.endsWith(';\n')).toBe(true);
  });
});

describe('the lock', () => {
  test.each([
    [
      'a changed policy',
      { 'forbids/region.cedar': `${files['forbids/region.cedar']}\n` },
      /forbids\/region\.cedar is not/,
    ],
    [
      'a policy more',
      { 'permits/x.allow.cedar': 'permit (principal, action, resource);' },
      /permits\/x\.allow\.cedar is not/,
    ],
    ['a changed schema', { [SCHEMA]: `${files[SCHEMA]} ` }, /sumveil\.cedarschema is not/],
    ['another lock', { [LOCK]: files[LOCK]!.replace('6', '7') }, /is not the locked file/],
  ])('%s is refused', (_, change, why) => {
    expect(() => loadBundleFromFiles({ ...files, ...(change as Record<string, string>) })).toThrow(why);
  });

  test('a missing policy, or no lock, is refused', () => {
    const { 'forbids/region.cedar': _region, ...fewer } = files;
    expect(() => loadBundleFromFiles(fewer)).toThrow(/a locked file is missing/);
    const { [LOCK]: _lock, ...unlocked } = files;
    expect(() => loadBundleFromFiles(unlocked)).toThrow(/no bundle\.lock/);
  });
});

describe('layout and validation', () => {
  const refused: [string, Record<string, string>, RegExp][] = [
    [
      'a permit among the forbids',
      { 'forbids/open.cedar': '@id("open") permit (principal, action, resource);' },
      /not a forbid/,
    ],
    [
      'a forbid that ends like a permit',
      { 'forbids/x.allow.cedar': '@id("x.allow") forbid (principal, action, resource);' },
      /neither permits/,
    ],
    [
      'a permit without .allow',
      { 'permits/x.cedar': '@id("x") permit (principal, action, resource);' },
      /neither permits/,
    ],
    [
      'a policy elsewhere',
      { 'x.allow.cedar': '@id("x.allow") permit (principal, action, resource);' },
      /neither permits/,
    ],
    [
      'two policies in one file',
      { 'forbids/region.cedar': files['forbids/region.cedar']!.repeat(2) },
      /does not hold exactly one policy/,
    ],
    [
      'another id',
      { 'forbids/region.cedar': files['forbids/region.cedar']!.replace('"region"', '"regions"') },
      /not annotated/,
    ],
    ['text', { 'forbids/region.cedar': 'no policy' }, /does not hold exactly one policy/],
    [
      'a template',
      { 'forbids/t.cedar': '@id("t") forbid (principal == ?principal, action, resource);' },
      /exactly one policy/,
    ],
    [
      'a fact that the schema does not have',
      { 'forbids/region.cedar': '@id("region") forbid (principal, action, resource) when { context.mood == 1 };' },
      /does not validate/,
    ],
    [
      'a policy that can never apply (a warning)',
      { 'forbids/region.cedar': '@id("region") forbid (principal, action, resource) when { false };' },
      /does not validate/,
    ],
  ];
  test.each(refused)('%s is refused', (_, change, why) => {
    expect(() => loadBundleFromFiles(relocked(change))).toThrow(why);
  });

  test('a bundle without schema is refused', () => {
    expect(() => loadBundleFromFiles(relocked({ [SCHEMA]: undefined }))).toThrow(/has no sumveil\.cedarschema/);
  });
});

describe('fail closed', () => {
  const request: PolicyRequest = {
    principal: { type: 'Sumveil::Service', id: 'coordinator' },
    action: { type: 'Sumveil::Action', id: 'promoteVersion' },
    resource: { type: 'Sumveil::Model', id: 'm' },
    context: {
      now: 1,
      approvedRoles: ['data-steward', 'privacy-officer'],
      distinctApprovers: 2,
      requesterIsApprover: false,
      gatesPassed: true,
      wasPromoted: false,
    },
    entities: [
      { uid: { type: 'Sumveil::Model', id: 'm' }, attrs: { riskTier: 'low', allowedRegions: [] }, parents: [] },
    ],
  };

  test('a forbid that cannot be evaluated denies, although the engine itself says allow', () => {
    const overflow = `@id("overflow") forbid (principal, action == Sumveil::Action::"promoteVersion", resource)
      when { context.now + 9223372036854775807 > 0 };`;
    const bundle = loadBundleFromFiles(relocked({ 'forbids/overflow.cedar': overflow }));
    const raw = cedar.statefulIsAuthorized({
      ...(request as unknown as cedar.StatefulAuthorizationCall),
      preparsedSchemaName: bundle.digest,
      preparsedPolicySetId: bundle.digest,
      validateRequest: true,
    });
    expect(raw.type === 'success' && raw.response.decision).toBe('allow');
    expect(bundle.decide(request)).toEqual({ effect: 'deny', cause: 'policy-error', reasons: ['overflow'] });
  });

  test.each([undefined, null, {}, 'startRun', { ...request, entities: 7 }, { ...request, context: null }])(
    'request %j is denied and does not throw',
    (bad) => expect(loadBundleFromFolder(folder).decide(bad as never).effect).toBe('deny'),
  );

  test('two bundles loaded together keep apart', () => {
    const strict = loadBundleFromFiles(relocked({ 'permits/promote.allow.cedar': undefined }));
    expect(strict.decide(request).effect).toBe('deny');
    expect(loadBundleFromFolder(folder).decide(request).effect).toBe('allow');
  });
});

describe('writeLock', () => {
  const copy = mkdtempSync(join(tmpdir(), 'sumveil-policies-'));
  afterEach(() => rmSync(copy, { recursive: true, force: true }));

  test('makes a changed folder loadable under a new digest', () => {
    cpSync(folder, copy, { recursive: true });
    writeFileSync(join(copy, 'forbids/region.cedar'), `// stricter reading\n${files['forbids/region.cedar']}`);
    expect(() => loadBundleFromFolder(copy)).toThrow(/is not the locked file/);
    const digest = writeLock(copy);
    expect(loadBundleFromFolder(copy).digest).toBe(digest);
    expect(digest).not.toBe(loadBundleFromFolder(folder).digest);
  });
});
