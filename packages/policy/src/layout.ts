import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { PolicyError } from './error.ts';
import { type BundleFiles, lockedPaths, SCHEMA } from './lock.ts';

const PERMIT = /^permits\/([a-z][a-z0-9.-]*\.allow)\.cedar$/;
const FORBID = /^forbids\/([a-z][a-z0-9.-]*)\.cedar$/;

/**
 * Policies by id. One policy a file, the id is the file's name and its `@id`, and the folder is the effect: the check that
 * an allow rests on permits alone goes by the name's end, so a forbid may not carry it and a permit must.
 *
 * @throws PolicyError `LAYOUT`
 */
export function policiesOf(files: BundleFiles): Record<string, string> {
  if (files[SCHEMA] === undefined) throw new PolicyError('LAYOUT', `policy bundle has no ${SCHEMA}`);
  const policies: Record<string, string> = {};
  for (const path of lockedPaths(files)) {
    if (path === SCHEMA) continue;
    const permit = PERMIT.exec(path)?.[1];
    const forbid = FORBID.exec(path)?.[1];
    const id = permit ?? forbid;
    if (id === undefined || (forbid?.endsWith('.allow') ?? false)) {
      throw new PolicyError('LAYOUT', `${path} is neither permits/<name>.allow.cedar nor forbids/<name>.cedar`);
    }
    assertOne(path, files[path]!, { id, effect: permit === undefined ? 'forbid' : 'permit' });
    policies[id] = files[path]!;
  }
  return policies;
}

function assertOne(path: string, text: string, want: { id: string; effect: string }): void {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type !== 'success' || parts.policies.length !== 1 || parts.policy_templates.length !== 0) {
    throw new PolicyError('LAYOUT', `${path} does not hold exactly one policy`);
  }
  const parsed = cedar.policyToJson(text);
  if (parsed.type !== 'success') throw new PolicyError('LAYOUT', `${path} does not parse`);
  if (parsed.json.effect !== want.effect) throw new PolicyError('LAYOUT', `${path} is not a ${want.effect}`);
  if (parsed.json.annotations?.id !== want.id)
    throw new PolicyError('LAYOUT', `${path} is not annotated @id("${want.id}")`);
}
